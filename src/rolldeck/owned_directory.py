"""Directories that say whether the process that made them lives.

A lock on a file in one tells: the system releases it however the process ends, and no process id has to be trusted.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

_LOCK = "owner.lock"
_UNFINISHED_SECONDS = 60


def make_owned(directory: Path, *, mode: int) -> int:
    """Make a directory, with exactly this mode, that is this process's until the returned descriptor is closed.

    It is locked before it gets its name, which is the one that ``is_abandoned`` is asked about. Raises ``OSError``.
    """
    unfinished = directory.with_name(f"{directory.name}.new")
    unfinished.mkdir(mode=mode)
    unfinished.chmod(mode)  # whatever our umask says
    lock = os.open(unfinished / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    unfinished.rename(directory)
    return lock


def is_abandoned(directory: Path) -> bool:
    """Return whether the process that made the directory is gone, or did not come to an end of making it in a minute."""
    with contextlib.suppress(FileNotFoundError):
        if directory.suffix == ".new":
            return time.time() - directory.stat().st_mtime > _UNFINISHED_SECONDS
        lock = os.open(directory / _LOCK, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
    return True
