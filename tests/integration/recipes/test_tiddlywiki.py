"""The recipe for TiddlyWiki and its tasks, as docs/recipes.md has a reader use them: real Node.js, real Chromium."""

import dataclasses
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from docker_engine import DockerEngine
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task_file import parse_task_file
from rolldeck.environments.composition import ContainerImage, SeedFile
from rolldeck.environments.port import Environments
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes.file.reading import read_recipe
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Use, open_adapters, open_deck

RECIPES = Path(__file__).parents[3] / "recipes"
TASKS = parse_task_file(
    (RECIPES / "tiddlywiki" / "tasks.json").read_bytes(), environments=["tiddlywiki"], max_bytes=10**6
)
ALL = tuple(task.id for task in TASKS)
ONE_OF_EACH_KIND = ("june-work-day", "tag-shredder-urgent")


async def run(
    data_dir: Path, tasks: Sequence[str], agent: str, environments: Environments | None = None
) -> Sequence[Rollout]:
    settings = Settings(data_dir=data_dir, recipes=(RECIPES,), parallel=2)
    async with AsyncExitStack() as stack:
        deck = await stack.enter_async_context(open_deck(settings, Use.OWN))
        if environments is not None:
            deck = dataclasses.replace(deck, environments=environments)
        await deck.environments.build("tiddlywiki", lambda _: None)
        await deck.database.tasks.upload(TASKS)
        adapters = await stack.enter_async_context(open_adapters(deck))
        spec = BatchSpec(task_ids=tuple(tasks), agents=(AgentChoice(agent=agent),))
        batch = (await deck.database.batches.create(spec, {})).batch
        await deck.worker(adapters, batch_id=batch.id).run(until_idle=True)
        return (await deck.database.rollouts.list(RolloutFilter(batch_id=batch.id))).rollouts


@pytest.mark.parametrize(("agent", "solved"), [("oracle", True), ("noop", False)])
async def test_the_solutions_solve_all_five_tasks_and_doing_nothing_solves_none(
    tmp_path: Path, agent: str, solved: bool
) -> None:
    rollouts = await run(tmp_path, ALL, agent)
    assert len(rollouts) == 5
    for rollout in rollouts:
        assert rollout.status is Status.COMPLETED, (rollout.task_id, rollout.errors)
        assert rollout.verdict is not None
        assert rollout.verdict.success is solved, (rollout.task_id, rollout.verdict)


async def test_the_same_recipe_and_tasks_are_right_in_containers(tmp_path: Path, docker: Environments) -> None:
    rollouts = await run(tmp_path, ONE_OF_EACH_KIND, "oracle", docker)
    assert len(rollouts) == 2
    for rollout in rollouts:
        assert rollout.verdict is not None, (rollout.task_id, rollout.errors)
        assert rollout.verdict.success, (rollout.task_id, rollout.verdict)


@pytest.fixture
async def docker(docker_engine: DockerEngine, tmp_path: Path) -> AsyncIterator[Environments]:
    """The recipe in containers. There is no registry here: this machine's Node.js stands for the image ``node:20-slim``,
    and what npm installs without containers for what it would install in one.
    """
    node = shutil.which("node")
    if node is None:
        pytest.fail("there is no Node.js on this machine, which the dashboard needs, too")
    (tmp_path / "node").mkdir()
    shutil.copy(Path(node).resolve(), tmp_path / "node" / "node")
    (tmp_path / "node" / "Dockerfile").write_text("FROM rolldeck-test/base\nCOPY node /usr/local/bin/node\n")
    recipe = read_recipe(RECIPES / "tiddlywiki" / "recipe.yaml")
    [service] = recipe.composition.services
    in_container = dataclasses.replace(
        service,
        origin=ContainerImage(docker_engine.build(tmp_path / "node")),
        install=(),
        seeds=(*service.seeds, SeedFile(await installed(tmp_path), "node_modules")),
    )
    composition = dataclasses.replace(recipe.composition, services=(in_container,))
    environments = DockerEnvironments(
        [Recipe(recipe.name, recipe.title, composition=composition)],
        cache_dir=tmp_path / "cache",
        run_dir=tmp_path / "run",
        installation_id="tiddlywiki",
        engine_url=docker_engine.url,
        relay_image=docker_engine.base,
    )
    yield environments
    await environments.close()
    assert docker_engine.docker("ps", "-aq") == ""


async def installed(data_dir: Path) -> Path:
    """Return what npm installed for the template that needs no containers."""
    settings = Settings(data_dir=data_dir / "installing", recipes=(RECIPES,))
    async with open_deck(settings, Use.OWN) as deck:
        await deck.environments.build("tiddlywiki", lambda _: None)
    return max(settings.cache_dir.glob("templates/services-*/wiki/node_modules"), key=lambda one: one.stat().st_mtime)
