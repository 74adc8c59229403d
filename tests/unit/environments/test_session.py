"""Names of sessions, and which of them are abandoned."""

import fcntl
import os
from pathlib import Path

import pytest

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.places import installation_tag
from rolldeck.environments.runtimes.process.services import resource_name
from rolldeck.environments.runtimes.process.session import Session, reap


@pytest.fixture
def everybody_enters(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Rolldeck ran as an ordinary user: pytest's directories are root's only."""
    monkeypatch.setattr("rolldeck.environments.runtimes.process.session.service_account", lambda: None)


def test_a_short_plain_installation_id_stands_in_names_as_it_is() -> None:
    assert installation_tag("k3f9a2") == "k3f9a2"


@pytest.mark.parametrize("installation_id", ["01JD8Z3N7Q4V5W6X7Y8Z9A0B1C", "Übung", "a/../b", ""])
def test_any_other_installation_id_becomes_a_short_plain_one(installation_id: str) -> None:
    tag = installation_tag(installation_id)
    assert len(tag) == 12
    assert tag.isalnum()


def test_names_fit_into_postgresql_and_are_new_each_time() -> None:
    names = {resource_name("a" * 12, "Rollout/.." * 20) for _ in range(3)}
    assert len(names) == 3
    assert all(len(name) <= 63 and "/" not in name and "." not in name for name in names)


@pytest.mark.usefixtures("everybody_enters")
def test_only_sessions_of_this_installation_whose_process_is_gone_are_removed(tmp_path: Path) -> None:
    alive = Session.create(tmp_path, "mine")
    dead = Session.create(tmp_path, "mine")
    os.close(dead._lock)
    (tmp_path / "rolldeck-other-1-abc").mkdir()
    (tmp_path / "rolldeck-mine").mkdir()
    assert reap(tmp_path, "mine") == 1
    assert sorted(tmp_path.iterdir()) == sorted(
        [alive.directory, tmp_path / "rolldeck-mine", tmp_path / "rolldeck-other-1-abc"]
    )


@pytest.mark.usefixtures("everybody_enters")
def test_a_session_that_is_just_being_made_is_not_taken_for_an_abandoned_one(tmp_path: Path) -> None:
    (tmp_path / "rolldeck-mine-1-abc.new").mkdir()
    assert reap(tmp_path, "mine") == 0
    os.utime(tmp_path / "rolldeck-mine-1-abc.new", (0, 0))
    assert reap(tmp_path, "mine") == 1


@pytest.mark.usefixtures("everybody_enters")
def test_a_sessions_lock_is_not_inherited_by_programs_that_are_started(tmp_path: Path) -> None:
    session = Session.create(tmp_path, "mine")
    assert not os.get_inheritable(session._lock)
    with (session.directory / "owner.lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.skipif(os.geteuid() != 0, reason="root's rights are given up by root only")
def test_a_place_that_environments_cannot_enter_is_refused_with_what_to_do(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EnvironmentFailure, match="ROLLDECK_RUN_DIR"):
        Session.create(closed, "mine")
