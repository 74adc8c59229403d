"""Stands for a Rolldeck that is killed: provisions an environment in containers, and waits.

Usage: docker_holder.py SCRATCH ENGINE BASE-IMAGE POSTGRES-IMAGE
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "environments"))

from small_containers import small_containers

from rolldeck.environments.runtimes.docker.environments import DockerEnvironments


async def hold(scratch: Path, engine: str, base: str, postgres: str) -> None:
    environments = DockerEnvironments(
        [small_containers(base, postgres)],
        cache_dir=scratch,
        run_dir=scratch / "run",
        installation_id="faults",
        engine_url=engine,
        relay_image=base,
    )
    await environments.provision("small", "held")
    sys.stdout.write("provisioned\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold(Path(sys.argv[1]), *sys.argv[2:5]))
