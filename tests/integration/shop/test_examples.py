"""Some of the committed example tasks, performed by the oracle in real environments; all of them: ``rolldeck check``."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task_file import parse_task_file
from rolldeck.execution.adapters import Adapters
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Deck, Use, open_adapters, open_deck

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"
QUESTIONS = ("dearest-travel-products", "products-by-category", "columns-of-orders")
CHANGES = ("save-query", "dataset-metric", "dashboard-with-chart")


@dataclass(frozen=True)
class Stage:
    """A deck that has the example tasks, and all that rollouts are executed with, started."""

    deck: Deck
    adapters: Adapters


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_deck(Settings(data_dir=tmp_path_factory.mktemp("deck")), Use.OWN) as deck:
        await deck.environments.build("superset", lambda _: None)
        tasks = parse_task_file((EXAMPLES / "tasks.json").read_bytes(), environments=["superset"], max_bytes=10**6)
        await deck.database.tasks.upload(tasks)
        async with open_adapters(deck) as adapters:
            yield Stage(deck, adapters)


async def run(stage: Stage, task_ids: tuple[str, ...], agent: str) -> Sequence[Rollout]:
    batches = stage.deck.database.batches
    batch = (await batches.create(BatchSpec(task_ids=task_ids, agents=(AgentChoice(agent=agent),)), {})).batch
    await stage.deck.worker(stage.adapters, batch_id=batch.id).run(until_idle=True)
    return (await stage.adapters.rollouts.list(RolloutFilter(batch_id=batch.id))).rollouts


async def test_the_oracle_reads_answers_that_are_right(stage: Stage) -> None:
    for rollout in await run(stage, QUESTIONS, "oracle"):
        assert rollout.verdict is not None, (rollout.task_id, rollout.errors)
        assert rollout.verdict.success, (rollout.task_id, rollout.verdict)


async def test_the_oracle_changes_what_the_state_checks_look_at(stage: Stage) -> None:
    for rollout in await run(stage, CHANGES, "oracle"):
        assert rollout.verdict is not None, (rollout.task_id, rollout.errors)
        assert rollout.verdict.success, (rollout.task_id, rollout.verdict)


async def test_doing_nothing_solves_none_of_them(stage: Stage) -> None:
    for rollout in await run(stage, QUESTIONS + CHANGES, "noop"):
        assert rollout.status is Status.COMPLETED, (rollout.task_id, rollout.errors)
        assert rollout.verdict is not None
        assert not rollout.verdict.success, (rollout.task_id, rollout.verdict)
