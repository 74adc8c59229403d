"""The cache of templates: a stage is complete or not there."""

import asyncio
from pathlib import Path

import pytest

from rolldeck.environments.templates import Stage, TemplateCache

STAGE = Stage("data", "abc")


def test_a_stage_that_was_made_is_there_with_its_size(tmp_path: Path) -> None:
    cache = TemplateCache(tmp_path)
    assert not cache.has(STAGE)
    assert cache.size_bytes(STAGE) == 0
    with cache.making(STAGE) as directory:
        (directory / "file").write_bytes(b"12345")
        assert not cache.has(STAGE)
    assert cache.has(STAGE)
    assert cache.size_bytes(STAGE) == 5
    assert (cache.path(STAGE) / "file").read_bytes() == b"12345"


def test_a_stage_whose_making_failed_is_not_there_and_leaves_nothing(tmp_path: Path) -> None:
    cache = TemplateCache(tmp_path)

    def fail() -> None:
        with cache.making(STAGE) as directory:
            (directory / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not cache.has(STAGE)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_builder_left_of_a_stage_is_not_built_upon(tmp_path: Path) -> None:
    (tmp_path / "data-abc.partial").mkdir()
    (tmp_path / "data-abc.partial" / "half").touch()
    cache = TemplateCache(tmp_path)
    with cache.making(STAGE) as directory:
        assert list(directory.iterdir()) == []


async def test_while_one_builds_another_waits_for_the_same_name_only(tmp_path: Path) -> None:
    one, other = TemplateCache(tmp_path), TemplateCache(tmp_path)
    happened = []

    async def build_later() -> None:
        async with other.building("superset"):
            happened.append("second")

    async with one.building("superset"):
        waiting = asyncio.create_task(build_later())
        async with other.building("metabase"):
            happened.append("elsewhere")
        happened.append("first")
    await waiting
    assert happened == ["elsewhere", "first", "second"]
