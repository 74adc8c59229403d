"""What is left of environments when processes die that should not."""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest
import pytest_asyncio

from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.environments.runtimes.process.leftovers import processes_naming
from rolldeck.environments.runtimes.process.session import default_run_dir

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "environments"))

from small_recipe import small

pytestmark = pytest.mark.asyncio(loop_scope="module")
_PATIENCE_SECONDS = 20
_HOLDER = Path(__file__).with_name("holder.py")


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-", dir=default_run_dir()) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cache(scratch: Path) -> Path:
    """A cache that holds the small recipe's template."""
    building = ProcessEnvironments(
        [small()], cache_dir=scratch / "cache", run_dir=scratch / "building", installation_id="tests"
    )
    await building.build("small", lambda _: None)
    return scratch / "cache"


Open = Callable[[str], Awaitable[ProcessEnvironments]]


@pytest_asyncio.fixture(loop_scope="module")
async def opened(cache: Path, scratch: Path) -> AsyncIterator[Open]:
    """Start environments of an installation whose run directory has its name; close them at the end."""
    started = []

    async def start(installation_id: str) -> ProcessEnvironments:
        environments = ProcessEnvironments(
            [small()], cache_dir=cache, run_dir=scratch / installation_id, installation_id=installation_id
        )
        started.append(environments)
        await environments.start()
        return environments

    yield start
    for environments in started:
        await environments.close()


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
    assert len(processes_naming(holder.session)) == 5  # three environments, their fork server, PostgreSQL
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


@pytest.mark.parametrize("victim", ["postgres", "python"])
async def test_when_a_shared_service_dies_the_next_environment_starts_it_again(
    opened: Open, scratch: Path, victim: str
) -> None:
    environments = await opened(victim)
    bereaved = await environments.provision("small", "before")
    [session] = (scratch / victim).iterdir()
    parents = {process.ppid() for process in processes_naming(session)}
    service = [
        process
        for process in processes_naming(session)
        if process.name().startswith(victim) and (victim == "postgres" or process.pid in parents)
    ]
    [service] = service
    service.send_signal(signal.SIGKILL)
    await eventually(lambda: not service.is_running() or service.status() == psutil.STATUS_ZOMBIE)
    following = await environments.provision("small", "after")
    assert await answers(following.origin)
    assert len(await following.sql("data", "SELECT * FROM fruit")) == 3
    await bereaved.close()
    assert await answers(following.origin)
    await environments.close()
    assert list((scratch / victim).iterdir()) == []


async def test_when_the_guardian_dies_the_next_environment_gets_another(opened: Open) -> None:
    environments = await opened("five")

    def guardians() -> list[psutil.Process]:
        children = psutil.Process().children()
        return [child for child in children if any("guardian" in part for part in child.cmdline())]

    [first] = guardians()
    first.kill()
    await eventually(lambda: not guardians())
    await (await environments.provision("small", "rollout")).close()
    assert len(guardians()) == 1
    await environments.close()
    assert guardians() == []
