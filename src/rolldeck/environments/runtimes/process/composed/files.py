"""Reading files that a hostile application has written: no link is followed, and no more is read than can be held."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure, VerificationError

_MOST_FILES = 10_000
_MOST_BYTES = 64_000_000


def plain_files(directory: Path, owner: int | None) -> Iterator[tuple[str, bytes]]:
    """Give the path in the directory and the content of every plain file below it that belongs to ``owner`` (None: anybody).

    Raises ``VerificationError`` for more than 10,000 files or 64 MB, ``EnvironmentFailure`` where the directory is gone.
    """
    if directory.is_symlink() or not directory.is_dir():
        raise EnvironmentFailure(f"the environment's directory {directory.name} is gone")
    files = total = 0
    for root, _, names, descriptor in os.fwalk(directory):  # by descriptors: nothing can be swapped on the way
        for name in names:
            content = _read(name, descriptor, owner)
            if content is None:
                continue
            files += 1
            total += len(content)
            if files > _MOST_FILES or total > _MOST_BYTES:
                raise VerificationError(f"{directory.name} has too many files to look at, or too large ones")
            path = str(Path(root, name).relative_to(directory))
            yield os.fsencode(path).decode(errors="replace"), content


def _read(name: str, directory: int, owner: int | None) -> bytes | None:
    """Return the content of a plain file of the owner's, None of anything else; cut off beyond all that may be held."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    except OSError:  # a link, or gone meanwhile
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or (owner is not None and found.st_uid != owner):
            return None
        return file.read(_MOST_BYTES + 1)
