"""Some of the committed example tasks, performed by the oracle in real environments; all of them: ``rolldeck check``."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task_file import parse_task_file
from rolldeck.execution.worker import Worker
from rolldeck.settings import Settings
from rolldeck.wiring import Deck, open_deck

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"
QUESTIONS = ("dearest-travel-products", "products-by-category", "columns-of-orders")
CHANGES = ("save-query", "dataset-metric", "dashboard-with-chart")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deck(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deck]:
    async with open_deck(Settings(data_dir=tmp_path_factory.mktemp("deck"))) as opened:
        await opened.adapters.environments.build("superset", lambda _: None)
        await opened.start()
        tasks = parse_task_file((EXAMPLES / "tasks.json").read_bytes(), environments=["superset"], max_bytes=10**6)
        await opened.tasks.upload(tasks)
        yield opened


async def run(deck: Deck, task_ids: tuple[str, ...], agent: str) -> list[Rollout]:
    queued = await deck.adapters.rollouts.create(list(task_ids), agent, 1)
    await Worker(deck.adapters, parallel=2).run(until_idle=True)
    return [await deck.adapters.rollouts.get(rollout.id) for rollout in queued]


async def test_the_oracle_reads_answers_that_are_right(deck: Deck) -> None:
    for rollout in await run(deck, QUESTIONS, "oracle"):
        assert rollout.verdict is not None, (rollout.task_id, rollout.errors)
        assert rollout.verdict.success, (rollout.task_id, rollout.verdict)


async def test_the_oracle_changes_what_the_state_checks_look_at(deck: Deck) -> None:
    for rollout in await run(deck, CHANGES, "oracle"):
        assert rollout.verdict is not None, (rollout.task_id, rollout.errors)
        assert rollout.verdict.success, (rollout.task_id, rollout.verdict)


async def test_doing_nothing_solves_none_of_them(deck: Deck) -> None:
    for rollout in await run(deck, QUESTIONS + CHANGES, "noop"):
        assert rollout.status is Status.COMPLETED, (rollout.task_id, rollout.errors)
        assert rollout.verdict is not None
        assert not rollout.verdict.success, (rollout.task_id, rollout.verdict)
