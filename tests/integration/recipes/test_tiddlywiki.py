"""The recipe for TiddlyWiki and its tasks, as docs/recipes.md has a reader use them: real Node.js, real Chromium."""

from collections.abc import AsyncIterator
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

RECIPES = Path(__file__).parents[3] / "recipes"
TASKS = RECIPES / "tiddlywiki" / "tasks.json"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deck(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deck]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("deck"), recipes=(RECIPES,), parallel=2)
    async with open_deck(settings, Use.OWN) as deck:
        await deck.environments.build("tiddlywiki", lambda _: None)
        yield deck


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def adapters(deck: Deck) -> AsyncIterator[Adapters]:
    async with open_adapters(deck) as adapters:
        yield adapters


async def run(deck: Deck, adapters: Adapters, agent: str) -> dict[str, Rollout]:
    tasks = parse_task_file(TASKS.read_bytes(), environments=["tiddlywiki"], max_bytes=10**6)
    await deck.database.tasks.upload(tasks)
    spec = BatchSpec(task_ids=tuple(task.id for task in tasks), agents=(AgentChoice(agent=agent),))
    batch = (await deck.database.batches.create(spec, {})).batch
    await deck.worker(adapters, batch_id=batch.id).run(until_idle=True)
    rollouts = (await deck.database.rollouts.list(RolloutFilter(batch_id=batch.id))).rollouts
    return {rollout.task_id: rollout for rollout in rollouts}


@pytest.mark.parametrize(("agent", "solved"), [("oracle", True), ("noop", False)])
async def test_the_solutions_solve_all_five_tasks_and_doing_nothing_solves_none(
    deck: Deck, adapters: Adapters, agent: str, solved: bool
) -> None:
    rollouts = await run(deck, adapters, agent)
    assert len(rollouts) == 5
    for rollout in rollouts.values():
        assert rollout.status is Status.COMPLETED, (rollout.task_id, rollout.errors)
        assert rollout.verdict is not None
        assert rollout.verdict.success is solved, (rollout.task_id, rollout.verdict)
