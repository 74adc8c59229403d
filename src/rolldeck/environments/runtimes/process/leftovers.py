"""Finding and removing what a session left: the processes that name its directory, then the directory itself.

A process is found by its command line or, of a service, its variables, which name the session's directory (a path that
no other session ever has), so that a process id which the system has given to somebody else meanwhile is never mistaken for one of ours.
"""

import contextlib
import shutil
import signal
import time
from pathlib import Path

import psutil

MARK = "ROLLDECK_ENVIRONMENT"
"""A variable of all that services are started with: the environment's directory, which their command lines may not name."""
TEMPLATE = "ROLLDECK_TEMPLATE"
"""A variable of theirs, too: the directory of the template whose files they share."""
FORK_SERVER = Path(__file__).with_name("forkserver.py")
_GRACE_SECONDS = 3.0


def remove_with_processes(directory: Path) -> None:
    """Kill the processes that name the directory, then remove it. Idempotent; takes a few seconds at most."""
    kill_processes(directory)
    shutil.rmtree(directory, ignore_errors=True)


def kill_processes(directory: Path, *, but: int | None = None) -> None:
    """Kill the processes that name the directory, all but the one of this id. Takes a few seconds at most."""
    patience_ends = time.monotonic() + _GRACE_SECONDS
    gives_up = patience_ends + _GRACE_SECONDS
    while (processes := _others(directory, but)) and time.monotonic() < gives_up:
        for process in processes:
            # PostgreSQL takes its shared memory along when it quits, not when it is killed.
            patient = _is_postgres(process) and time.monotonic() < patience_ends
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGQUIT if patient else signal.SIGKILL)
        psutil.wait_procs(processes, timeout=0.3)


def _others(directory: Path, but: int | None) -> list[psutil.Process]:
    return [process for process in processes_naming(directory) if process.pid != but]


def processes_naming(directory: Path) -> list[psutil.Process]:
    """Return what is alive and names the directory: nurseries, fork servers, environments, services, PostgreSQL's main process."""
    return [process for process in psutil.process_iter() if _belongs(process, f"{directory}/")]


def anything_runs_from(directory: Path) -> bool:
    """Return whether any process on this machine names something in the directory: its command line, or a service's variable."""
    prefix = f"{directory}/"
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if any(argument.startswith(prefix) for argument in process.cmdline()):
                return True
            if process.environ().get(TEMPLATE, "").startswith(prefix):  # which only its own user and root may read
                return True
    return False


def _belongs(process: psutil.Process, prefix: str) -> bool:
    try:
        command = process.cmdline()
        named = any(prefix in argument for argument in command) and (
            str(FORK_SERVER) in command or _is_postgres(process)
        )
        marked = named or process.environ().get(MARK, "").startswith(prefix)
        return marked and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _is_postgres(process: psutil.Process) -> bool:
    try:
        return process.name() == "postgres"
    except psutil.NoSuchProcess:
        return False
