"""How fast environments are there, how many live at once in how much memory, and what a cold start would cost."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol, TypedDict, runtime_checkable

import httpx2
import psutil

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput
from rolldeck.environments.port import Environment, Environments

_COLD_STARTS = 3
_MOST_ONE_BY_ONE = 24
_PAGE_SECONDS = 60
_QUESTIONS_AT_ONCE = 8


class Quantiles(TypedDict):
    """Of ``n`` measurements, in milliseconds."""

    p50: float
    p95: float
    n: int


class MemoryReport(TypedDict):
    """Of all environments at once and of what serves them, in 10⁶ bytes.

    ``processes`` is the sum of their PSS, where memory that several share is counted once; ``files`` is what lies in
    memory as files (databases, logs), ``each`` both together divided by the number of environments. ``machine`` is how
    much less memory the machine has available than before, whatever else ran on it meanwhile.
    """

    processes: float
    files: float
    total: float
    each: float
    machine: float


class DensityReport(TypedDict):
    """So many environments alive at the same time.

    ``healthy_seconds`` is from the request for all of them to the last healthy one; ``answered`` how many of them then
    answered a question through their application and another one directly, each from a database of its own, in
    ``answer_seconds`` for all; ``closed_seconds`` until nothing of them was left.
    """

    count: int
    healthy_seconds: float
    answered: int
    answer_seconds: float
    closed_seconds: float
    memory_mb: MemoryReport


class BenchReport(TypedDict):
    """Figures of one run on one machine.

    ``health_ms`` is from the request to a healthy server, ``page_ms`` from the request to the first page of somebody
    logged in, both one after the other; ``cold_health_ms`` as ``health_ms`` for the same server without the fork
    server. ``child_mb`` is the median memory that is one environment's own (10⁶ bytes) after its pages have been used;
    ``ratio`` is that of the two medians, cold to warm. ``at_once`` is of all together.
    """

    health_ms: Quantiles
    page_ms: Quantiles
    cold_health_ms: Quantiles
    parallel_seconds: float
    child_mb: float
    ratio: float
    at_once: DensityReport


@dataclass(frozen=True)
class Footprint:
    """Memory in bytes: of processes, shared memory counted once, and of files that lie in memory."""

    processes: int
    files: int


@runtime_checkable
class Measurable(Protocol):
    """What an implementation of ``Environments`` offers beyond the port, if it can be measured."""

    def pages(self, name: str) -> tuple[str, ...]:
        """Return paths of pages that a user of it opens, the landing page first."""

    def data_path(self, name: str) -> str:
        """Return a path that its application answers from its data."""

    async def cold_start(self, name: str) -> float:
        """Start its server as one does without Rolldeck, stop it, and return the seconds until it was healthy."""

    async def footprint(self) -> Footprint:
        """Return the memory of all environments and of what serves them."""


@dataclass(frozen=True)
class _Sample:
    health_seconds: float
    page_seconds: float
    memory_bytes: int


async def bench(environments: Environments, name: str, count: int) -> BenchReport:
    """Measure some environments one after the other, ``count`` at once, and a few cold starts; leaves none.

    The template must be built and the environments started. Raises ``EnvironmentFailure``.
    """
    if not isinstance(environments, Measurable):
        raise InvalidInput(f"environments of {name} cannot be measured with this runtime")
    first = await environments.provision(name, "bench-first")  # starts the servers that all share
    await first.close()
    cold = [await environments.cold_start(name) for _ in range(_COLD_STARTS)]
    async with httpx2.AsyncClient(trust_env=False) as http:
        pages, one_by_one = environments.pages(name), min(count, _MOST_ONE_BY_ONE)
        samples = [await _measure_one(environments, http, name, pages) for _ in range(one_by_one)]
        density = await _measure_at_once(environments, environments, http, name, count)
    health = [sample.health_seconds for sample in samples]
    return BenchReport(
        health_ms=_quantiles(health),
        page_ms=_quantiles([sample.page_seconds for sample in samples]),
        cold_health_ms=_quantiles(cold),
        parallel_seconds=density["healthy_seconds"],
        child_mb=round(statistics.median(sample.memory_bytes for sample in samples) / 1e6, 1),
        ratio=round(statistics.median(cold) / statistics.median(health), 1),
        at_once=density,
    )


async def _measure_one(
    environments: Environments, http: httpx2.AsyncClient, name: str, pages: tuple[str, ...]
) -> _Sample:
    asked = time.perf_counter()
    environment = await environments.provision(name, "bench")
    healthy = time.perf_counter()
    try:
        await _open(http, environment, pages[0])
        shown = time.perf_counter()
        await asyncio.gather(*(_open(http, environment, page) for page in pages))
        return _Sample(healthy - asked, shown - asked, await environment.memory_bytes())
    finally:
        await environment.close()


async def _measure_at_once(
    environments: Environments, measurable: Measurable, http: httpx2.AsyncClient, name: str, count: int
) -> DensityReport:
    available = psutil.virtual_memory().available
    async with AsyncExitStack() as undo:
        asked = time.perf_counter()
        alive = await _provision_all(environments, name, count, undo)
        healthy = time.perf_counter()
        answered = await _question_all(alive, http, measurable.data_path(name))
        asked_all = time.perf_counter()
        footprint = await measurable.footprint()
        less = available - psutil.virtual_memory().available
        closes = time.perf_counter()
    closed = time.perf_counter()
    total = footprint.processes + footprint.files
    return DensityReport(
        count=count,
        healthy_seconds=round(healthy - asked, 3),
        answered=answered,
        answer_seconds=round(asked_all - healthy, 3),
        closed_seconds=round(closed - closes, 3),
        memory_mb=MemoryReport(
            processes=_mb(footprint.processes),
            files=_mb(footprint.files),
            total=_mb(total),
            each=_mb(total / count),
            machine=_mb(less),
        ),
    )


async def _provision_all(
    environments: Environments, name: str, count: int, undo: AsyncExitStack
) -> Sequence[Environment]:
    """Ask for all at once; raises what the first one that failed raised. ``undo`` closes those that are there."""
    provisioned = await asyncio.gather(
        *(environments.provision(name, f"bench-{index}") for index in range(count)), return_exceptions=True
    )
    alive = [one for one in provisioned if not isinstance(one, BaseException)]
    undo.push_async_callback(_close_all, alive)
    for one in provisioned:
        if isinstance(one, BaseException):
            raise one
    return alive


async def _close_all(environments: Sequence[Environment]) -> None:
    await asyncio.gather(*(environment.close() for environment in environments))


async def _question_all(alive: Sequence[Environment], http: httpx2.AsyncClient, data_path: str) -> int:
    """Let each answer through its application, and say which database its own is; return how many are different."""
    some = asyncio.Semaphore(_QUESTIONS_AT_ONCE)

    async def question(environment: Environment) -> str:
        async with some:
            await _open(http, environment, data_path)
            [row] = await environment.sql(
                "data", "SELECT concat(current_database(), pg_postmaster_start_time()) AS name"
            )
            return str(row["name"])

    return len(set(await asyncio.gather(*(question(environment) for environment in alive))))


async def _open(http: httpx2.AsyncClient, environment: Environment, page: str) -> None:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
    response = await http.get(environment.origin + page, headers={"Cookie": cookies}, timeout=_PAGE_SECONDS)
    if response.status_code != httpx2.codes.OK:  # a redirect leads to the login form
        raise EnvironmentFailure(f"{page} of {environment.name} answered {response.status_code}, not a page")


def _mb(size: float) -> float:
    return round(size / 1e6, 1)


def _quantiles(seconds: list[float]) -> Quantiles:
    milliseconds = sorted(1000 * value for value in seconds)
    p95 = milliseconds[min(len(milliseconds) - 1, round(0.95 * (len(milliseconds) - 1)))]
    return Quantiles(p50=round(statistics.median(milliseconds), 1), p95=round(p95, 1), n=len(milliseconds))
