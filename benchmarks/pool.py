"""How long a rollout waits for its environment, with the warm pool and without it.

python benchmarks/pool.py [--rollouts 40] [--seconds 0.5] [--environment superset]

Rollouts come one after the other, each using its environment for ``--seconds`` (far less than a real one does: the pool
has that long to make the next), and every second one is preceded by a demand of two. The same is done with the pool turned
off, in the same run, on the same services, in turns, so that both see the same machine. Prints one JSON document:
``wait_ms`` on and off, the hits and misses of the pool, and ``ratio`` of the medians. Exit status 1 where the median with
the pool is above 10 ms.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rolldeck.environments.pool import WarmPool
from rolldeck.environments.port import Environments
from rolldeck.environments.provider import process_environments
from rolldeck.settings import Settings

TARGET_MS = 10.0
TURN = 10  # rollouts with the pool, then as many without, and so on
WAITING = 2  # rollouts that wait in the queue at any time
BUDGET = 1_000_000_000


async def wait_and_use(environments: Environments, name: str, seconds: float) -> float:
    """Return for how many milliseconds a rollout waited; use the environment and give it back."""
    asked = time.perf_counter()
    environment = await environments.provision(name, "bench")
    waited = 1000 * (time.perf_counter() - asked)
    await asyncio.sleep(seconds)
    await environment.check()
    await environment.close()
    return waited


async def until_ready(pool: WarmPool, count: int) -> None:
    async with asyncio.timeout(60):
        while pool.report().ready < count:  # noqa: ASYNC110 - a bench may ask again and again
            await asyncio.sleep(0.05)


async def measure(inner: Environments, name: str, rollouts: int, seconds: float) -> dict[str, object]:
    pool = WarmPool(inner, memory_budget_bytes=BUDGET, idle_seconds=60)
    await pool.start()
    await (await inner.provision(name, "bench-first")).close()  # starts the services that both share
    waits: dict[str, list[float]] = {"on": [], "off": []}
    while len(waits["off"]) < rollouts:
        pool.expect({name: WAITING})
        await until_ready(pool, WAITING)
        for _ in range(TURN):
            waits["on"].append(await wait_and_use(pool, name, seconds))
            pool.expect({name: WAITING})
        await until_ready(pool, WAITING)  # nothing is being made while the pool is off
        for _ in range(TURN):
            waits["off"].append(await wait_and_use(inner, name, seconds))
    report = pool.report()
    on, off = statistics.median(waits["on"]), statistics.median(waits["off"])
    return {
        "environment": name,
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
        return await measure(environments, arguments.environment, arguments.rollouts, arguments.seconds)
    finally:
        await environments.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rollouts", type=int, default=40, help="of each kind (default 40)")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a rollout uses its environment (default 0.5)")
    parser.add_argument("--environment", default="superset")
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory if memory.is_dir() else None) as directory:
        Path(directory).chmod(0o711)  # the environments' own users pass through it
        figures = asyncio.run(run(parser.parse_args(), Path(directory)))
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["within_target"] else 1)


if __name__ == "__main__":
    main()
