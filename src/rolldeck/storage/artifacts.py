"""Artifacts in a local directory."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from rolldeck.domain.errors import InvalidInput, NotFound, StorageError
from rolldeck.storage.port import StoredArtifact

_PIECE = 256 * 1024  # bytes that are read at once
_SEGMENT = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,128}")
_WORKSPACE = ".work"  # a key's segment cannot begin with a dot: no artifact is ever inside a workspace
_MEDIA_TYPES = {".mp4": "video/mp4", ".png": "image/png", ".jpg": "image/jpeg", ".json": "application/json"}


class LocalArtifacts:
    """``storage.port.Artifacts`` in a directory: ``<root>/<rollout id>/…``. Only this user can read it.

    A file appears under its key whole or not at all. Workspaces are on the same file system as the artifacts, so that
    ``adopt`` moves and never copies.
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
        descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)  # readable by its owner only
        unfinished = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    async def adopt(self, key: str, path: Path) -> str:
        """Move a finished file in under a key. Returns the key."""
        with _storage_errors(key):
            await asyncio.to_thread(_adopt, self._path(key), path)
        return key

    def workspace(self, rollout_id: str) -> Path:
        """Return a directory for files that are still being written; it exists; removed with the rollout."""
        directory = self._path(rollout_id) / _WORKSPACE
        with _storage_errors(rollout_id):
            _make_directory(directory)
        return directory

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
        """Remove all that belongs to a rollout; returns the bytes freed. Idempotent."""
        directory = self._path(rollout_id)
        with _storage_errors(rollout_id):
            return await asyncio.to_thread(_remove_tree, directory)

    def _path(self, key: str) -> Path:
        """Return where a key's file is. Raises ``InvalidInput`` for a key that is not a plain relative path."""
        segments = key.split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            raise InvalidInput(f"{key!r} is not an artifact's key")
        return self._root.joinpath(*segments)


def _adopt(target: Path, source: Path) -> None:
    _make_directory(target.parent)
    source.chmod(0o600)
    source.replace(target)


def _make_directory(directory: Path) -> None:
    # Path.mkdir gives its mode to the last directory only; the parents' follows the umask.
    missing = [parent for parent in (directory, *directory.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)


def _remove_tree(directory: Path) -> int:
    if not directory.exists():
        return 0
    freed = sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    shutil.rmtree(directory)
    return freed


@contextmanager
def _storage_errors(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {key}") from error
    except OSError as error:
        raise StorageError(f"The file {key} cannot be read or written: {error.strerror}") from error
