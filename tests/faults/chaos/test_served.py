"""Everything real: the server, its workers, Superset, PostgreSQL, Chromium, the oracle; each part killed under the others."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio

from chaos.choices import Chaos, Report
from chaos.served import (
    Kind,
    ServedInstallation,
    Server,
    is_application,
    is_chromium,
    is_fork_server,
    is_postgres,
    is_renderer,
    is_worker,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
_PATIENCE_SECONDS = 300


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server with two workers; Superset's template is built by the first start, where it is not there."""
    server = Server(tmp_path_factory.mktemp("served") / "data")
    try:
        await server.start()
        yield server
    finally:
        server.remove()


@pytest_asyncio.fixture(loop_scope="module")
async def served(server: Server, chaos: Chaos) -> ServedInstallation:
    """What the server has to do in one test."""
    return ServedInstallation(server, chaos.random)


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param(is_renderer, id="a renderer"),
        pytest.param(is_chromium, id="Chromium"),
        pytest.param(is_application, id="a Superset"),
        pytest.param(is_fork_server, id="the fork server"),
        pytest.param(is_postgres, id="the environments' PostgreSQL"),
        pytest.param(is_worker, id="a worker"),
    ],
)
async def test_a_part_that_is_killed_under_rollouts_makes_none_fail_and_none_wrong(
    victim: Kind, served: ServedInstallation, chaos: Chaos, report: Report
) -> None:
    if victim in {is_chromium, is_fork_server}:
        chaos.only_in_full("this part too")
    times = chaos.times(short=1, full=5)
    await served.spawn(4 * times)
    for _ in range(times):
        await served.strike(victim)
        await asyncio.sleep(chaos.random.uniform(1, 5))
    await served.ended(_PATIENCE_SECONDS)
    report(await served.account())


async def test_rollouts_of_an_agent_that_is_wrong_stay_wrong(served: ServedInstallation, report: Report) -> None:
    await served.spawn(2, agents=("noop", "oracle"))
    await served.ended(_PATIENCE_SECONDS)
    report(await served.account())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
async def test_a_server_that_restarts_under_rollouts_loses_none(
    how: signal.Signals, served: ServedInstallation, chaos: Chaos, report: Report
) -> None:
    chaos.only_in_full("more starts of the server than the last test's")
    times = chaos.times(short=1, full=3)
    await served.spawn(4 * times)
    for _ in range(times):
        await served.acting()
        await asyncio.sleep(chaos.random.uniform(0, 3))
        served.note_fault()
        await served.server.end(how)
        await served.server.start()
    await served.ended(_PATIENCE_SECONDS)
    report(await served.account())


async def test_all_processes_killed_at_once_lose_nothing(
    served: ServedInstallation, chaos: Chaos, report: Report
) -> None:
    chaos.only_in_full("one more start of the server")
    times = chaos.times(short=1, full=3)
    await served.spawn(4 * times)
    for _ in range(times):
        await served.acting()
        await asyncio.sleep(chaos.random.uniform(0, 3))
        served.note_fault()
        for process in served.server.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        await served.server.end(signal.SIGKILL)
        await served.server.start()
    await served.ended(_PATIENCE_SECONDS)
    report(await served.account())


async def test_a_server_that_is_stopped_after_all_that_leaves_nothing(
    served: ServedInstallation, report: Report
) -> None:
    await served.spawn(4)
    await served.acting()
    served.note_fault()
    await served.server.end(signal.SIGTERM)
    await served.server.start()
    await served.ended(_PATIENCE_SECONDS)
    await served.server.end(signal.SIGTERM)
    report(await served.account(stopped=True))
