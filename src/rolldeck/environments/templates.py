"""The cache of templates: directories named by the hash of what they are made from, each complete or not there.

A template is built in stages. Each stage is made in a directory of its own beside its place and renamed into it at
the end, so that an interrupted build goes on with the first stage that is missing, and nobody sees half a stage.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LOCK_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Stage:
    """One part of a template: ``key`` is the hash of everything that its content follows from."""

    kind: str
    key: str

    @property
    def directory_name(self) -> str:
        """Name of its directory in the cache."""
        return f"{self.kind}-{self.key}"


class TemplateCache:
    """Stages under one directory, which several processes and installations may share."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def directory(self) -> Path:
        """Where the stages are."""
        return self._directory

    def path(self, stage: Stage) -> Path:
        """Return where the stage is, or will be."""
        return self._directory / stage.directory_name

    def has(self, stage: Stage) -> bool:
        """Return whether the stage is there, which means complete."""
        return self.path(stage).is_dir()

    def stages(self) -> list[Stage]:
        """Return all stages that are there."""
        if not self._directory.is_dir():
            return []
        parts = (path.name.rpartition("-") for path in self._directory.iterdir() if path.is_dir())
        return [Stage(kind, key) for kind, _, key in parts if kind and "." not in key]

    def remove(self, stage: Stage) -> None:
        """Remove a stage. Idempotent. Nothing may be running from it."""
        unwanted = self.path(stage).with_suffix(".unwanted")  # gone for others at once, not file by file
        with contextlib.suppress(FileNotFoundError):
            self.path(stage).rename(unwanted)
        shutil.rmtree(unwanted, ignore_errors=True)
        self._size_file(stage).unlink(missing_ok=True)

    def size_bytes(self, stage: Stage) -> int:
        """Return the size that was measured when the stage was made; 0 if it is not there."""
        try:
            return int(json.loads(self._size_file(stage).read_text()))
        except FileNotFoundError:
            return 0

    def made_at(self, stage: Stage) -> datetime | None:
        """Return when the stage was made; None if it is not there."""
        try:
            return datetime.fromtimestamp(self._size_file(stage).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    @asynccontextmanager
    async def building(self, name: str) -> AsyncIterator[None]:
        """Let one process at a time build ``name``; the others wait, and may then find it built."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / f"{name}.lock").open("w") as lock:
            # A lock held by another process tells nobody when it is free, and waiting for it blocks a thread.
            while not _try_lock(lock.fileno()):  # noqa: ASYNC110
                await asyncio.sleep(_LOCK_POLL_SECONDS)
            yield

    @contextmanager
    def making(self, stage: Stage) -> Iterator[Path]:
        """Give an empty directory to make the stage in; keep it as the stage if nothing is raised, else remove it.

        Only to be called while ``building``.
        """
        partial = self._directory / f"{stage.directory_name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            self._size_file(stage).write_text(json.dumps(_size_of(partial)))
            partial.rename(self.path(stage))
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _size_file(self, stage: Stage) -> Path:
        return self._directory / f"{stage.directory_name}.size"


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size_of(directory: Path) -> int:
    return sum(
        entry.lstat().st_size for root, _, files in os.walk(directory) for entry in (Path(root, file) for file in files)
    )
