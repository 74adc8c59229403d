"""What is left of services when the process that started them is killed."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_services import services

from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.environments.runtimes.process.leftovers import processes_naming

_PATIENCE_SECONDS = 20
_HOLDER = Path(__file__).with_name("holder.py")


@pytest.mark.parametrize("with_guardian", [True, False])
async def test_services_of_a_killed_process_are_gone(scratch: Path, with_guardian: bool) -> None:
    cache, run_dir = scratch / "services-cache", scratch / f"killed-{with_guardian}"
    environments = ProcessEnvironments([services()], cache_dir=cache, run_dir=run_dir, installation_id="killed")
    await environments.build("small", lambda _: None)
    await environments.close()
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, _HOLDER, cache, run_dir, "killed", "2", "services"), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    assert len(processes_naming(run_dir)) == 4
    killed = [psutil.Process(holder.pid)]
    if not with_guardian:
        killed += [child for child in killed[0].children() if "guardian" in str(child.cmdline())]
    for process in reversed(killed):
        process.send_signal(signal.SIGKILL)
    await holder.wait()
    if not with_guardian:
        assert len(processes_naming(run_dir)) == 4, "nobody is there to end them"
        await environments.reap()
    await _until_gone(run_dir)
    await environments.close()


async def _until_gone(run_dir: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not processes_naming(run_dir) and not list(run_dir.iterdir()):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"left: {processes_naming(run_dir)}, {list(run_dir.iterdir())}")
