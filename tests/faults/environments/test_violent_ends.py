"""What is left of environments when processes die that should not."""

import asyncio
import contextlib
import gc
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest
import pytest_asyncio
from small_recipe import small
from tests.faults.environments.conftest import Open

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.pool import WarmPool
from rolldeck.environments.port import Environment, Row
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.environments.runtimes.process.forkclient import ForkServer
from rolldeck.environments.runtimes.process.leftovers import processes_naming, remove_with_processes
from rolldeck.environments.runtimes.process.postgres import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")
_PATIENCE_SECONDS = 20
_AT_ONCE_SECONDS = 5
_HOLDER = Path(__file__).with_name("holder.py")


@dataclass
class Holder:
    """A process of its own that holds environments."""

    process: psutil.Process
    session: Path
    origins: list[str]

    def guardian(self) -> psutil.Process:
        [guardian] = [child for child in self.process.children() if any("guardian" in part for part in child.cmdline())]
        return guardian


Hold = Callable[[Path, str, int], Awaitable[Holder]]


@pytest_asyncio.fixture(loop_scope="module")
async def hold(cache: Path) -> AsyncIterator[Hold]:
    """Start a holder in a run directory, of an installation, with so many environments; kill it at the end."""
    started = []

    async def start(run_dir: Path, installation_id: str, count: int) -> Holder:
        before = _entries(run_dir)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, _HOLDER, cache, run_dir, installation_id, str(count)),
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(process)
        origins = json.loads(await process.stdout.readline())
        [session] = _entries(run_dir) - before
        return Holder(psutil.Process(process.pid), session, origins)

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _entries(directory: Path) -> set[Path]:
    return set(directory.glob("*"))


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await asyncio.sleep(0.1)  # what has died is noticed by this process too
        while not is_so():
            await asyncio.sleep(0.1)


async def answers(origin: str) -> bool:
    async with httpx2.AsyncClient(trust_env=False) as http:
        try:
            return (await http.get(f"{origin}/health")).status_code == 200
        except httpx2.ConnectError:
            return False


async def test_killing_rolldeck_itself_leaves_no_process_no_directory_and_no_port(hold: Hold, scratch: Path) -> None:
    holder = await hold(scratch / "r1", "one", 3)
    guardian = holder.guardian()
    assert all([await answers(origin) for origin in holder.origins])
    assert len(processes_naming(holder.session)) == 6  # three environments, fork server, nursery, PostgreSQL
    holder.process.kill()
    await eventually(lambda: not holder.session.exists())
    assert processes_naming(holder.session) == []
    assert not any([await answers(origin) for origin in holder.origins])
    await eventually(lambda: not guardian.is_running())
    assert list((scratch / "r1").iterdir()) == []


async def test_the_next_start_removes_what_was_left_when_the_guardian_was_killed_too(
    hold: Hold, cache: Path, scratch: Path
) -> None:
    dead = await hold(scratch / "r2", "two", 3)
    same_installation = await hold(scratch / "r2", "two", 1)
    other_installation = await hold(scratch / "r2", "other", 1)
    for process in (dead.guardian(), dead.process):
        process.kill()
    await eventually(lambda: not dead.process.is_running() or dead.process.status() == psutil.STATUS_ZOMBIE)
    assert dead.session.exists()
    assert processes_naming(dead.session)
    next_one = ProcessEnvironments([small()], cache_dir=cache, run_dir=scratch / "r2", installation_id="two")
    await next_one.start()
    assert not dead.session.exists()
    assert processes_naming(dead.session) == []
    for alive in (same_installation, other_installation):
        assert alive.session.exists()
        assert await answers(alive.origins[0])
    await next_one.close()


async def test_an_abandoned_session_of_another_installation_is_not_ours_to_remove(
    hold: Hold, cache: Path, scratch: Path
) -> None:
    other = await hold(scratch / "r3", "other", 1)
    for process in (other.guardian(), other.process):
        process.kill()
    await eventually(lambda: not other.process.is_running() or other.process.status() == psutil.STATUS_ZOMBIE)
    ours = ProcessEnvironments([small()], cache_dir=cache, run_dir=scratch / "r3", installation_id="ours")
    await ours.start()
    assert other.session.exists()
    await ours.close()
    its_own = ProcessEnvironments([small()], cache_dir=cache, run_dir=scratch / "r3", installation_id="other")
    await its_own.start()
    await its_own.close()
    assert list((scratch / "r3").iterdir()) == []


def service(session: Path, which: str) -> psutil.Process:
    """A session's PostgreSQL, its nursery, or the fork server that came from that."""
    processes = {process.pid: process for process in processes_naming(session)}
    if which == "PostgreSQL":
        [found] = [process for process in processes.values() if process.name() == "postgres"]
        return found
    [nursery] = [
        process for process in processes.values() if process.name() != "postgres" and process.ppid() not in processes
    ]
    [fork_server] = nursery.children()
    return nursery if which == "nursery" else fork_server


def server_of(environment: Environment) -> psutil.Process:
    """The process that listens where the environment is."""
    port = int(environment.origin.rsplit(":", 1)[1])
    [pid] = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }
    assert pid is not None
    return psutil.Process(pid)


def kill(process: psutil.Process) -> None:
    process.send_signal(signal.SIGKILL)


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def expect_retryable_failures(environment: Environment) -> None:
    """Whoever asks the environment anything is told that it has died, soon, and that another try may help."""
    async with asyncio.timeout(_AT_ONCE_SECONDS):
        with contextlib.suppress(EnvironmentFailure):
            while True:  # PostgreSQL's backends outlive it by a moment, in which they still answer
                await environment.check()
        for ask in (
            environment.check,
            lambda: environment.sql("data", "SELECT * FROM fruit"),
            lambda: environment.sql("notes", "SELECT * FROM note"),
            environment.memory_bytes,
        ):
            with pytest.raises(EnvironmentFailure) as failure:
                await ask()
            assert failure.value.retryable


@pytest.mark.parametrize("victim", ["PostgreSQL", "fork server"])
async def test_when_a_shared_service_dies_its_environments_say_so_and_the_next_one_starts_it_again(
    opened: Open, scratch: Path, victim: str
) -> None:
    name = victim.lower().replace(" ", "")[:6]
    environments = await opened(name)
    bereaved = await environments.provision("small", "before")
    [session] = (scratch / name).iterdir()
    kill(service(session, victim))
    await expect_retryable_failures(bereaved)
    started = time.monotonic()
    following = await environments.provision("small", "after")
    assert time.monotonic() - started < _PATIENCE_SECONDS
    assert await answers(following.origin)
    assert len(await following.sql("data", "SELECT * FROM fruit")) == 3
    await bereaved.close()
    await following.check()
    with pytest.raises(EnvironmentFailure):
        await bereaved.check()
    await following.close()
    assert await environments.reap() == 0
    assert len(processes_naming(session)) == 3  # the nursery, the fork server and PostgreSQL
    await environments.close()
    assert list((scratch / name).iterdir()) == []


async def test_nobody_notices_the_death_of_the_nursery_while_its_fork_server_lives(opened: Open, scratch: Path) -> None:
    environments = await opened("nursery")
    before = await environments.provision("small", "before")
    [session] = (scratch / "nursery").iterdir()
    fork_server, nursery = service(session, "fork server"), service(session, "nursery")
    kill(nursery)
    await eventually(lambda: gone(nursery))
    await before.check()
    await (await environments.provision("small", "between")).check()
    kill(fork_server)
    await expect_retryable_failures(before)
    after = await environments.provision("small", "after")
    await after.check()
    assert service(session, "nursery").pid != nursery.pid
    await environments.close()
    assert list((scratch / "nursery").iterdir()) == []


async def test_a_child_that_cannot_hear_of_its_fork_servers_death_ends_with_it_all_the_same(
    opened: Open, scratch: Path
) -> None:
    environments = await opened("deaf")
    child = server_of(await environments.provision("small", "before"))
    child.suspend()
    [session] = (scratch / "deaf").iterdir()
    kill(service(session, "fork server"))
    await eventually(lambda: len(processes_naming(session)) == 3)
    await (await environments.provision("small", "after")).check()
    assert gone(child)
    await environments.close()


async def test_when_an_environments_own_process_is_killed_only_that_environment_has_failed(
    opened: Open, scratch: Path
) -> None:
    environments = await opened("child")
    victim, neighbour = await asyncio.gather(
        environments.provision("small", "victim"), environments.provision("small", "neighbour")
    )
    kill(server_of(victim))
    await expect_retryable_failures(victim)
    await neighbour.check()
    assert len(await neighbour.sql("data", "SELECT * FROM fruit")) == 3
    await (await environments.provision("small", "next")).check()
    await victim.close()
    await environments.close()
    assert list((scratch / "child").iterdir()) == []


async def test_when_one_of_postgresqls_own_processes_crashes_nobody_is_judged_by_what_it_did_meanwhile(
    opened: Open, scratch: Path
) -> None:
    environments = await opened("backend")
    environment = await environments.provision("small", "before")
    [session] = (scratch / "backend").iterdir()
    postgres = service(session, "PostgreSQL")
    kill(next(child for child in postgres.children() if "checkpointer" in " ".join(child.cmdline())))
    await eventually(lambda: not environment._life.cluster.alive)
    await expect_retryable_failures(environment)
    await (await environments.provision("small", "after")).check()
    await environments.close()


async def test_a_query_that_postgresql_dies_under_is_no_failure_of_the_query(opened: Open, scratch: Path) -> None:
    environments = await opened("query")
    environment = await environments.provision("small", "rollout")
    [session] = (scratch / "query").iterdir()
    asking = asyncio.create_task(environment.sql("data", "SELECT pg_sleep(10)"))
    postgres = service(session, "PostgreSQL")
    await eventually(lambda: any("SELECT" in " ".join(child.cmdline()) for child in postgres.children()))
    kill(postgres)
    async with asyncio.timeout(_AT_ONCE_SECONDS):
        with pytest.raises(EnvironmentFailure):
            await asking
    await environments.close()


async def test_an_environment_that_hangs_fails_its_check_within_its_time(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = await opened("hang")
    environment = await environments.provision("small", "rollout")
    server = server_of(environment)
    server.suspend()
    monkeypatch.setattr("rolldeck.environments.runtimes.process.life._CHECK_SECONDS", 0.5)
    with pytest.raises(EnvironmentFailure, match="did not answer"):
        await environment.check()
    server.resume()
    with pytest.raises(EnvironmentFailure):
        await environment.check()
    await environment.close()


async def test_a_warm_pool_survives_the_death_of_everything_that_was_ready(opened: Open, scratch: Path) -> None:
    pool = WarmPool(await opened("pool"), memory_budget_bytes=10**9, idle_seconds=60)
    await pool.start()
    pool.expect({"small": 3})
    await eventually(lambda: pool.report().ready == 3)
    [session] = (scratch / "pool").iterdir()
    fork_server = service(session, "fork server")
    kill(fork_server)
    await eventually(lambda: gone(fork_server))
    environment = await pool.provision("small", "rollout")
    await environment.check()
    await eventually(lambda: pool.report().ready == 3)
    taken = await pool.provision("small", "next")
    await taken.check()
    assert pool.report().discarded == 3
    await pool.close()
    assert list((scratch / "pool").iterdir()) == []


async def test_what_a_failed_clean_up_left_is_removed_by_the_reaper_and_nothing_else(
    opened: Open, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = await opened("failed")
    victim, neighbour = await asyncio.gather(
        environments.provision("small", "victim"), environments.provision("small", "neighbour")
    )
    server = server_of(victim)
    [session] = (scratch / "failed").iterdir()
    with monkeypatch.context() as broken:
        broken.setattr(ForkServer, "_send", lambda *_: None)
        broken.setattr("rolldeck.environments.runtimes.process.forkclient._END_SECONDS", 0.1)
        broken.setattr(Cluster, "_administer", _refuse)
        with pytest.raises(EnvironmentFailure):
            await victim.close()
    assert not gone(server)
    assert await databases(neighbour) == {"roles": 2, "databases": 2}
    left = session / "rolldeck_failed_victim_abc"
    left.mkdir()  # as if a file in it could not be removed

    assert await environments.reap() == 3  # the child, the database with its role, the directory

    await eventually(lambda: gone(server))
    assert await databases(neighbour) == {"roles": 1, "databases": 1}
    assert not left.exists()
    await neighbour.check()
    assert await environments.reap() == 0
    await environments.close()


async def _refuse(*_: object) -> None:
    raise EnvironmentFailure("a test lets it fail")


async def databases(environment: Environment) -> Row:
    """How many there are of environments."""
    [found] = await environment.sql(
        "data",
        "SELECT (SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'rolldeck_')) AS roles, "
        "(SELECT count(*) FROM pg_database WHERE starts_with(datname, 'rolldeck_')) AS databases",
    )
    return found


async def test_a_running_rolldeck_removes_what_another_process_of_its_installation_left(
    opened: Open, hold: Hold, scratch: Path
) -> None:
    environments = await opened("shared")
    mine = await environments.provision("small", "mine")
    dead = await hold(scratch / "shared", "shared", 1)
    stranger = await hold(scratch / "shared", "stranger", 1)
    for one in (dead, stranger):
        kill(one.guardian())
        kill(one.process)
    await eventually(lambda: gone(dead.process) and gone(stranger.process))
    assert await environments.reap() == 1
    assert not dead.session.exists()
    assert processes_naming(dead.session) == []
    assert stranger.session.exists()
    assert processes_naming(stranger.session)
    await mine.check()
    remove_with_processes(stranger.session)


async def test_when_the_guardian_dies_the_next_environments_get_another_one_and_no_two(opened: Open) -> None:
    environments = await opened("five")

    def guardians() -> list[psutil.Process]:
        children = psutil.Process().children()
        return [child for child in children if any("guardian" in part for part in child.cmdline())]

    [first] = guardians()
    before = await environments.provision("small", "before")
    first.kill()
    await eventually(lambda: not guardians())
    at_once = await asyncio.gather(*(environments.provision("small", f"r{number}") for number in range(5)))
    assert len(guardians()) == 1
    gc.collect()  # a second guardian that nobody holds would end here, and take the session with it
    for environment in (before, *at_once):
        await environment.check()
    guardians()[0].kill()
    await eventually(lambda: not guardians())
    assert await environments.reap() == 0
    assert len(guardians()) == 1
    await environments.close()
    assert guardians() == []
