"""Whether there is room for another rollout, and for what must be written of those that run."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from rolldeck.machine import available_memory_bytes

_MB = 1_000_000


class Headroom:
    """Says why nothing should be claimed, in words; None where there is room enough.

    ``paths`` need not exist yet: what counts is the file system that they are, or would be, on.
    """

    def __init__(self, paths: Sequence[Path], *, min_free_disk_bytes: int, min_free_memory_bytes: int) -> None:
        self._paths = paths
        self._min_disk = min_free_disk_bytes
        self._min_memory = min_free_memory_bytes

    def __call__(self) -> str | None:
        """Look now. Fast, and raises nothing: a file system that cannot be asked is a reason too."""
        return self._lacking_memory() or next(filter(None, map(self._lacking_disk, self._paths)), None)

    def _lacking_memory(self) -> str | None:
        free = available_memory_bytes()
        if free >= self._min_memory:
            return None
        return f"memory is nearly out: {free // _MB} MB are free, {self._min_memory // _MB} MB must be"

    def _lacking_disk(self, path: Path) -> str | None:
        try:
            free = shutil.disk_usage(_nearest_existing(path)).free
        except OSError as error:
            return f"the free space of {path} cannot be told: {error.strerror}"
        if free >= self._min_disk:
            return None
        return f"the disk of {path} is nearly full: {free // _MB} MB are free, {self._min_disk // _MB} MB must be"


def _nearest_existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())
