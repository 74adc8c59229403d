"""Services that run: started in the order of their needs, waited for until they are well, and ended with all they started."""

import asyncio
import contextlib
import os
import resource
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO

import httpx2
import psutil

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.composition import Service
from rolldeck.environments.health import HealthWatch
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.composed.interior import Interior
from rolldeck.environments.runtimes.process.composed.ports import HOST
from rolldeck.environments.runtimes.process.leftovers import MARK, TEMPLATE, kill_processes
from rolldeck.environments.runtimes.process.memory import own_memory_of
from rolldeck.environments.runtimes.process.processes import kill, start

_ANSWER_SECONDS = 10.0
_STOP_SECONDS = 15.0
_END_SECONDS = 10.0
_LAST_WORDS = 2000
_MOST_LOG = 1 << 20
# Neither a log nor an application's files may fill the disk.
_LARGEST_FILE = 512 * 1024 * 1024


class RunningService:
    """One service. It dies once; nothing starts it again."""

    def __init__(self, service: Service, interior: Interior, process: Process, log: IO[bytes]) -> None:
        self.service = service
        self._interior = interior
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, service: Service, interior: Interior, account: Account | None) -> "RunningService":
        """Start it. Raises ``EnvironmentFailure`` where that is impossible."""
        port = interior.port_of(service)
        if port is not None:
            port.let_bind()
        command = [interior.fill(word, service) for word in service.command or ()]
        # Kept open: by its name the service could have put something else there when it is read.
        log = (interior.directory / f"{service.name}.log").open("a+b", buffering=0)
        try:
            process = await start(
                command,
                log=log,
                stdout=log,
                account=account,
                variables=variables_of(service, interior, account),
                directory=interior.directory_of(service),
            )
        except OSError as error:
            log.close()
            raise EnvironmentFailure(
                f"the service {service.name} cannot be started: {command[0]}: {error.strerror}; is it on this machine, "
                "and may every user run it?"
            ) from error
        _limit(process.pid, service, account)
        return cls(service, interior, process, log)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id, which is its group's, too."""
        return self._process.pid

    async def wait_until_well(self, http: httpx2.AsyncClient, account: Account | None) -> None:
        """Return once it is well. Raises ``EnvironmentFailure`` with the last of its log, if that is not in time."""
        health = self.service.health
        watch = HealthWatch(self.service.name, health, lambda answer: f"it {answer}")
        patience = min(_ANSWER_SECONDS, health.deadline_seconds)
        while (found := await self._trouble_of_health(http, account, patience)) is not None or not self.alive:
            try:
                self._expect_life()
                watch.is_not_well_yet(found)
            except EnvironmentFailure as failure:
                raise EnvironmentFailure(f"{failure}; the last of its log:\n{self._last_words()}") from failure
            await asyncio.sleep(health.interval_seconds)

    async def trouble(self, http: httpx2.AsyncClient, account: Account | None, seconds: float) -> str | None:
        """Return what is wrong with it now, None if it is well; takes so many seconds at most."""
        try:
            self._expect_life()
        except EnvironmentFailure as failure:
            return str(failure)
        found = await self._trouble_of_health(http, account, seconds)
        return None if found is None else f"the service {self.service.name} {found}"

    def _expect_life(self) -> None:
        if not self.alive:
            raise EnvironmentFailure(f"the service {self.service.name} has ended (status {self._process.returncode})")

    async def _trouble_of_health(self, http: httpx2.AsyncClient, account: Account | None, seconds: float) -> str | None:
        health, port = self.service.health, self._interior.port_of(self.service)
        if health.command is not None:
            return await self._ask_command(health.command, account, seconds)
        if port is None:
            return None
        if health.path is not None:
            return await _ask_path(http, f"http://{HOST}:{port.number}{health.path}", seconds)
        return await _ask_port(port.number, seconds)

    async def _ask_command(self, command: Sequence[str], account: Account | None, seconds: float) -> str | None:
        process = await start(
            [self._interior.fill(word, self.service) for word in command],
            account=account,
            variables=variables_of(self.service, self._interior, account),
            directory=self._interior.directory_of(self.service),
        )
        try:
            async with asyncio.timeout(seconds):
                status = await process.wait()
        except TimeoutError:
            return f"has a health command that takes more than {seconds:g} s"
        finally:
            await kill(process)
        return None if status == 0 else f"has a health command that ended with status {status}"

    def log(self, *, most_bytes: int = _MOST_LOG) -> str:
        """Return the end of what it wrote, without secrets; also after its end. Blocks for milliseconds."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - most_bytes))
        return self._interior.without_secrets(self._log.read(most_bytes).decode(errors="replace"))

    def _last_words(self) -> str:
        return self.log(most_bytes=_LAST_WORDS).strip() or "(nothing)"

    async def stop(self) -> None:
        """Ask it to end, so that what it leaves can be a template; kill it if it does not."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()

    async def kill(self) -> None:
        """Kill it with its group, and wait for its end. Raises ``EnvironmentFailure`` where it does not come."""
        self._signal(signal.SIGKILL)
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError as error:
            raise EnvironmentFailure(f"the service {self.service.name} did not end in {_END_SECONDS:g} s") from error
        finally:
            self._log.close()

    def memory_bytes(self) -> int:
        """Return the memory of its own processes; blocks for milliseconds. Raises ``psutil.NoSuchProcess``."""
        process = psutil.Process(self.pid)
        total = own_memory_of(process)
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += own_memory_of(child)
        return total

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


async def start_all(
    interior: Interior,
    account: Account | None,
    http: httpx2.AsyncClient,
    started: list[RunningService],
) -> None:
    """Start all services, each when those that it needs are well; adds each to ``started`` at once.

    Raises ``EnvironmentFailure``; what was started by then is the caller's to end.
    """
    services = {service.name: service for service in interior.composition.services}
    order = TopologicalSorter({name: service.needs for name, service in services.items()})
    order.prepare()

    async def start_one(name: str) -> None:
        running = await RunningService.start(services[name], interior, account)
        started.append(running)
        await running.wait_until_well(http, account)

    while order.is_active():
        ready = order.get_ready()
        try:
            async with asyncio.TaskGroup() as together:
                for name in ready:
                    together.create_task(start_one(name))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        order.done(*ready)


async def end_all(services: Sequence[RunningService], interior: Interior, account: Account | None) -> None:
    """Kill services and whatever they started. Raises ``EnvironmentFailure`` where something does not end."""
    if account is not None:
        await _kill_all_of(account)
    await asyncio.gather(*(service.kill() for service in services))
    if account is None:
        await asyncio.to_thread(kill_processes, interior.mark)


def variables_of(service: Service, interior: Interior, account: Account | None) -> dict[str, str]:
    """Return the variables of a service's programs: its own, where it is, and whose it is."""
    own = {name: interior.fill(text, service) for name, text in service.environment.items()}
    home = str(interior.directory_of(service))
    found_by = {MARK: f"{interior.mark}/", TEMPLATE: f"{interior.template}/"}
    return {"PATH": _path_of(account), "HOME": home, **own, **found_by}


def _path_of(account: Account | None) -> str:
    """Return where programs are looked for: where we do, but for what that user cannot enter, such as root's home."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(one for one in entries if one and (account is None or account.can_enter(Path(one, "x"))))


async def _kill_all_of(account: Account) -> None:
    """Kill whatever runs as a user that is one environment's own."""
    killer = await start(["/bin/sh", "-c", "kill -9 -1"], account=account)  # the shell kills itself, too
    await killer.wait()


async def _ask_path(http: httpx2.AsyncClient, url: str, seconds: float) -> str | None:
    try:
        response = await http.get(url, timeout=seconds)
    except httpx2.TimeoutException:
        return f"does not answer within {seconds:g} s"
    except httpx2.HTTPError as error:
        return f"does not answer: {error}"
    return None if response.status_code == httpx2.codes.OK else f"answers with status {response.status_code}"


async def _ask_port(port: int, seconds: float) -> str | None:
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(HOST, port)
    except (OSError, TimeoutError):
        return f"does not listen on the port that it was told ({port})"
    writer.close()
    return None


def _limit(pid: int, service: Service, account: Account | None) -> None:
    if not hasattr(resource, "prlimit"):  # Linux has it
        return
    limits = {resource.RLIMIT_FSIZE: _LARGEST_FILE, resource.RLIMIT_CORE: 0}
    if account is not None:  # else it would count what else this user runs
        limits[resource.RLIMIT_NPROC] = service.limits.processes
    with contextlib.suppress(ProcessLookupError, PermissionError):
        for kind, most in limits.items():
            resource.prlimit(pid, kind, (most, most))
