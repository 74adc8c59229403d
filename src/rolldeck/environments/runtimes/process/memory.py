"""How much memory things take: processes, and files that lie in memory."""

import contextlib
import os
from pathlib import Path

import psutil


def own_memory_of(process: psutil.Process) -> int:
    """Return the bytes that would be free if the process were not there (USS). Raises ``psutil.NoSuchProcess``."""
    return int(process.memory_full_info().uss)


def memory_of(process: psutil.Process) -> int:
    """Return the process's part of all memory, what is shared divided by those that share it; 0 if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        info = process.memory_full_info()
        return int(getattr(info, "pss", info.uss))  # macOS does not tell the former
    return 0


def size_in_memory(directory: Path) -> int:
    """Return the bytes of all files in a directory if they lie in memory; 0 if on a disk."""
    mounts = {partition.mountpoint: partition.fstype for partition in psutil.disk_partitions(all=True)}
    around = next((mounts[str(parent)] for parent in directory.parents if str(parent) in mounts), "")
    if around not in {"tmpfs", "ramfs"}:
        return 0
    return sum(_allocated(Path(root, file)) for root, _, files in os.walk(directory) for file in files)


def _allocated(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):  # SQLite's logs come and go
        return file.lstat().st_blocks * 512
    return 0
