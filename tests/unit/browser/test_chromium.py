"""Which Chromium is found."""

from pathlib import Path

import pytest

from rolldeck.browser import chromium
from rolldeck.browser.chromium import Chromium, find_chromium
from rolldeck.domain.errors import BrowserError


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but what a test puts into the returned directory of commands."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(chromium, "_MAC_APPLICATIONS", ())
    return tmp_path / "bin"


def test_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    named = executable(tmp_path / "my chromium", "echo 'Chromium 150.0.1.2 built on something'")
    assert find_chromium(named) == Chromium(named, "150.0.1.2")


@pytest.mark.parametrize("script", ["exit 1", "echo nothing", "echo 'Chromium 1.2.3.4'; exit 2"])
def test_a_named_one_that_does_not_run_is_an_error_that_names_it(tmp_path: Path, script: str) -> None:
    broken = executable(tmp_path / "broken", script)
    with pytest.raises(BrowserError, match="broken is not a Chromium that runs here"):
        find_chromium(broken)


def test_one_of_the_machine_is_found_by_its_command(machine: Path) -> None:
    executable(machine / "google-chrome", "echo 'Google Chrome 151.0.0.0'")
    assert find_chromium() == Chromium(machine / "google-chrome", "151.0.0.0")


def test_a_command_that_only_says_how_to_install_is_passed_over(machine: Path) -> None:
    executable(machine / "chromium", "echo 'requires the chromium snap to be installed'; exit 1")
    executable(machine / "google-chrome-stable", "echo 'Google Chrome 151.0.0.0'")
    assert find_chromium().path == machine / "google-chrome-stable"


def test_without_any_the_error_says_what_to_install(machine: Path) -> None:
    with pytest.raises(BrowserError, match="playwright install chromium"):
        find_chromium()


def test_the_command_says_what_it_found_or_exits_with_one(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ROLLDECK_CHROMIUM", raising=False)
    assert chromium.main(["--quiet"]) == 1
    named = executable(machine / "mine", "echo 'Chromium 150.0.1.2'")
    monkeypatch.setenv("ROLLDECK_CHROMIUM", str(named))
    assert chromium.main([]) == 0
    assert capsys.readouterr().out == f"{named} (150.0.1.2)\n"
