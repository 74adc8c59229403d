"""Whose temporary directories are removed, and what programs are told of them."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolldeck.browser.scratch import Scratch, inherited_as_temporary
from rolldeck.domain.errors import BrowserError


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short name: the path of a socket in it may not be long."""
    with tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp") as directory:
        yield Path(directory)


def die(scratch: Scratch) -> None:
    """Let go of the lock as the end of a process does."""
    os.close(scratch._lock)
    scratch._directory = None


def test_each_process_has_a_directory_of_its_own_that_goes_when_it_is_closed(place: Path) -> None:
    one, other = Scratch(place, "mine"), Scratch(place, "mine")
    assert one.open() == one.open() != other.open()
    one.close()
    one.close()
    assert list(place.iterdir()) == [other.open()]
    other.close()


def test_only_what_a_dead_process_of_the_same_installation_left_is_removed(place: Path) -> None:
    alive, dead, stranger = Scratch(place, "mine"), Scratch(place, "mine"), Scratch(place, "min")
    kept = {alive.open(), stranger.open()}
    (dead.open() / "profile").mkdir()
    die(dead)
    die(stranger)
    assert Scratch(place, "mine").reap() == 1
    assert set(place.iterdir()) == kept
    assert Scratch(place, "mine").reap() == 0
    alive.close()


def test_a_directory_that_is_just_being_made_is_not_taken_for_an_abandoned_one(place: Path) -> None:
    made = Scratch(place, "mine")
    unfinished = place / f"{made.open().name}.new"
    made.close()
    unfinished.mkdir()
    assert Scratch(place, "mine").reap() == 0
    os.utime(unfinished, (0, 0))
    assert Scratch(place, "mine").reap() == 1


def test_any_installation_id_gives_a_name_that_a_path_can_hold(place: Path) -> None:
    scratch = Scratch(place, "01JD8Z3N7Q4V5W6X7Y8Z9A0B1C/../x")
    assert scratch.open().parent == place
    scratch.close()


def test_a_place_with_too_long_a_path_is_refused_with_what_to_do(place: Path) -> None:
    with pytest.raises(BrowserError, match="ROLLDECK_RUN_DIR"):
        Scratch(place / ("long" * 20), "mine").open()


def test_a_place_that_cannot_be_written_is_a_browser_error(place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(BrowserError, match="cannot be made"):
        Scratch(place / "file", "mine").open()


def test_programs_started_meanwhile_take_the_directory_and_this_process_does_not(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    usual = tempfile.gettempdir()
    with inherited_as_temporary(place):
        assert os.environ["TMPDIR"] == str(place)
        assert tempfile.gettempdir() == usual
    assert "TMPDIR" not in os.environ
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    with inherited_as_temporary(place):
        assert os.environ["TMPDIR"] == str(place)
    assert os.environ["TMPDIR"] == "/var/tmp"
    with inherited_as_temporary(None):
        assert os.environ["TMPDIR"] == "/var/tmp"
