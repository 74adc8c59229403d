"""The Metabase recipe on a real Docker engine and a real PostgreSQL, with the double in place of Metabase's image."""

import gzip
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from metabase_place import DOUBLE

from docker_engine import DockerEngine
from rolldeck.domain.errors import TemplateError
from rolldeck.environments.port import BuildProgress
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import Account, MetabaseSource, metabase
from rolldeck.environments.recipes.metabase.preparation import ADMIN_EMAIL, ANALYST_EMAIL, PASSWORD_PREFIX
from rolldeck.environments.runtimes.docker.environment import DockerEnvironment
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments
from rolldeck.environments.runtimes.places import default_run_dir

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-", dir=default_run_dir()) as directory:
        yield Path(directory)


class Fruit:
    """Stands for data, where it does not matter which."""

    def write(self, directory: Path) -> None:
        (directory / "schema.sql").write_text("CREATE TABLE fruit (id integer PRIMARY KEY, name text);")
        (directory / "fruit.csv").write_text("id,name\n1,apple\n2,pear\n")
        (directory / "tables.txt").write_text("fruit\n")

    def content_hash(self) -> str:
        return "two-fruits"


@dataclass(frozen=True)
class Ground:
    """Where recipes of this module are run."""

    engine: DockerEngine
    directory: Path

    def recipe(self, **choices: object) -> Recipe:
        images = {"metabase_image": self.engine.build(DOUBLE), "postgres_image": self.engine.postgres}
        return metabase(MetabaseSource(**{"data": shop, **images, **choices}))

    @asynccontextmanager
    async def environments(self, recipe: Recipe) -> AsyncIterator[DockerEnvironments]:
        """Environments of the recipe, whose template is removed afterwards where it was built."""
        environments = DockerEnvironments(
            [recipe],
            cache_dir=self.directory / "cache",
            run_dir=self.directory / "run",
            installation_id="metabase-tests",
            engine_url=self.engine.url,
            relay_image=self.engine.base,
        )
        try:
            yield environments
        finally:
            await environments.close()

    def rollouts_containers(self) -> str:
        return self.engine.docker("ps", "-aq", "--filter", "name=rollout-")


@dataclass(frozen=True)
class Dumps:
    """What pg_dump has written of an environment over the shop, under names that mislead; and one of its users."""

    packed_data: Path
    custom_data: Path
    application: Path
    admin: Account


@pytest.fixture(scope="module")
def ground(docker_engine: DockerEngine, directory: Path) -> Ground:
    return Ground(docker_engine, directory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dumps(ground: Ground) -> Dumps:
    """An environment over the shop works and leaves nothing behind; what pg_dump writes of it is kept."""
    async with provisioned(ground, ground.recipe()) as environment:
        assert ANALYST_EMAIL in await page(environment, "/")
        assert "Piñata Night Light" in await page(environment, f"/table/{await table(environment, 'products')}")
        assert await environment.sql("data", "SELECT count(*) AS n FROM orders") == [{"n": 19000}]
        assert await environment.sql("metabase", "SELECT name FROM metabase_database") == [{"name": "Shop"}]
        container = environment._services.containers["postgres"].id
        directory = ground.directory / "dumps"
        directory.mkdir()
        for name, options in {"data": (), "data.sql": ("-Fc",), "application": ("-Fc",)}.items():
            database = "metabase" if name == "application" else "data"
            inside = f"/tmp/{name}"
            ground.engine.docker("exec", "-u", "postgres", container, "pg_dump", *options, "-f", inside, database)
            ground.engine.docker("cp", f"{container}:{inside}", str(directory / name))
        with (directory / "data").open("rb") as plain, gzip.open(directory / "data.dump", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        admin = Account(ADMIN_EMAIL, PASSWORD_PREFIX + environment._services.secret("admin"))
    assert ground.rollouts_containers() == ""
    return Dumps(directory / "data.dump", directory / "data.sql", directory / "application", admin)


async def test_a_packed_dump_of_the_data_is_shown(ground: Ground, dumps: Dumps) -> None:
    async with provisioned(ground, ground.recipe(data=dumps.packed_data)) as environment:
        assert "Piñata Night Light" in await page(environment, f"/table/{await table(environment, 'products')}")
        assert await environment.sql("data", "SELECT count(*) AS n FROM orders") == [{"n": 19000}]
        assert await environment.sql("metabase", "SELECT name FROM metabase_database") == [{"name": "Data"}]


async def test_a_whole_application_database_is_restored_over_data_in_the_custom_format(
    ground: Ground, dumps: Dumps
) -> None:
    recipe = ground.recipe(data=dumps.custom_data, application=dumps.application, account=dumps.admin)
    async with provisioned(ground, recipe) as environment:
        assert ADMIN_EMAIL in await page(environment, "/")
        assert "Piñata Night Light" in await page(environment, f"/table/{await table(environment, 'products')}")
        users = await environment.sql("metabase", "SELECT email FROM core_user ORDER BY id")
        assert users == [{"email": ADMIN_EMAIL}, {"email": ANALYST_EMAIL}]


async def test_a_dump_that_is_cut_off_fails_the_template_by_its_name(ground: Ground, dumps: Dumps) -> None:
    whole = dumps.custom_data.read_bytes()
    cut_off = ground.directory / "cut-off.dump"
    cut_off.write_bytes(whole[: len(whole) // 2])
    async with ground.environments(ground.recipe(data=cut_off)) as environments:
        with pytest.raises(TemplateError, match=rf"{cut_off}.*could not read from input file") as failure:
            await environments.build("metabase", lambda _: None)
        assert not failure.value.retryable
    assert ground.rollouts_containers() == ""


async def test_a_file_that_is_no_dump_is_refused_before_anything_is_started(ground: Ground) -> None:
    page = ground.directory / "downloaded.sql"
    page.write_text("<!DOCTYPE html><title>Sign in</title>")
    started: list[BuildProgress] = []
    async with ground.environments(ground.recipe(data=page)) as environments:
        with pytest.raises(TemplateError, match=rf"the dump {page} is HTML"):
            await environments.build("metabase", started.append)
    assert started == []


async def test_a_first_start_that_hangs_once_is_started_again(ground: Ground) -> None:
    recipe = hanging(ground.recipe(data=Fruit()), DOUBLE_HANGS_AT="0.3", DOUBLE_HANGS="1")
    async with ground.environments(recipe) as environments:
        await environments.build("metabase", lambda _: None)
        [template] = await environments.templates()
        assert template.built


async def test_a_first_start_that_always_hangs_is_told_with_the_step_in_which_it_stayed(ground: Ground) -> None:
    recipe = hanging(ground.recipe(data=Fruit()), DOUBLE_HANGS_AT="0.3")
    async with ground.environments(recipe) as environments:
        with pytest.raises(TemplateError) as failure:
            await environments.build("metabase", lambda _: None)
    message = str(failure.value)
    assert "Metabase starts: it waits for its application database, or migrates that (30% of its start)" in message
    assert ground.rollouts_containers() == ""


def hanging(recipe: Recipe, **variables: str) -> Recipe:
    """With a double that hangs, and no patience for it."""
    composition = recipe.composition
    assert composition is not None
    postgres, service = composition.services
    impatient = replace(
        service,
        environment={**service.environment, **variables},
        health=replace(service.health, stall_seconds=1.5, interval_seconds=0.05),
    )
    return replace(recipe, composition=replace(composition, services=(postgres, impatient)))


@asynccontextmanager
async def provisioned(ground: Ground, recipe: Recipe) -> AsyncIterator[DockerEnvironment]:
    """An environment of the recipe, whose template is built if it is not there."""
    async with ground.environments(recipe) as environments:
        await environments.build("metabase", lambda _: None)
        environment = await environments.provision("metabase", "a-rollout")
        assert isinstance(environment, DockerEnvironment)
        yield environment
        await environment.close()


async def page(environment: DockerEnvironment, path: str) -> str:
    """What the agent's browser would be shown."""
    cookies = {cookie.name: cookie.value for cookie in environment.cookies}
    async with httpx2.AsyncClient(base_url=environment.origin, cookies=cookies, trust_env=False) as http:
        return (await http.get(path)).text


async def table(environment: DockerEnvironment, name: str) -> object:
    """A table's number in Metabase."""
    [row] = await environment.sql("metabase", f"SELECT id FROM metabase_table WHERE name = '{name}'")
    return row["id"]
