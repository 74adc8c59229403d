"""Setting up Metabase's double, and making an environment's it own: the recipe's code, without a runtime."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from metabase_place import Place, running_double, wait_until_well

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import Composition, Preparation
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import Account, MetabaseSource, metabase
from rolldeck.environments.recipes.metabase.client import MetabaseClient, MetabaseRefused
from rolldeck.environments.recipes.metabase.preparation import ADMIN_EMAIL, ANALYST_EMAIL, PASSWORD_PREFIX
from rolldeck.environments.runtimes.process.postgres import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"
MINE = Account("me@home.example", "my-own-password-1")


def recipe(**choices: object) -> tuple[Composition, Preparation]:
    source = MetabaseSource(**{"data": shop, **choices})
    composition = metabase(source).composition
    assert composition is not None
    assert composition.preparation is not None
    return composition, composition.preparation


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The shop's data, and no application database yet."""
    place = Place(cluster)
    await place.make_roles()
    await place.load_shop(tmp_path_factory.mktemp("shop"))
    return place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(template: Place) -> Place:
    """With an application database that Rolldeck has set up."""
    composition, preparation = recipe()
    await template.make_database("metabase")
    reports: list[str] = []
    async with started(template, composition):
        await preparation.prepare(template, reports.append)
    assert tuple(reports) == preparation.steps
    await template.make_database("metabase_template", copy_of="metabase")
    return template


@asynccontextmanager
async def started(place: Place, composition: Composition, **variables: str) -> AsyncIterator[Place]:
    """The application on the place's databases, whose roles have the place's passwords from then on."""
    await place.make_roles()
    async with running_double(place, composition, **variables) as origin:
        await wait_until_well(origin)
        yield place


@asynccontextmanager
async def browsing(place: Place, cookies: Sequence[Cookie]) -> AsyncIterator[httpx2.AsyncClient]:
    jar = {cookie.name: cookie.value for cookie in cookies}
    async with httpx2.AsyncClient(base_url=place.origin, cookies=jar, trust_env=False) as http:
        yield http


async def answer_to(http: httpx2.AsyncClient, statement: str) -> str:
    """What a question in SQL is answered, as text."""
    question = {"database": 1, "type": "native", "native": {"query": statement}}
    return (await http.post("/api/dataset", json=question)).text


async def test_each_environment_of_a_metabase_that_was_set_up_is_the_analysts_own(prepared: Place) -> None:
    async with environment_of(prepared) as (environment, cookies):
        async with browsing(environment, cookies) as http:
            assert ANALYST_EMAIL in (await http.get("/")).text
            assert "Piñata Night Light" in await answer_to(http, "SELECT name FROM products")
            refused = await http.post("/api/database", json={"name": "x", "engine": "postgres", "details": {}})
            assert refused.status_code == 403
        assert {cookie.name: cookie.http_only for cookie in cookies} == {
            "metabase.SESSION": True,
            "metabase.TIMEOUT": False,
        }


async def test_an_environments_data_is_read_anew_by_the_page_and_written_by_nobody(prepared: Place) -> None:
    async with environment_of(prepared) as (environment, cookies):
        await environment.execute("UPDATE products SET name = 'Changed' WHERE id = 1", "data")
        async with browsing(environment, cookies) as http:
            tables = (await http.get("/api/table")).json()
            [products] = [table["id"] for table in tables if table["name"] == "products"]
            assert "Changed" in (await http.get(f"/table/{products}")).text
            assert "permission denied" in await answer_to(http, "DELETE FROM reviews RETURNING id")


async def test_state_checks_of_the_example_tasks_look_for_what_is_not_there_yet(prepared: Place) -> None:
    tasks = json.loads((EXAMPLES / "metabase-tasks.json").read_bytes())
    checks = [check for task in tasks for check in task.get("verifier", {}).get("state", [])]
    assert checks
    async with prepared.cluster.connected("metabase_template") as connection:
        assert {check["name"]: await connection.fetchval(check["sql"]) for check in checks} == {
            check["name"]: 0 for check in checks
        }


async def test_trying_it_out_asks_a_question_as_the_agent(prepared: Place) -> None:
    _, preparation = recipe()
    async with environment_of(prepared) as (environment, cookies):
        assert await preparation.try_out(environment.origin, cookies) == (
            "Metabase answered a question in SQL: there are 7 tables"
        )
        assert "logs in itself" in await preparation.try_out(environment.origin, ())
        with pytest.raises(MetabaseRefused, match="401"):
            await preparation.try_out(environment.origin, [Cookie("metabase.SESSION", "guessed")])


async def test_no_password_of_the_template_opens_an_environment(prepared: Place) -> None:
    async with environment_of(prepared) as (environment, _), MetabaseClient(environment.origin) as metabase:
        for email in (ADMIN_EMAIL, ANALYST_EMAIL):
            with pytest.raises(MetabaseRefused, match="401"):
                await metabase.log_in(email, f"{PASSWORD_PREFIX}template")
        await metabase.log_in(ADMIN_EMAIL, PASSWORD_PREFIX + environment.secret("admin"))
        await metabase.log_in(ANALYST_EMAIL, PASSWORD_PREFIX + environment.secret("analyst"))


async def test_with_credentials_the_agent_gets_no_session_but_a_password_that_works(prepared: Place) -> None:
    composition, _ = recipe(login="credentials")
    assert composition.start_path == "/auth/login"
    assert composition.instruction == (
        f"Log in to Metabase as {ANALYST_EMAIL} with the password {PASSWORD_PREFIX}${{secret.analyst}}"
    )
    async with environment_of(prepared, login="credentials") as (environment, cookies):
        assert list(cookies) == []
        async with MetabaseClient(environment.origin) as metabase:
            await metabase.log_in(ANALYST_EMAIL, PASSWORD_PREFIX + environment.secret("analyst"))


async def test_data_that_cannot_be_reached_fails_the_template_and_tells_no_password(template: Place) -> None:
    composition, preparation = recipe()
    await template.make_database("metabase")
    stranger = template.new_environment()
    async with started(stranger, composition):
        await stranger.execute("ALTER ROLE reader PASSWORD 'another-one'")
        with pytest.raises(TemplateError, match='password authentication failed for user "reader"') as failure:
            await preparation.prepare(stranger, lambda _: None)
    assert stranger.secret("reader") not in str(failure.value)


async def test_an_application_database_that_is_not_empty_is_not_set_up_again(prepared: Place) -> None:
    _, preparation = recipe()
    async with environment_of(prepared) as (environment, _):
        with pytest.raises(TemplateError, match="has been set up before"):
            await preparation.prepare(environment, lambda _: None)


async def test_a_password_that_metabase_repeats_in_its_refusal_is_not_told(prepared: Place) -> None:
    async with environment_of(prepared) as (environment, _), MetabaseClient(environment.origin) as metabase:
        password = PASSWORD_PREFIX + environment.secret("admin")
        await metabase.log_in(ADMIN_EMAIL, password)
        with pytest.raises(MetabaseRefused, match="password: password is too common") as refusal:
            await metabase.set_own_password("weak", old=password)
    assert "weak" not in str(refusal.value)


async def test_a_metabase_that_is_gone_is_the_environments_failure(template: Place) -> None:
    _, preparation = recipe()
    gone = Place(template.cluster, origin="http://127.0.0.1:1")
    with pytest.raises(EnvironmentFailure, match="does not answer POST /api/session") as failure:
        await preparation.log_in(gone)
    assert failure.value.retryable


async def test_the_users_of_a_restored_application_database_log_in_over_the_environments_data(
    template: Place, restored: Place
) -> None:
    composition, preparation = recipe(application=Path("a.dump"), account=MINE)
    async with started(restored, composition):
        await preparation.prepare(restored, lambda _: None)
    environment = restored.new_environment()
    async with started(environment, composition):
        cookies = await preparation.log_in(environment)
        async with browsing(environment, cookies) as http:
            assert MINE.email in (await http.get("/")).text
            assert "Piñata Night Light" in await answer_to(http, "SELECT name FROM products")
        async with MetabaseClient(environment.origin) as metabase:
            with pytest.raises(MetabaseRefused):
                await metabase.log_in(MINE.email, MINE.password)


async def test_a_restored_application_database_needs_no_data(restored: Place) -> None:
    composition, preparation = recipe(data=None, application=Path("a.dump"), account=MINE)
    assert set(composition.databases) == {"metabase"}
    async with started(restored, composition):
        await preparation.prepare(restored, lambda _: None)
        async with browsing(restored, await preparation.log_in(restored)) as http:
            assert (await http.get("/api/user/current")).json()["email"] == MINE.email


async def test_credentials_that_no_user_of_the_dump_has_are_told_by_their_settings(restored: Place) -> None:
    wrong = Account(MINE.email, "not-this-one-7")
    composition, preparation = recipe(application=Path("a.dump"), account=wrong)
    async with started(restored, composition):
        with pytest.raises(TemplateError, match="ROLLDECK_METABASE_EMAIL and ROLLDECK_METABASE_PASSWORD") as failure:
            await preparation.prepare(restored, lambda _: None)
    assert "not-this-one-7" not in str(failure.value)


async def test_a_user_who_is_no_admin_cannot_have_data_sources_pointed_elsewhere(restored: Place) -> None:
    composition, preparation = recipe(application=Path("a.dump"), account=MINE)
    await restored.execute("UPDATE core_user SET is_superuser = false", "metabase")
    async with started(restored, composition):
        with pytest.raises(TemplateError, match="has to be an admin's"):
            await preparation.prepare(restored, lambda _: None)


async def test_a_dump_of_something_else_is_not_taken_for_an_application_database(template: Place) -> None:
    composition, preparation = recipe(application=Path("a.dump"), account=MINE)
    await template.make_database("metabase")
    async with started(template, composition):
        with pytest.raises(TemplateError, match="a dump of data alone belongs in SQL_DUMP_PATH"):
            await preparation.prepare(template, lambda _: None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def application_dump(template: Place) -> bytes:
    """What pg_dump writes of a Metabase that somebody set up by hand."""
    composition, _ = recipe()
    await template.make_database("metabase")
    async with started(template, composition), MetabaseClient(template.origin) as metabase:
        token = await metabase.setup_token()
        assert token is not None
        await metabase.set_up(token, email=MINE.email, password=MINE.password, site_name="Mine")
        host, port = template.address_inside("postgres")
        details = {"host": host, "port": port, "dbname": "data", "user": "reader"}
        await metabase.add_database("Mine", {**details, "password": template.secret("reader"), "ssl": False})
    return template.dump("metabase", "-Fc")


@pytest_asyncio.fixture(loop_scope="module")
async def restored(template: Place, application_dump: bytes) -> Place:
    """That Metabase's application database, restored where its data source's password is another one."""
    await template.make_database("metabase")
    template.restore(application_dump, "metabase")
    place = template.new_environment()
    await place.make_roles()
    return place


@asynccontextmanager
async def environment_of(prepared: Place, **choices: object) -> AsyncIterator[tuple[Place, Sequence[Cookie]]]:
    """A copy of the template, as a runtime makes one, and what its browser has."""
    composition, preparation = recipe(**choices)
    await prepared.make_database("metabase", copy_of="metabase_template")
    environment = prepared.new_environment()
    async with started(environment, composition):
        yield environment, await preparation.log_in(environment)
