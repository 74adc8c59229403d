"""Whole rollouts of Metabase's double on a real Docker engine, through a real Chromium, wired as everywhere."""

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from metabase_place import DOUBLE

from docker_engine import DockerEngine
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task_file import parse_task_file
from rolldeck.environments.check import check_recipe
from rolldeck.environments.recipes import shop
from rolldeck.execution.adapters import Adapters
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Deck, Use, known_recipes_of, open_adapters, open_deck

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Stage:
    """A deck whose Metabase is the double, and all that rollouts are executed with, started."""

    deck: Deck
    adapters: Adapters
    engine: DockerEngine

    async def run(self, agent: str) -> Rollout:
        batches = self.deck.database.batches
        spec = BatchSpec(task_ids=("first-product",), agents=(AgentChoice(agent=agent),))
        batch = (await batches.create(spec, {})).batch
        await self.deck.worker(self.adapters, batch_id=batch.id).run(until_idle=True)
        [rollout] = (await self.adapters.rollouts.list(RolloutFilter(batch_id=batch.id))).rollouts
        return rollout


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    directory = tmp_path_factory.mktemp("deck")
    settings = Settings(
        data_dir=directory / "data",
        cache_dir=directory / "cache",
        metabase_image=docker_engine.build(DOUBLE),
        postgres_image=docker_engine.postgres,
        relay_image=docker_engine.base,
        pool_mb=0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_engine.url)
        async with open_deck(settings, Use.OWN) as deck:
            await deck.environments.build("metabase", lambda _: None)
            tasks = json.dumps([first_product(directory)]).encode()
            await deck.database.tasks.upload(parse_task_file(tasks, environments=["metabase"], max_bytes=10**6))
            async with open_adapters(deck) as adapters:
                yield Stage(deck, adapters, docker_engine)


def first_product(directory: Path) -> dict[str, object]:
    """A task that is solved on the double's pages, with state checks in both databases."""
    shop.write(directory / "shop")
    with (directory / "shop" / "products.csv").open(encoding="utf-8", newline="") as rows:
        product = next(csv.DictReader(rows))
    return {
        "id": "first-product",
        "task": "What is the first product called, and what does it cost?",
        "answer": {"name": product["name"], "price": float(product["price"])},
        "environment": "metabase",
        "verifier": {
            "state": [
                {"name": "orders", "database": "data", "sql": "SELECT count(*) FROM orders", "expect": 19000},
                {"name": "questions", "database": "metabase", "sql": "SELECT count(*) FROM report_card", "expect": 0},
            ]
        },
        "solution": [
            {"do": "click", "target": {"role": "link", "name": "products"}},
            {"do": "read_table", "column": "name", "into": "name", "row": 0},
            {"do": "read_table", "column": "price", "into": "price", "as": "number", "row": 0},
        ],
    }


async def test_the_oracle_reads_the_data_on_a_page_that_it_is_logged_in_to(stage: Stage) -> None:
    rollout = await stage.run("oracle")
    assert rollout.status is Status.COMPLETED, rollout.errors
    assert rollout.verdict is not None
    assert rollout.verdict.success, rollout.verdict


async def test_who_does_nothing_is_wrong_and_nothing_is_left(stage: Stage) -> None:
    rollout = await stage.run("noop")
    assert rollout.status is Status.COMPLETED, rollout.errors
    assert rollout.verdict is not None
    assert not rollout.verdict.success
    assert stage.engine.docker("ps", "-aq", "--filter", "name=rollout-") == ""


async def test_env_check_goes_through_an_environments_whole_life(stage: Stage) -> None:
    [recipe] = [one for one in known_recipes_of(stage.deck.settings).own if one.name == "metabase"]
    steps = [step async for step in check_recipe(stage.deck.environments, recipe)]
    found = {step.name: step.found for step in steps}
    assert found["try it out"] == "Metabase answered a question in SQL: there are 7 tables"
    assert {"provision and log in", "read data", "read metabase", "tear down"} <= set(found)
    assert [step for step in steps if not step.ok] == []
