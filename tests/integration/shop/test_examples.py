"""Some of the committed example tasks in real environments, as processes and in containers; all of them: ``rolldeck check``."""

import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from docker_engine import DockerEngine
from docker_engine.superset import superset_in
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task_file import parse_task_file
from rolldeck.domain.verdict import Verdict
from rolldeck.environments.port import Environments
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Use, open_adapters, open_deck

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"
QUESTIONS = ("dearest-travel-products", "products-by-category", "columns-of-orders")
CHANGES = ("save-query", "dataset-metric", "dashboard-with-chart")
UNDONE = (QUESTIONS[0], CHANGES[0])
"""What an agent that does nothing tries: to see what is said of those is enough."""

Rollouts = Mapping[tuple[str, str], Rollout]
"""By agent and task."""


async def run(data_dir: Path, environments: Environments | None = None) -> Rollouts:
    """Execute each task with the oracle, which solves it, and some with an agent that does nothing."""
    async with AsyncExitStack() as stack:
        deck = await stack.enter_async_context(open_deck(Settings(data_dir=data_dir, parallel=2), Use.OWN))
        await deck.environments.build("superset", lambda _: None)
        if environments is not None:
            deck = dataclasses.replace(deck, environments=environments)
            await deck.environments.build("superset", lambda _: None)
        known = parse_task_file((EXAMPLES / "tasks.json").read_bytes(), environments=["superset"], max_bytes=10**6)
        await deck.database.tasks.upload(known)
        adapters = await stack.enter_async_context(open_adapters(deck))
        for tasks, agent in ((QUESTIONS + CHANGES, "oracle"), (UNDONE, "noop")):
            await deck.database.batches.create(BatchSpec(task_ids=tasks, agents=(AgentChoice(agent=agent),)), {})
        await deck.worker(adapters).run(until_idle=True)
        ended = (await deck.database.rollouts.list(RolloutFilter())).rollouts
    return {(rollout.agent, rollout.task_id): rollout for rollout in ended}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def in_processes(tmp_path_factory: pytest.TempPathFactory) -> Rollouts:
    return await run(tmp_path_factory.mktemp("processes"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def containers(
    docker_engine: DockerEngine, in_processes: Rollouts, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Environments]:
    """Superset in containers. Its packages come from the template for processes, which is there by then."""
    assert in_processes
    environments = DockerEnvironments(
        [superset_in(docker_engine)],
        cache_dir=Settings().cache_dir / "tests",
        run_dir=tmp_path_factory.mktemp("run"),
        installation_id="shop-in-docker",
        engine_url=docker_engine.url,
        relay_image=docker_engine.base,
    )
    yield environments
    await environments.close()
    assert docker_engine.docker("ps", "-aq", "--filter=label=rolldeck.rollout") == ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def in_containers(containers: Environments, tmp_path_factory: pytest.TempPathFactory) -> Rollouts:
    return await run(tmp_path_factory.mktemp("containers"), containers)


@pytest.fixture(params=["in_processes", "in_containers"])
def rollouts(request: pytest.FixtureRequest) -> Rollouts:
    found: Rollouts = request.getfixturevalue(request.param)
    return found


def verdict_of(rollout: Rollout) -> Verdict:
    assert rollout.status is Status.COMPLETED, (rollout.task_id, rollout.errors)
    assert rollout.verdict is not None
    return rollout.verdict


@pytest.mark.parametrize("task_id", QUESTIONS)
def test_the_oracle_reads_answers_that_are_right(rollouts: Rollouts, task_id: str) -> None:
    verdict = verdict_of(rollouts["oracle", task_id])
    assert verdict.success, verdict


@pytest.mark.parametrize("task_id", CHANGES)
def test_the_oracle_changes_what_the_state_checks_look_at(rollouts: Rollouts, task_id: str) -> None:
    verdict = verdict_of(rollouts["oracle", task_id])
    assert verdict.success, verdict


@pytest.mark.parametrize("task_id", UNDONE)
def test_doing_nothing_solves_none_of_them(rollouts: Rollouts, task_id: str) -> None:
    verdict = verdict_of(rollouts["noop", task_id])
    assert not verdict.success, verdict


def test_every_verdict_is_the_same_in_containers_as_in_processes(
    in_processes: Rollouts, in_containers: Rollouts
) -> None:
    assert {key: verdict_of(rollout) for key, rollout in in_containers.items()} == {
        key: verdict_of(rollout) for key, rollout in in_processes.items()
    }
