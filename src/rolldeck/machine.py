"""What this machine, or the container that this process is confined to, has."""

import os
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


def processors(cgroup: Path = _CGROUP) -> int:
    """Return how many processors this process may use, at least 1: also where a container is allowed less than all."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _said_by(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        ours = min(ours, round(int(quota) / int(period)))
    return max(1, ours)


def memory_bytes(cgroup: Path = _CGROUP) -> int:
    """Return how much memory there is: also where a container is allowed less than all."""
    total = psutil.virtual_memory().total
    allowed = _said_by(cgroup / "memory.max")
    return min(total, int(allowed)) if allowed.isdigit() else total


def available_memory_bytes(cgroup: Path = _CGROUP) -> int:
    """Return how much memory can still be had: also where a container is allowed less than all."""
    available = psutil.virtual_memory().available
    allowed, used = _said_by(cgroup / "memory.max"), _said_by(cgroup / "memory.current")
    if not (allowed.isdigit() and used.isdigit()):
        return available
    # Files that were read lately count as used, and are given up when memory is wanted.
    return max(0, min(available, int(allowed) - int(used) + _inactive_file_bytes(cgroup)))


def _inactive_file_bytes(cgroup: Path) -> int:
    figures = dict(line.split(" ", 1) for line in _said_by(cgroup / "memory.stat").splitlines())
    return int(figures.get("inactive_file", 0))


def _said_by(file: Path) -> str:
    """Return what a file of a control group (version 2) says; empty where there is none."""
    try:
        return file.read_text().strip()
    except OSError:
        return ""
