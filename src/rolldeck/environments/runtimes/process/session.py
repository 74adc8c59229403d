"""A session: the directory that everything of one Rolldeck process lives in, and who removes it if that process dies.

The directory's name carries the installation's id. A lock on a file in it says that its process lives: the system
releases that however the process ends, and no process id has to be trusted.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.process.accounts import service_account
from rolldeck.environments.runtimes.process.leftovers import remove_with_processes
from rolldeck.environments.runtimes.process.processes import kill
from rolldeck.owned_directory import is_abandoned, make_owned

_GUARDIAN_START_SECONDS = 20
_GUARDIAN_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG")  # no secret is in these


class Session:
    """A live session's directory, its lock and its guardian."""

    def __init__(self, directory: Path, lock: int) -> None:
        self.directory = directory
        self._lock = lock
        self._owned: set[str] = set()
        self._guardian: asyncio.subprocess.Process | None = None
        self._guarding = asyncio.Lock()

    @classmethod
    def create(cls, run_dir: Path, tag: str) -> "Session":
        """Make the directory, locked before it gets the name that a reaper looks for. Raises ``EnvironmentFailure``."""
        account = service_account()
        run_dir.mkdir(parents=True, exist_ok=True)
        if account is not None and not account.can_enter(run_dir / "session"):
            raise EnvironmentFailure(
                f"environments run without root's rights and cannot enter {run_dir}: set ROLLDECK_RUN_DIR to a "
                "directory that every user may enter"
            )
        name = f"rolldeck-{tag}-{os.getpid()}-{secrets.token_hex(3)}"
        # Others may pass through to what is theirs.
        return cls(run_dir / name, make_owned(run_dir / name, mode=0o711))

    def make_directory(self, *names: str, mode: int) -> Path:
        """Make a directory in the session, with exactly this mode; its (first) name is owned from then on."""
        self._owned.add(names[0])
        directory = self.directory.joinpath(*names)
        directory.mkdir(parents=True)
        directory.chmod(mode)
        return directory

    def disown(self, name: str) -> None:
        """Say that what carries this name has been given up: what is left of it is the reaper's. Idempotent."""
        self._owned.discard(name)

    def without_owner(self, names: Iterable[str]) -> list[str]:
        """Return which names nobody owns. The names must have been found before the call, not while it goes on."""
        return [name for name in names if name not in self._owned]

    async def reap(self) -> int:
        """Remove directories in the session that nobody owns, with the processes that name them; return how many."""
        found = await asyncio.to_thread(lambda: [entry.name for entry in self.directory.iterdir() if entry.is_dir()])
        given_up = self.without_owner(found)
        for name in given_up:
            await asyncio.to_thread(remove_with_processes, self.directory / name)
        return len(given_up)

    async def guard(self) -> None:
        """See to it that one guardian watches. Raises ``EnvironmentFailure`` where none can be started."""
        # Never two of them: the end of the one that nobody holds would be the session's.
        async with self._guarding:
            if self._guardian is None or self._guardian.returncode is not None:
                self._guardian = await self._start_guardian()

    async def _start_guardian(self) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "rolldeck.environments.runtimes.process.guardian", str(self.directory))
        guardian = await asyncio.create_subprocess_exec(
            *command,
            env={name: os.environ[name] for name in _GUARDIAN_VARIABLES if name in os.environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is Rolldeck's to handle
        )
        assert guardian.stdout is not None  # noqa: S101
        try:
            async with asyncio.timeout(_GUARDIAN_START_SECONDS):
                started = await guardian.stdout.readline()
        except BaseException as error:
            await kill(guardian)  # before its standard input ends, which would be taken for our end
            if isinstance(error, TimeoutError):
                raise EnvironmentFailure("the process that cleans up after Rolldeck did not start in time") from error
            raise
        if not started:
            raise EnvironmentFailure("the process that cleans up after Rolldeck did not start; see the log above")
        return guardian

    async def close(self) -> None:
        """Remove the directory and whatever still runs from it; end the guardian. Idempotent."""
        await asyncio.to_thread(remove_with_processes, self.directory)
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            await self._guardian.wait()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def reap(run_dir: Path, tag: str) -> int:
    """Remove the sessions of this installation whose process is gone; return how many there were."""
    abandoned = [directory for directory in run_dir.glob(f"rolldeck-{tag}-*") if is_abandoned(directory)]
    for directory in abandoned:
        remove_with_processes(directory)
    return len(abandoned)
