"""Where browsers keep their temporary files: a directory that says whose it is, so that nothing of a killed one remains.

Its name carries a hash of the installation's id, and a lock in it says that its process lives.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from rolldeck.domain.errors import BrowserError
from rolldeck.owned_directory import is_abandoned, make_owned

_END_SECONDS = 3
# Chromium makes a Unix socket below its temporary directory, and does not start where the path of that is too long.
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
_LONGEST_PATH = _LONGEST_SOCKET_PATH - len("/org.chromium.Chromium.XXXXXX/SingletonSocket")


class Scratch:
    """Temporary directories of one installation's browsers below ``place``, one for each process that has some."""

    def __init__(self, place: Path, installation_id: str) -> None:
        tag = hashlib.sha256(installation_id.encode()).hexdigest()[:8]
        self._place = place
        self._prefix = f"rolldeck.{tag}."  # short, and with a dot: no session of an environment is called so
        self._directory: Path | None = None
        self._lock = -1

    def open(self) -> Path:
        """Make this process's own directory, and return it. Raises ``BrowserError`` where that cannot be."""
        if self._directory is not None:
            return self._directory
        name = f"{self._prefix}{secrets.token_hex(3)}"
        if len(os.fsencode(self._place / name)) > _LONGEST_PATH:
            raise BrowserError(f"{self._place} is too long a path for Chromium: set ROLLDECK_RUN_DIR to a shorter one")
        try:
            self._place.mkdir(parents=True, exist_ok=True)
            self._lock = make_owned(self._place / name, mode=0o700)
            self._directory = self._place / name
        except OSError as error:
            raise BrowserError(f"the browsers' temporary directory in {self._place} cannot be made: {error}") from error
        return self._directory

    def close(self) -> None:
        """Remove this process's directory, with browsers that still use it. Idempotent; blocks for some seconds at most."""
        directory, self._directory = self._directory, None
        if directory is not None:
            _remove(directory)
            os.close(self._lock)

    def reap(self) -> int:
        """Remove what dead processes of this installation left; return of how many. Blocks, briefly where there is none."""
        abandoned = [directory for directory in self._place.glob(f"{self._prefix}*") if is_abandoned(directory)]
        for directory in abandoned:
            _remove(directory)
        return len(abandoned)


@contextlib.contextmanager
def inherited_as_temporary(directory: Path | None) -> Iterator[None]:
    """Let programs that are started meanwhile take ``directory`` for their temporary files (None: the usual one).

    Playwright's driver, which makes the browsers' profiles, inherits our environment and can be told in no other way.
    """
    if directory is None:
        yield
        return
    tempfile.gettempdir()  # decided now, lest this process takes to that directory too
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(directory)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def _remove(directory: Path) -> None:
    """End the browsers whose profile is in the directory, then remove it."""
    browsers = [process for process in psutil.process_iter() if _uses(process, f"{directory}/")]
    for browser in browsers:
        with contextlib.suppress(psutil.NoSuchProcess):
            browser.kill()
    psutil.wait_procs(browsers, timeout=_END_SECONDS)
    shutil.rmtree(directory, ignore_errors=True)


def _uses(process: psutil.Process, prefix: str) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return any(f"={prefix}" in argument for argument in process.cmdline())
    return False
