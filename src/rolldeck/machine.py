"""What this machine, or the container that this process is confined to, has."""

import os
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


def processors(cgroup: Path = _CGROUP) -> int:
    """Return how many processors this process may use, at least 1: also where a container is allowed less than all."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _limit(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        ours = min(ours, round(int(quota) / int(period)))
    return max(1, ours)


def memory_bytes(cgroup: Path = _CGROUP) -> int:
    """Return how much memory there is: also where a container is allowed less than all."""
    total = psutil.virtual_memory().total
    allowed = _limit(cgroup / "memory.max")
    return min(total, int(allowed)) if allowed.isdigit() else total


def _limit(file: Path) -> str:
    """Return the limit that a control group (version 2) sets; empty where there is none."""
    try:
        return file.read_text().strip()
    except OSError:
        return ""
