"""How fast environments are there, how much memory one takes, and what a cold start of the same server costs."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Protocol, TypedDict, runtime_checkable

import httpx2

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput
from rolldeck.environments.port import Environment, Environments

_COLD_STARTS = 3
_PAGE_SECONDS = 30


class Quantiles(TypedDict):
    """Of ``n`` measurements, in milliseconds."""

    p50: float
    p95: float
    n: int


class BenchReport(TypedDict):
    """Figures of one run on one machine.

    ``health_ms`` is from the request to a healthy server, ``page_ms`` from the request to the first page of somebody
    logged in, ``cold_health_ms`` as ``health_ms`` for the same server without the fork server; ``parallel_seconds``
    until as many environments, asked for at once, were healthy. ``child_mb`` is the median memory that is one
    environment's own (USS, 10⁶ bytes) after its pages have been used; ``ratio`` is that of the two medians, cold to warm.
    """

    health_ms: Quantiles
    page_ms: Quantiles
    cold_health_ms: Quantiles
    parallel_seconds: float
    child_mb: float
    ratio: float


@runtime_checkable
class Measurable(Protocol):
    """What an implementation of ``Environments`` offers beyond the port, if it can be measured."""

    def pages(self, name: str) -> tuple[str, ...]:
        """Return paths of pages that a user of it opens, the landing page first."""

    async def cold_start(self, name: str) -> float:
        """Start its server as one does without Rolldeck, stop it, and return the seconds until it was healthy."""


@dataclass(frozen=True)
class _Sample:
    health_seconds: float
    page_seconds: float
    memory_bytes: int


async def bench(environments: Environments, name: str, count: int) -> BenchReport:
    """Measure ``count`` environments one after the other, as many at once, and a few cold starts; leaves none.

    The template must be built and the environments started. Raises ``EnvironmentFailure``.
    """
    if not isinstance(environments, Measurable):
        raise InvalidInput(f"environments of {name} cannot be measured with this runtime")
    first = await environments.provision(name, "bench-first")  # starts the servers that all share
    await first.close()
    cold = [await environments.cold_start(name) for _ in range(_COLD_STARTS)]
    async with httpx2.AsyncClient(trust_env=False) as http:
        pages = environments.pages(name)
        samples = [await _measure_one(environments, http, name, pages) for _ in range(count)]
    health = [sample.health_seconds for sample in samples]
    return BenchReport(
        health_ms=_quantiles(health),
        page_ms=_quantiles([sample.page_seconds for sample in samples]),
        cold_health_ms=_quantiles(cold),
        parallel_seconds=round(await _measure_at_once(environments, name, count), 3),
        child_mb=round(statistics.median(sample.memory_bytes for sample in samples) / 1e6, 1),
        ratio=round(statistics.median(cold) / statistics.median(health), 1),
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


async def _measure_at_once(environments: Environments, name: str, count: int) -> float:
    asked = time.perf_counter()
    provisioned = await asyncio.gather(
        *(environments.provision(name, f"bench-{index}") for index in range(count)), return_exceptions=True
    )
    seconds = time.perf_counter() - asked
    await asyncio.gather(*(one.close() for one in provisioned if not isinstance(one, BaseException)))
    for one in provisioned:
        if isinstance(one, BaseException):
            raise one
    return seconds


async def _open(http: httpx2.AsyncClient, environment: Environment, page: str) -> None:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
    response = await http.get(environment.origin + page, headers={"Cookie": cookies}, timeout=_PAGE_SECONDS)
    if response.status_code != httpx2.codes.OK:  # a redirect leads to the login form
        raise EnvironmentFailure(f"{page} of {environment.name} answered {response.status_code}, not a page")


def _quantiles(seconds: list[float]) -> Quantiles:
    milliseconds = sorted(1000 * value for value in seconds)
    p95 = milliseconds[min(len(milliseconds) - 1, round(0.95 * (len(milliseconds) - 1)))]
    return Quantiles(p50=round(statistics.median(milliseconds), 1), p95=round(p95, 1), n=len(milliseconds))
