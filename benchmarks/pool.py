"""How long a rollout waits for its environment, with the warm pool and without it.

python benchmarks/pool.py [--rollouts 40] [--places 2] [--seconds 1] [--environment superset]

In each of ``--places`` rollouts come one after the other; each opens the first page of its environment and keeps it for
``--seconds`` (far less than a real one does: the pool has that long to make the next), while as many wait in the queue as
there are places. The same is done with the pool turned off, in the same run, on the same services, in turns, so that both
see the same machine. Prints one JSON document: ``wait_ms`` on and off, the hits and misses of the pool, and ``ratio`` of
the medians. Exit status 1 where the median with the pool is above 10 ms.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2

from rolldeck.environments.pool import WarmPool
from rolldeck.environments.port import Environments
from rolldeck.environments.provider import process_environments
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.settings import Settings

TARGET_MS = 10.0
TURN = 10  # rollouts with the pool, then as many without, and so on
BUDGET = 1_000_000_000


@dataclass(frozen=True)
class Rollouts:
    """What a rollout does with its environment."""

    name: str
    page: str
    seconds: float

    async def one(self, environments: Environments) -> float:
        """Return for how many milliseconds it waited for its environment."""
        asked = time.perf_counter()
        environment = await environments.provision(self.name, "bench")
        waited = 1000 * (time.perf_counter() - asked)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            (await http.get(environment.origin + self.page, headers={"Cookie": cookies})).raise_for_status()
        await asyncio.sleep(self.seconds)
        await environment.check()
        await environment.close()
        return waited


async def until_ready(pool: WarmPool, count: int) -> None:
    async with asyncio.timeout(60):
        while pool.report().ready < count:  # noqa: ASYNC110 - a bench may ask again and again
            await asyncio.sleep(0.05)


async def turn(environments: Environments, rollouts: Rollouts, places: int) -> list[float]:
    """Return the waits of some rollouts in these places; ``expect`` tells a pool that there are always more."""

    async def place() -> list[float]:
        waits = []
        for _ in range(TURN // places):
            environments.expect({rollouts.name: places})
            waits.append(await rollouts.one(environments))
        return waits

    return [wait for waits in await asyncio.gather(*(place() for _ in range(places))) for wait in waits]


async def measure(inner: ProcessEnvironments, rollouts: Rollouts, count: int, places: int) -> dict[str, object]:
    pool = WarmPool(inner, memory_budget_bytes=BUDGET, idle_seconds=60)
    await pool.start()
    await (await inner.provision(rollouts.name, "bench-first")).close()  # starts the services that both share
    waits: dict[str, list[float]] = {"on": [], "off": []}
    while len(waits["off"]) < count:
        pool.expect({rollouts.name: places})
        await until_ready(pool, places)
        waits["on"] += await turn(pool, rollouts, places)
        await until_ready(pool, places)  # nothing is being made while the pool is off
        waits["off"] += await turn(inner, rollouts, places)
    report = pool.report()
    await pool.close()
    on, off = statistics.median(waits["on"]), statistics.median(waits["off"])
    return {
        "environment": rollouts.name,
        "places": places,
        "wait_ms": {how: quantiles(values) for how, values in waits.items()},
        "ratio": round(off / on, 1),
        "pool": {"hits": report.hits, "misses": report.misses, "discarded": report.discarded},
        "machine": {"processors": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2)},
        "target_ms": TARGET_MS,
        "within_target": on <= TARGET_MS,
    }


def quantiles(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[round(0.95 * (len(ordered) - 1))], 2),
        "max": round(ordered[-1], 2),
        "n": len(ordered),
    }


async def run(arguments: argparse.Namespace, run_dir: Path) -> dict[str, object]:
    environments = process_environments(
        cache_dir=Settings().cache_dir, run_dir=run_dir, installation_id=f"bench{os.getpid()}"
    )
    try:
        await environments.build(arguments.environment, lambda _: None)
        await environments.start()
        page = environments.pages(arguments.environment)[0]
        rollouts = Rollouts(arguments.environment, page, arguments.seconds)
        return await measure(environments, rollouts, arguments.rollouts, arguments.places)
    finally:
        await environments.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rollouts", type=int, default=40, help="of each kind (default 40)")
    parser.add_argument("--places", type=int, default=2, help="rollouts at once (default 2)")
    parser.add_argument("--seconds", type=float, default=1, help="that a rollout keeps its environment (default 1)")
    parser.add_argument("--environment", default="superset")
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory if memory.is_dir() else None) as directory:
        Path(directory).chmod(0o711)  # the environments' own users pass through it
        figures = asyncio.run(run(parser.parse_args(), Path(directory)))
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["within_target"] else 1)


if __name__ == "__main__":
    main()
