"""Artifacts in a local directory."""

import asyncio
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rolldeck.domain.errors import InvalidInput, NotFound, StorageError
from rolldeck.storage.port import StoredArtifact, Workspace

_PIECE = 256 * 1024  # bytes that are read at once
_AT_ONCE = 1000  # ids in a piece
_SEGMENT = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,128}")
# A key's segment cannot begin with a dot: no artifact is ever inside one of these.
_WORKSPACES = ".work"
_CONTENTS = ".contents"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV}  # file systems without hard links
_MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
}


class LocalArtifacts:
    """``storage.port.Artifacts`` in a directory: ``<root>/<rollout id>/…``. Only this user can read it.

    A file appears under its key whole or not at all. Each content is one file, with a name (a hard link) per key and one
    more by its hash: the file system counts who needs it. Workspaces are on the same file system, so that ``adopt``
    moves and never copies. Several processes, also of several machines, may use one directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, content: bytes) -> str:
        """Store bytes under a key, once: the same key again is the same content. Returns the key."""
        with _storage_errors(key):
            await asyncio.to_thread(self._put, self._path(key), content)
        return key

    def _put(self, path: Path, content: bytes) -> None:
        if path.exists():
            return
        _make_directory(path.parent)

        def write(unfinished: Path) -> None:
            unfinished.write_bytes(content)

        self._keep(path, hashlib.sha256(content).hexdigest(), write)

    async def adopt(self, key: str, path: Path) -> str:
        """Move a finished file in under a key. Returns the key."""
        with _storage_errors(key):
            await asyncio.to_thread(self._adopt, self._path(key), path)
        return key

    def _adopt(self, target: Path, source: Path) -> None:
        _make_directory(target.parent)
        source.chmod(0o600)

        def move(unfinished: Path) -> None:
            source.replace(unfinished)

        self._keep(target, _digest(source), move)
        source.unlink(missing_ok=True)

    def _keep(self, path: Path, digest: str, make: Callable[[Path], None]) -> None:
        """Give a content its name ``path``: of the file that has it already, or of a new one that ``make`` makes."""
        shared = self._shared(digest)
        if _link(shared, path):
            return
        descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)  # readable by its owner only
        os.close(descriptor)
        unfinished = Path(name)
        try:
            make(unfinished)
            unfinished.replace(path)
            _make_directory(shared.parent)
            _share(path, shared)
        finally:
            unfinished.unlink(missing_ok=True)

    def _shared(self, digest: str) -> Path:
        return self._root / _CONTENTS / digest[:2] / digest

    def workspace(self, rollout_id: str, attempt: int) -> Path:
        """Return a directory for an attempt's unfinished files; it exists; removed with the rollout."""
        directory = self._workspace(rollout_id, attempt)
        with _storage_errors(rollout_id):
            _make_directory(directory)
        return directory

    async def discard_workspace(self, rollout_id: str, attempt: int) -> None:
        """Remove an attempt's workspace with what was not adopted from it. Idempotent."""
        directory = self._workspace(rollout_id, attempt)
        with _storage_errors(rollout_id):
            await asyncio.to_thread(_remove_tree, directory)

    async def workspaces(self) -> Sequence[Workspace]:
        """Return the workspaces that there are; cheap, however many rollouts are stored."""
        with _storage_errors(_WORKSPACES):
            return await asyncio.to_thread(self._found_workspaces)

    def _found_workspaces(self) -> list[Workspace]:
        names = (path.name.rpartition(".") for path in (self._root / _WORKSPACES).glob("*.*"))
        return [Workspace(rollout_id, int(attempt)) for rollout_id, _, attempt in names if attempt.isdecimal()]

    def _workspace(self, rollout_id: str, attempt: int) -> Path:
        self._path(rollout_id)  # raises for what is no rollout's id
        return self._root / _WORKSPACES / f"{rollout_id}.{attempt}"

    async def rollouts(self) -> AsyncIterator[Sequence[str]]:
        """Yield the ids of all rollouts that have artifacts, in pieces and in no order."""
        with _storage_errors(str(self._root)):
            names = await asyncio.to_thread(self._rollout_directories)
        for start in range(0, len(names), _AT_ONCE):
            yield names[start : start + _AT_ONCE]

    def _rollout_directories(self) -> list[str]:
        if not self._root.exists():
            return []
        with os.scandir(self._root) as entries:
            return [entry.name for entry in entries if _SEGMENT.fullmatch(entry.name) and entry.is_dir()]

    async def discard_unneeded(self) -> int:
        """Remove contents that are under no key any more, where a deletion was interrupted; returns how many."""
        with _storage_errors(_CONTENTS):
            return await asyncio.to_thread(self._discard_unneeded)

    def _discard_unneeded(self) -> int:
        return sum(_remove_unneeded(shared) > 0 for shared in (self._root / _CONTENTS).glob("*/*"))

    async def stat(self, key: str) -> StoredArtifact:
        """Return size and media type. Raises ``NotFound``."""
        path = self._path(key)
        with _storage_errors(key):
            if not await asyncio.to_thread(path.is_file):
                raise FileNotFoundError
            size = (await asyncio.to_thread(path.stat)).st_size
        return StoredArtifact(key, size, _MEDIA_TYPES.get(path.suffix, "application/octet-stream"))

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to and excluding ``end``, in pieces. Raises ``NotFound``."""
        path = self._path(key)
        with _storage_errors(key):
            file = await asyncio.to_thread(path.open, "rb")
            with file:
                file.seek(start)
                left = None if end is None else max(0, end - start)
                while left is None or left > 0:
                    piece = await asyncio.to_thread(file.read, _PIECE if left is None else min(_PIECE, left))
                    if not piece:
                        break
                    left = None if left is None else left - len(piece)
                    yield piece

    async def delete_rollout(self, rollout_id: str) -> int:
        """Remove all that belongs to a rollout; returns the bytes freed, without those that others have too. Idempotent."""
        directory = self._path(rollout_id)
        own = [workspace for workspace in await self.workspaces() if workspace.rollout_id == rollout_id]
        with _storage_errors(rollout_id):
            freed = await asyncio.to_thread(self._delete_tree, directory)
            for workspace in own:
                freed += await asyncio.to_thread(_remove_tree, self._workspace(rollout_id, workspace.attempt))
            return freed

    def _delete_tree(self, directory: Path) -> int:
        files = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
        shared = {path for path in map(self._shared_by, files) if path is not None}
        # Its own names first: of several who delete the same content at once, the last one finds that nobody needs it.
        return _remove_tree(directory) + sum(map(_remove_unneeded, shared))

    def _shared_by(self, path: Path) -> Path | None:
        """Return the name by its hash that a file has, or None. A file named by its hash need not be read for it."""
        named = self._shared(path.stem)
        shared = named if named.exists() else self._shared(_digest(path))
        return shared if shared.exists() and shared.samefile(path) else None

    def _path(self, key: str) -> Path:
        """Return where a key's file is. Raises ``InvalidInput`` for a key that is not a plain relative path."""
        segments = key.split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            raise InvalidInput(f"{key!r} is not an artifact's key")
        return self._root.joinpath(*segments)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _link(shared: Path, path: Path) -> bool:
    """Give a shared file another name; False where it is not there, or can have no further name."""
    try:
        path.hardlink_to(shared)
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EMLINK} | _NO_LINKS:
            return False
        raise
    return True


def _remove_unneeded(shared: Path) -> int:
    """Remove a file that has no name left but the one by its hash; returns the bytes freed.

    Whoever takes it up in this very moment keeps it; the name is made again when the content is stored once more.
    """
    try:
        file = shared.stat()
        if file.st_nlink > 1:
            return 0
        shared.unlink()
    except FileNotFoundError:
        return 0
    return file.st_size


def _share(path: Path, shared: Path) -> None:
    """Offer a file to others by its hash, in place of one that can have no further name. Not where there are no links."""
    offered = path.with_name(f".{path.name}.shared")
    try:
        offered.hardlink_to(path)
        offered.replace(shared)
    except OSError as error:
        if error.errno not in _NO_LINKS | {errno.EEXIST}:
            raise
    finally:
        offered.unlink(missing_ok=True)


def _make_directory(directory: Path) -> None:
    # Path.mkdir gives its mode to the last directory only; the parents' follows the umask.
    missing = [parent for parent in (directory, *directory.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)


def _remove_tree(directory: Path) -> int:
    if not directory.exists():
        return 0
    files = [path.lstat() for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    names = Counter(file.st_ino for file in files)
    freed = {file.st_ino: file.st_size for file in files if file.st_nlink == names[file.st_ino]}
    shutil.rmtree(directory)
    return sum(freed.values())


@contextmanager
def _storage_errors(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {key}") from error
    except OSError as error:
        raise StorageError(f"The file {key} cannot be read or written: {error.strerror}") from error
