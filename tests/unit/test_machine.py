"""Processors and memory, also inside a container."""

import os
from pathlib import Path

import psutil
import pytest

from rolldeck.machine import available_memory_bytes, memory_bytes, processors


def test_without_a_container_it_is_what_the_machine_has(tmp_path: Path) -> None:
    assert processors(tmp_path) == len(os.sched_getaffinity(0))
    assert memory_bytes(tmp_path) == psutil.virtual_memory().total


def test_a_container_without_limits_has_what_the_machine_has(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert processors(tmp_path) == len(os.sched_getaffinity(0))
    assert memory_bytes(tmp_path) == psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("quota", "expected"), [("100000 100000", 1), ("20000 100000", 1), ("99999900000 100000", None)]
)
def test_a_containers_limits_count(tmp_path: Path, quota: str, expected: int | None) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    (tmp_path / "memory.max").write_text("512000000\n")
    assert processors(tmp_path) == (expected or len(os.sched_getaffinity(0)))
    assert memory_bytes(tmp_path) == 512_000_000


def test_a_container_has_left_what_it_is_allowed_less_what_it_cannot_give_up(tmp_path: Path) -> None:
    assert available_memory_bytes(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    (tmp_path / "memory.max").write_text("900000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 100000\n")
    assert available_memory_bytes(tmp_path) == 300_000
    (tmp_path / "memory.max").write_text("1000\n")
    assert available_memory_bytes(tmp_path) == 0
