"""How fast environments in containers are there and gone, against loading everything anew each time.

python benchmarks/docker.py [--rounds 5] [--at-once 8] [--scratch 2]

On the tests' own engine (``tests/docker_engine``: Linux, root), with Superset's packages from its template for processes.
Measures a PostgreSQL with the shop's data until it answers with passwords of its own; PostgreSQL and Superset until the
first page of somebody logged in, from images of the template and, in the same run, from the plain images with all data to
load and the application to set up; so many environments at once; and how long each takes to be gone. Prints one JSON
document. Exit status 1 where a target is missed: ``postgres_ready`` 0.6 s, ``teardown`` 1 s (medians).
"""

import argparse
import asyncio
import dataclasses
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from docker_engine import DockerEngine, running_engine
from docker_engine.superset import superset_in
from rolldeck.environments.composition import Composition
from rolldeck.environments.port import Environment
from rolldeck.environments.provider import process_environments
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments
from rolldeck.settings import Settings

TARGETS = {"postgres_ready": 0.6, "teardown": 1.0}
PAGE = "/superset/welcome/"


@dataclasses.dataclass
class Times:
    """Seconds, of each kind."""

    postgres_ready: list[float] = dataclasses.field(default_factory=list)
    page: list[float] = dataclasses.field(default_factory=list)
    page_from_scratch: list[float] = dataclasses.field(default_factory=list)
    teardown: list[float] = dataclasses.field(default_factory=list)

    def medians(self) -> dict[str, float]:
        found = dataclasses.asdict(self)
        return {name: round(statistics.median(values), 3) for name, values in found.items() if values}


async def build_for_processes() -> None:
    """See to it that Superset's packages are there."""
    environments = process_environments(
        cache_dir=Settings().cache_dir, run_dir=None, installation_id=f"bench{os.getpid()}"
    )
    await environments.build("superset", lambda _: None)
    await environments.close()


def postgres_alone(recipe: Recipe) -> Recipe:
    """Return a recipe of the first recipe's PostgreSQL, with its data, and nothing else."""
    assert recipe.composition is not None
    services = tuple(service for service in recipe.composition.services if service.postgres is not None)
    return Recipe("postgres", "PostgreSQL", composition=Composition(services, web="postgres"))


async def open_page(environment: Environment) -> None:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
    async with httpx2.AsyncClient(trust_env=False, timeout=120) as http:
        answer = await http.get(environment.origin + PAGE, headers={"Cookie": cookies})
    assert answer.status_code == httpx2.codes.OK, answer.status_code


async def one(environments: DockerEnvironments, name: str, times: Times) -> None:
    asked = time.perf_counter()
    environment = await environments.provision(name, "bench")
    if name == "superset":
        await open_page(environment)
    ready = time.perf_counter()
    await environment.close()
    (times.page if name == "superset" else times.postgres_ready).append(ready - asked)
    times.teardown.append(time.perf_counter() - ready)


async def at_once(environments: DockerEnvironments, count: int) -> dict[str, float]:
    asked = time.perf_counter()
    alive = await asyncio.gather(*(environments.provision("superset", f"bench-{number}") for number in range(count)))
    await asyncio.gather(*(open_page(environment) for environment in alive))
    ready = time.perf_counter()
    memory = (await environments.footprint()).processes
    await asyncio.gather(*(environment.close() for environment in alive))
    return {
        "count": count,
        "page_seconds": round(ready - asked, 3),
        "teardown_seconds": round(time.perf_counter() - ready, 3),
        "memory_mb_each": round(memory / count / 1e6, 1),
    }


async def run(engine: DockerEngine, arguments: argparse.Namespace, run_dir: Path) -> dict[str, object]:
    await build_for_processes()
    recipe = superset_in(engine)
    environments = DockerEnvironments(
        [recipe, postgres_alone(recipe)],
        cache_dir=Settings().cache_dir / "tests",
        run_dir=run_dir,
        installation_id=f"bench{os.getpid()}",
        engine_url=engine.url,
        relay_image=engine.base,
    )
    times = Times()
    try:
        for name in ("postgres", "superset"):
            await environments.build(name, lambda _: None)
        for _ in range(arguments.rounds):
            for name in ("postgres", "superset"):
                await one(environments, name, times)
        for _ in range(arguments.scratch):
            times.page_from_scratch.append(await environments.cold_start("superset"))
        together = await at_once(environments, arguments.at_once)
    finally:
        await environments.close()
    medians = times.medians()
    return {
        "seconds": medians,
        "rounds": arguments.rounds,
        "ratio": round(medians["page_from_scratch"] / medians["page"], 1),
        "at_once": together,
        "load": os.getloadavg()[0],
        "within_targets": all(medians[name] <= target for name, target in TARGETS.items()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5, help="of each kind, one after the other (default 5)")
    parser.add_argument("--scratch", type=int, default=2, help="starts from the plain images (default 2)")
    parser.add_argument("--at-once", type=int, default=8, help="environments at the same time (default 8)")
    arguments = parser.parse_args()
    with running_engine() as engine, tempfile.TemporaryDirectory(prefix="bench-") as directory:
        figures = asyncio.run(run(engine, arguments, Path(directory)))
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["within_targets"] else 1)


if __name__ == "__main__":
    main()
