"""A process that holds environments until it is killed: says on standard output what it holds, then waits.

python holder.py CACHE-DIR RUN-DIR INSTALLATION-ID COUNT [services]
"""

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "environments"))

from small_recipe import small
from small_services import services

from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.logs import configure_logs


async def main() -> None:
    cache_dir, run_dir, installation_id, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    recipe = services() if sys.argv[5:] == ["services"] else small()
    environments = ProcessEnvironments([recipe], cache_dir=cache_dir, run_dir=run_dir, installation_id=installation_id)
    await environments.start()
    held = await asyncio.gather(*(environments.provision("small", f"held-{index}") for index in range(count)))
    print(json.dumps([environment.origin for environment in held]), flush=True)  # noqa: T201
    await asyncio.Event().wait()


configure_logs("info")  # on standard error: the output is for what is held
asyncio.run(main())
