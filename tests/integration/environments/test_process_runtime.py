"""The process runtime with a small application: what every recipe gets from it."""

import asyncio
import json
import os
from pathlib import Path

import httpx2
import psutil
import pytest

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput, TemplateError, VerificationError
from rolldeck.environments.port import BuildProgress, Environment
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.environments.runtimes.process.leftovers import processes_naming

pytestmark = pytest.mark.asyncio(loop_scope="module")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="user ids are given away by root only")


async def get(environment: Environment, path: str, **query: str) -> httpx2.Response:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(environment.origin + path, params=query, headers={"Cookie": cookies})


async def test_an_environment_is_healthy_and_its_cookies_log_in(environments: ProcessEnvironments) -> None:
    environment = await environments.provision("small", "rollout")
    assert (await get(environment, "/health")).status_code == 200
    assert (await get(environment, "/")).status_code == 200
    async with httpx2.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.get(environment.origin + "/")).status_code == 302
    await environment.close()


async def test_the_cookies_of_one_environment_are_worth_nothing_in_another(environments: ProcessEnvironments) -> None:
    one, other = await asyncio.gather(environments.provision("small", "a"), environments.provision("small", "b"))
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in one.cookies)
    async with httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.get(other.origin + "/", headers={"Cookie": cookies})).status_code == 302
    await asyncio.gather(one.close(), other.close())


async def test_both_databases_answer_with_json_values(environments: ProcessEnvironments) -> None:
    environment = await environments.provision("small", "rollout")
    assert await environment.sql("data", "SELECT * FROM fruit ORDER BY id") == [
        {"id": 1, "name": "apple", "price": 1.5, "picked_on": "2024-09-01"},
        {"id": 2, "name": "pear", "price": 2, "picked_on": "2024-09-02"},
        {"id": 3, "name": "plum", "price": None, "picked_on": None},
    ]
    assert await environment.sql("notes", "SELECT text FROM note") == [{"text": "from the template"}]
    await environment.close()


@pytest.mark.parametrize(
    ("database", "query"),
    [
        ("elsewhere", "SELECT 1"),
        ("data", "SELECT nothing FROM nowhere"),
        ("data", "DELETE FROM fruit"),
        ("data", "CREATE TABLE mine (x int)"),
        ("data", "SELECT 1; SELECT 2"),
        ("data", "SELECT pg_read_file('/etc/passwd')"),
        ("data", "COPY fruit TO PROGRAM 'cat'"),
        ("notes", "DELETE FROM note"),
        ("notes", "ATTACH '/etc/passwd' AS other"),
    ],
)
async def test_a_query_that_is_no_plain_reading_is_a_verification_error(
    environments: ProcessEnvironments, database: str, query: str
) -> None:
    environment = await environments.provision("small", "rollout")
    with pytest.raises(VerificationError):
        await environment.sql(database, query)
    await environment.close()


async def test_a_role_cannot_connect_to_the_database_of_another_environment(environments: ProcessEnvironments) -> None:
    one, other = await asyncio.gather(environments.provision("small", "a"), environments.provision("small", "b"))
    [here] = await one.sql("data", "SELECT current_database() AS database, current_user AS role")
    [there] = await other.sql("data", "SELECT current_database() AS database, current_user AS role")
    assert here["database"] == here["role"] != there["database"] == there["role"]
    [rights] = await one.sql(
        "data",
        f"SELECT has_database_privilege('{there['database']}', 'CONNECT') AS other, rolsuper OR rolcreatedb OR "
        "rolcreaterole AS mighty, has_database_privilege('postgres', 'CONNECT') AS main "
        "FROM pg_roles WHERE rolname = current_user",
    )
    assert rights == {"other": False, "mighty": False, "main": False}
    await asyncio.gather(one.close(), other.close())


@as_root
async def test_an_environment_runs_as_a_user_of_its_own_and_cannot_read_another_ones_files(
    environments: ProcessEnvironments,
) -> None:
    one, other = await asyncio.gather(environments.provision("small", "a"), environments.provision("small", "b"))
    here, there = json.loads((await get(one, "/")).text), json.loads((await get(other, "/")).text)
    assert 0 != here["uid"] != there["uid"] != 0
    assert (await get(one, "/read", file=f"{here['directory']}/notes.sqlite")).text.startswith("SQLite")
    for path in (f"{there['directory']}/notes.sqlite", f"{there['directory']}/instance.json", "/root/.bashrc"):
        assert (await get(one, "/read", file=path)).text.startswith("refused")
    await asyncio.gather(one.close(), other.close())


@as_root
async def test_closing_ends_even_a_process_that_left_its_group(environments: ProcessEnvironments) -> None:
    environment = await environments.provision("small", "rollout")
    lingering = psutil.Process(int((await get(environment, "/linger")).text))
    assert lingering.is_running()
    await environment.close()
    psutil.wait_procs([lingering], timeout=5)
    assert not lingering.is_running() or lingering.status() == psutil.STATUS_ZOMBIE


async def test_what_an_environment_is_told_of_itself_does_not_stay_on_disk(environments: ProcessEnvironments) -> None:
    environment = await environments.provision("small", "rollout")
    directory = json.loads((await get(environment, "/")).text)["directory"]
    assert not (Path(directory) / "instance.json").exists()
    await environment.close()


async def test_closing_twice_is_the_same_as_once(environments: ProcessEnvironments, scratch: Path) -> None:
    environment = await environments.provision("small", "rollout")
    await asyncio.gather(environment.close(), environment.close())
    await environment.close()
    with pytest.raises(httpx2.ConnectError):
        await get(environment, "/health")
    with pytest.raises(EnvironmentFailure):
        await environment.sql("data", "SELECT 1")


async def test_a_failed_provision_leaves_nothing_behind(environments: ProcessEnvironments, scratch: Path) -> None:
    before = await inventory(environments, scratch)
    with pytest.raises(EnvironmentFailure):
        await environments.provision("small", "refuses")
    assert await inventory(environments, scratch) == before


async def test_a_cancelled_provision_leaves_nothing_behind(environments: ProcessEnvironments, scratch: Path) -> None:
    before = await inventory(environments, scratch)
    for rounds in range(6):
        provisioning = asyncio.create_task(environments.provision("small", "cancelled"))
        for _ in range(rounds * 3):
            await asyncio.sleep(0)
        provisioning.cancel()
        await asyncio.gather(provisioning, return_exceptions=True)
    assert await inventory(environments, scratch) == before


async def test_twenty_environments_leave_nothing_behind(environments: ProcessEnvironments, scratch: Path) -> None:
    before = await inventory(environments, scratch)
    for _ in range(5):
        four = await asyncio.gather(*(environments.provision("small", "cycle") for _ in range(4)))
        await asyncio.gather(*(environment.close() for environment in four))
    assert await inventory(environments, scratch) == before


async def inventory(environments: ProcessEnvironments, scratch: Path) -> tuple[object, ...]:
    """Everything that could be left: directories, databases and roles, processes, sockets that somebody listens on."""
    environment = await environments.provision("small", "inventory")
    [found] = await environment.sql(
        "data", "SELECT (SELECT count(*) FROM pg_database) AS databases, (SELECT count(*) FROM pg_roles) AS roles"
    )
    await environment.close()
    [session] = (scratch / "run").iterdir()
    processes = processes_naming(session)
    listening = [connection for process in processes for connection in process.net_connections("tcp")]
    return sorted(entry.name for entry in session.iterdir()), found, len(processes), len(listening)


async def test_a_template_that_is_built_is_known_as_such(environments: ProcessEnvironments, scratch: Path) -> None:
    from small_recipe import small

    [built] = await environments.templates()
    assert (built.name, built.built) == ("small", True)
    assert built.size_bytes is not None
    assert built.size_bytes > 1_000_000
    elsewhere = ProcessEnvironments([small()], cache_dir=scratch / "none", run_dir=None, installation_id="tests")
    [not_built] = await elsewhere.templates()
    assert (not_built.built, not_built.size_bytes) == (False, None)
    with pytest.raises(EnvironmentFailure, match="rolldeck env build small"):
        await elsewhere.provision("small", "rollout")


async def test_an_unknown_environment_is_refused(environments: ProcessEnvironments) -> None:
    with pytest.raises(InvalidInput, match="small"):
        await environments.build("large", lambda _: None)
    with pytest.raises(EnvironmentFailure):
        await environments.provision("large", "rollout")


async def test_an_interrupted_build_goes_on_where_it_was(environments: ProcessEnvironments, scratch: Path) -> None:
    from small_recipe import small

    class Interruption(BaseException):
        pass

    def interrupt(progress: BuildProgress) -> None:
        if progress.name == "load some fruit":
            raise Interruption

    building = ProcessEnvironments([small()], cache_dir=scratch / "twice", run_dir=scratch / "b", installation_id="t")
    with pytest.raises(Interruption):
        await building.build("small", interrupt)
    reported: list[str] = []
    await building.build("small", lambda progress: reported.append(progress.name))
    assert list(dict.fromkeys(reported)) == ["create a PostgreSQL cluster", "load some fruit", "make the notes"]
    assert list((scratch / "b").iterdir()) == []


async def test_of_two_builders_one_builds_and_the_other_waits(scratch: Path) -> None:
    from small_recipe import small

    def builder() -> ProcessEnvironments:
        return ProcessEnvironments([small()], cache_dir=scratch / "both", run_dir=scratch / "b", installation_id="t")

    reports: list[list[str]] = [[], []]
    await asyncio.gather(
        *(builder().build("small", lambda progress, mine=mine: mine.append(progress.name)) for mine in reports)
    )
    assert sorted(len(set(mine)) for mine in reports)[0] == 0


async def test_a_build_that_fails_says_what_failed_and_what_the_tool_said(scratch: Path) -> None:
    from small_recipe import small

    requirements = scratch / "requirements.lock"
    requirements.write_text(f"no-such-package-of-rolldeck==1.0 --hash=sha256:{'0' * 64}\n")
    building = ProcessEnvironments([small(requirements)], cache_dir=scratch / "f", run_dir=None, installation_id="t")
    with pytest.raises(TemplateError, match=r"install a small application(.|\n)*no-such-package-of-rolldeck"):
        await building.build("small", lambda _: None)
    assert list((scratch / "f" / "templates").glob("*.partial")) == []


async def test_closing_while_environments_are_made_leaves_none_and_later_ones_are_refused(
    environments: ProcessEnvironments, scratch: Path
) -> None:
    from small_recipe import small

    closing = ProcessEnvironments(
        [small()], cache_dir=scratch / "cache", run_dir=scratch / "closing", installation_id="closing"
    )
    await closing.start()
    making = [asyncio.create_task(closing.provision("small", f"r{number}")) for number in range(3)]
    await asyncio.wait(making, timeout=0.1)
    await closing.close()
    await asyncio.gather(*making, return_exceptions=True)
    with pytest.raises(EnvironmentFailure, match="closed"):
        await closing.provision("small", "later")
    assert list((scratch / "closing").iterdir()) == []
