"""Starting processes with nothing of Rolldeck's own environment in them, and never leaving one behind."""

import asyncio
import contextlib
import resource
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import structlog

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.process.accounts import Account

_KEPT_OUTPUT_LINES = 25
_LINE_LIMIT = 1 << 20
_OPEN_FILES = 16384

_log = structlog.get_logger(__name__)


def allow_many_open_files() -> None:
    """Let this process and those that it starts have as many files open as hundreds of environments need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class CommandFailed(EnvironmentFailure):
    """A program ended with an error; the message holds the last lines that it wrote."""


async def start(
    command: Sequence[str | Path],
    *,
    log: IO[bytes] | int = DEVNULL,
    stdin: int = DEVNULL,
    stdout: IO[bytes] | int = DEVNULL,
    account: Account | None = None,
    variables: Mapping[str, str] | None = None,
    directory: str | Path = "/",
) -> Process:
    """Start a program in a session of its own, so that a Ctrl-C in the terminal is Rolldeck's to handle."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=stdin,
        stdout=stdout,
        stderr=log,
        cwd=directory,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(variables or {})},
        start_new_session=True,
        umask=0o022,
        limit=_LINE_LIMIT,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
    )


async def run(
    command: Sequence[str | Path],
    *,
    text: str = "",
    on_line: Callable[[str], None] = lambda _: None,
    account: Account | None = None,
    variables: Mapping[str, str] | None = None,
    directory: str | Path = "/",
) -> None:
    """Run a program to its end, handing over each line that it writes.

    Raises ``CommandFailed``. Kills the program if cancelled.
    """
    process = await start(
        command,
        stdin=PIPE,
        stdout=PIPE,
        log=asyncio.subprocess.STDOUT,
        account=account,
        variables=variables,
        directory=directory,
    )
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    last_lines: list[str] = []
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(text.encode())
            await process.stdin.drain()
        process.stdin.close()
        async for line in process.stdout:
            readable = line.decode(errors="replace").rstrip()
            last_lines = [*last_lines, readable][-_KEPT_OUTPUT_LINES:]
            _log.debug(readable, program=Path(command[0]).name)
            on_line(readable)
        if await process.wait() != 0:
            raise CommandFailed(f"{Path(command[0]).name} failed:\n" + "\n".join(last_lines))
    finally:
        await kill(process)


async def kill(process: Process) -> None:
    """Kill a process, if it still runs, and wait for its end."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
