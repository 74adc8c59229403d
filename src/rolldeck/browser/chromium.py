"""Finds the Chromium that rollouts use.

``python -m rolldeck.browser.chromium`` prints what it finds, and exits with 1 where there is none.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from rolldeck.domain.errors import BrowserError

_COMMANDS = ("chromium", "google-chrome-stable", "google-chrome", "chrome", "chromium-browser")
_MAC_APPLICATIONS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
_VERSION_SECONDS = 20  # a cold disk


@dataclass(frozen=True)
class Chromium:
    """An executable that answered ``--version``."""

    path: Path
    version: str


def find_chromium(executable: Path | None = None) -> Chromium:
    """Return the named Chromium, else one on this machine, else the one that Playwright installed.

    Blocks for up to some seconds; call it in a thread where an event loop runs. Raises ``BrowserError`` that says
    what to install.
    """
    if executable is not None:
        return _named(executable)
    for path in _candidates():
        version = _version(path)
        if version is not None:
            return Chromium(path, version)
    raise BrowserError(
        "no Chromium was found. Install one with `playwright install chromium`, with your system's package manager "
        "(Debian and Ubuntu: `apt-get install chromium`; macOS: `brew install --cask google-chrome`), "
        "or name one: ROLLDECK_CHROMIUM=/path/to/chromium"
    )


def _named(executable: Path) -> Chromium:
    version = _version(executable)
    if version is None:
        raise BrowserError(f"{executable} is not a Chromium that runs here: it does not answer `--version`")
    return Chromium(executable, version)


def _candidates() -> Iterator[Path]:
    for command in _COMMANDS:
        found = shutil.which(command)
        if found is not None:
            yield Path(found)
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from (folder / application for application in _MAC_APPLICATIONS)
    yield from _playwrights_own()


def _playwrights_own() -> Iterator[Path]:
    try:
        with sync_playwright() as playwright:
            yield Path(playwright.chromium.executable_path)
    except PlaywrightError as error:
        raise BrowserError(f"Playwright's driver does not start: {error.message}") from error


def _version(path: Path) -> str | None:
    """The version that the executable gives, or None where it is missing or does not run."""
    if not path.is_file():
        return None
    try:
        answer = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"\d+(\.\d+){2,}", answer.stdout)
    return number[0] if answer.returncode == 0 and number is not None else None


def main(arguments: list[str]) -> int:
    """Print the Chromium found (nothing with ``--quiet``); 1 where there is none."""
    named = os.environ.get("ROLLDECK_CHROMIUM")
    try:
        chromium = find_chromium(Path(named) if named else None)
    except BrowserError as error:
        if "--quiet" not in arguments:
            sys.stderr.write(f"{error}\n")
        return 1
    if "--quiet" not in arguments:
        sys.stdout.write(f"{chromium.path} ({chromium.version})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
