"""Environments, their builds and what is left of old ones, over HTTP; the builders are real processes."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from rolldeck.domain.event import EventKind
from rolldeck.environments.port import StageInfo, TemplateInfo
from rolldeck.environments.pruning import Superfluous
from rolldeck.settings import Settings
from rolldeck.wiring import environments_of, nobody_is_told, operations_of

from .conftest import Connect, Deck

RECIPE = """\
name: notice-board
title: A notice board
services:
  board:
    install:
      - sh -c "echo hammering; test -f {nails}"
    command: python3 -m http.server ${{port}} --bind ${{host}} --directory ${{directory}}
    port: 8080
"""
BROKEN = "name: [never closed\n"
MOMENT = datetime(2026, 11, 30, tzinfo=UTC)


class Kept:
    """Stands for the environments: a template in two stages, and what is left of others."""

    def __init__(self) -> None:
        self.left = [Superfluous("process", "old-1", 70, in_use=False), Superfluous("process", "old-2", 5, in_use=True)]

    async def templates(self) -> Sequence[TemplateInfo]:
        stages = (StageInfo("python", MOMENT, 100), StageInfo("application"))
        return [TemplateInfo("superset", "Superset", "process", "0" * 16, built=False, size_bytes=None, stages=stages)]

    async def superfluous(self) -> Sequence[Superfluous]:
        return list(self.left)

    async def prune(self, what: Sequence[Superfluous]) -> Sequence[Superfluous]:
        removed = [each for each in what if not each.in_use]
        self.left = [each for each in self.left if each not in removed]
        return removed


@pytest.fixture
async def kept(deck: Deck, connect: Connect) -> AsyncIterator[httpx2.AsyncClient]:
    async with connect(replace(deck.services, environments=Kept())) as connected:
        yield connected


async def test_a_template_is_listed_with_the_stages_that_are_made(kept: httpx2.AsyncClient) -> None:
    [environment] = (await kept.get("/api/environments")).json()
    assert (environment["built"], environment["built_at"], environment["build"]) == (False, None, None)
    assert environment["stages"] == [
        {"name": "python", "made_at": "2026-11-30T00:00:00Z", "size_bytes": 100},
        {"name": "application", "made_at": None, "size_bytes": None},
    ]


async def test_what_no_recipe_needs_is_removed_when_asked_for_and_what_is_in_use_stays(
    kept: httpx2.AsyncClient,
) -> None:
    found = (await kept.get("/api/environments/superfluous")).json()
    assert found["free_bytes"] == 70
    names = [each["what"] for each in found["superfluous"]]
    pruned = (await kept.post("/api/environments/prune", json={"what": [*names, "unknown"]})).json()
    assert (pruned["freed_bytes"], [each["what"] for each in pruned["removed"]]) == (70, ["old-1"])
    assert [each["what"] for each in (await kept.get("/api/environments/superfluous")).json()["superfluous"]] == [
        "old-2"
    ]


async def test_runtimes_say_what_they_are_for_and_broken_recipes_what_to_do(
    deck: Deck, connect: Connect, tmp_path: Path
) -> None:
    (tmp_path / "recipe.yaml").write_text(BROKEN)
    settings = Settings(data_dir=tmp_path / "data", recipes=(tmp_path,), run_dir=tmp_path)
    operations = operations_of(settings, nobody_is_told)
    async with connect(replace(deck.services, operations=operations)) as client:
        found = (await client.get("/api/runtimes")).json()
    assert [each["name"] for each in found["runtimes"]] == ["process", "docker"]
    assert found["runtimes"][0]["state"] == "ready"
    assert "superset" in found["runtimes"][0]["environments"]
    [broken] = found["broken_recipes"]
    assert broken["file"] == str(tmp_path / "recipe.yaml")
    assert broken["todo"] == f"rolldeck env validate {tmp_path / 'recipe.yaml'}"


async def test_rollouts_that_are_executed_have_environments(client: httpx2.AsyncClient, deck: Deck) -> None:
    await client.post("/api/tasks/upload", json=[{"id": "1", "task": "One?", "answer": "1"}])
    batch_id = await deck.start_a_batch("1", repeats=2)
    claim = await deck.claim(batch_id)
    [occupied] = (await client.get("/api/environments/occupied")).json()["occupied"]
    assert (occupied["rollout_id"], occupied["environment"]) == (claim.rollout.id, "superset")
    assert (occupied["status"], occupied["worker_id"]) == ("provisioning", claim.rollout.worker_id)
    await deck.finish(claim)
    assert (await client.get("/api/environments/occupied")).json()["occupied"] == []


@pytest.mark.parametrize("path", ["build", "build/cancel"])
async def test_what_does_not_exist_is_neither_built_nor_cancelled(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.post(f"/api/environments/moon/{path}")).status_code == 404
    assert (await client.get("/api/environments/moon/build")).status_code == 404


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A directory that every user may enter, as those must whom services run as."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
async def yard(deck: Deck, connect: Connect, tmp_path: Path, scratch: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The API over the environments of a recipe file, which are built as a server builds them."""
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(nails=tmp_path / "nails"))
    settings = Settings(
        data_dir=tmp_path / "data", cache_dir=scratch / "cache", run_dir=scratch / "run", recipes=(tmp_path,)
    )

    async def tell(build: object) -> None:
        await deck.services.events.tell(EventKind.TEMPLATE_BUILD, {"state": str(getattr(build, "state", ""))})

    operations = operations_of(settings, tell)
    environments = environments_of(settings, "tests")
    async with connect(replace(deck.services, operations=operations, environments=environments)) as client:
        yield client
    await operations.builds.close()
    await environments.close()


async def end_of_build(client: httpx2.AsyncClient) -> dict[str, dict[str, str]]:
    async with asyncio.timeout(120):
        while True:
            found: dict[str, dict[str, str]] = (await client.get("/api/environments/notice-board/build")).json()
            if found["build"]["state"] != "running":
                return found
            await asyncio.sleep(0.1)


async def test_a_template_is_built_by_a_process_of_its_own_once_its_cause_to_fail_is_gone(
    yard: httpx2.AsyncClient, deck: Deck, tmp_path: Path
) -> None:
    begun = await yard.post("/api/environments/notice-board/build")
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    failed = await end_of_build(yard)
    assert failed["build"]["state"] == "failed"
    assert "sh failed" in failed["build"]["error"]
    assert "hammering" in failed["lines"]
    (tmp_path / "nails").touch()
    await yard.post("/api/environments/notice-board/build")
    assert (await end_of_build(yard))["build"]["state"] == "built"
    board = next(each for each in (await yard.get("/api/environments")).json() if each["name"] == "notice-board")
    assert board["built"] is True
    assert board["recipe_file"] == str(tmp_path / "recipe.yaml")
    assert (await yard.post("/api/environments/notice-board/build")).status_code == 409
    told = [event.data["state"] for event in await deck.services.events.after(0)]
    assert told[-1] == "built"
    assert "failed" in told
