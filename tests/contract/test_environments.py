"""What every implementation of ``Environments`` promises: the runtimes themselves, and the warm pool around one."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import psutil
import pytest
import pytest_asyncio

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput, VerificationError
from rolldeck.environments.pool import WarmPool
from rolldeck.environments.port import Environment, Environments
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments
from rolldeck.environments.runtimes.places import default_run_dir
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "environments"))

from small_containers import small_containers
from small_recipe import small
from small_services import services

from docker_engine import DockerEngine

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["process", "services", "warm pool", "docker"])
async def environments(request: pytest.FixtureRequest) -> AsyncIterator[Environments]:
    engine = request.getfixturevalue("docker_engine") if request.param == "docker" else None
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-", dir=default_run_dir()) as directory:
        Path(directory).chmod(0o755)
        made = (
            in_processes(Path(directory), request.param) if engine is None else in_containers(Path(directory), engine)
        )
        if request.param == "warm pool":
            made = WarmPool(made, memory_budget_bytes=10**9, idle_seconds=60)
        await made.build("small", lambda _: None)
        await made.start()
        yield made
        await made.close()
        await made.close()
        assert list(Path(directory, "run").iterdir()) == []
        if engine is not None:
            assert engine.docker("ps", "-aq") == engine.docker("network", "ls", "-q", "--filter=type=custom") == ""


def in_processes(directory: Path, kind: str) -> Environments:
    return ProcessEnvironments(
        [services() if kind == "services" else small()],
        cache_dir=directory / "cache",
        run_dir=directory / "run",
        installation_id=f"contract{os.getpid()}"[:12],
    )


def in_containers(directory: Path, engine: DockerEngine) -> Environments:
    return DockerEnvironments(
        [small_containers(engine.base, engine.postgres)],
        cache_dir=directory / "cache",
        run_dir=directory / "run",
        installation_id=f"contract{os.getpid()}"[:12],
        engine_url=engine.url,
        relay_image=engine.base,
    )


async def open_page(environment: Environment) -> httpx2.Response:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(environment.origin + "/", headers={"Cookie": cookies})


async def test_an_environment_is_logged_in_answers_queries_and_says_what_it_was_made_from(
    environments: Environments,
) -> None:
    environment = await environments.provision("small", "rollout")
    [template] = await environments.templates()
    assert (environment.name, environment.template) == ("small", template.content_hash)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", environment.origin)
    assert (await open_page(environment)).status_code == 200
    assert list(environment.databases)[:2] == ["data", "notes"]
    assert await environment.sql("data", "SELECT count(*) AS n FROM fruit") == [{"n": 3}]
    assert await environment.sql("notes", "SELECT count(*) AS n FROM note") == [{"n": 1}]
    await environment.check()
    assert 1_000_000 < await environment.memory_bytes() < 200_000_000
    await environment.close()


async def test_queries_that_are_refused_are_no_failures_of_the_environment(environments: Environments) -> None:
    environment = await environments.provision("small", "rollout")
    for database, query in (("elsewhere", "SELECT 1"), ("data", "DELETE FROM fruit"), ("notes", "DELETE FROM note")):
        with pytest.raises(VerificationError):
            await environment.sql(database, query)
    await environment.check()
    await environment.close()


async def test_an_environment_that_becomes_a_rollouts_is_as_well_as_before(environments: Environments) -> None:
    environment = await environments.provision("small", "ready")
    await environment.assign("0123-4567")
    await environment.check()
    assert (await open_page(environment)).status_code == 200
    await environment.close()


async def test_a_closed_environment_passes_no_check_and_answers_no_query(environments: Environments) -> None:
    environment = await environments.provision("small", "rollout")
    await environment.close()
    await environment.close()
    for asking in (environment.check(), environment.sql("notes", "SELECT 1"), environment.memory_bytes()):
        with pytest.raises(EnvironmentFailure):
            await asking


async def test_an_environment_whose_server_was_killed_is_a_failure_that_may_be_tried_again(
    environments: Environments,
) -> None:
    environment = await environments.provision("small", "rollout")
    other = await environments.provision("small", "other")
    port = int(environment.origin.rsplit(":", 1)[1])
    [server] = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }
    assert server is not None
    psutil.Process(server).kill()
    for asking in (environment.check(), environment.sql("data", "SELECT 1"), environment.sql("notes", "SELECT 1")):
        with pytest.raises(EnvironmentFailure) as failure:
            await asking
        assert failure.value.retryable
    await other.check()
    await asyncio.gather(environment.close(), other.close())


async def test_what_cannot_be_named_is_refused(environments: Environments) -> None:
    with pytest.raises(InvalidInput):
        await environments.build("large", lambda _: None)
    with pytest.raises(EnvironmentFailure):
        await environments.provision("large", "rollout")


async def test_environments_asked_for_at_once_are_each_their_own(environments: Environments) -> None:
    environments.expect({"small": 4})
    four = await asyncio.gather(*(environments.provision("small", f"r{number}") for number in range(4)))
    own = (
        "SELECT secret FROM own"
        if "files" in four[0].databases
        else "SELECT concat(current_database(), pg_postmaster_start_time()) AS name"
    )
    databases = [await one.sql("data", own) for one in four]
    assert len({str(rows) for rows in databases}) == len({one.origin for one in four}) == 4
    await asyncio.gather(*(one.close() for one in four))


async def test_what_lives_is_not_reaped(environments: Environments) -> None:
    environments.expect({"small": 2})
    environment = await environments.provision("small", "rollout")
    assert await environments.reap() == 0
    await environment.check()
    await environment.close()
    assert await environments.reap() == 0


async def test_every_environment_handed_over_was_either_ready_or_waited_for(environments: Environments) -> None:
    before = environments.report()
    for number in range(3):
        await (await environments.provision("small", f"r{number}")).close()
    after = environments.report()
    assert after.hits + after.misses == before.hits + before.misses + 3
