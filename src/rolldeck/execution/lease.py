"""Noticing that a worker lives no longer, without comparing any two clocks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog

from rolldeck.domain.errors import RolldeckError
from rolldeck.execution.loss import Losses
from rolldeck.storage.port import Released, Workers

LOOKS_PER_LEASE = 5

_log = structlog.get_logger(__name__)


@dataclass
class _Pulse:
    beats: int
    silence: float = 0.0


class LeaseWatch:
    """Adds up, for each worker, how long its beats have not changed; in seconds of the watcher's own monotonic clock.

    Only time between two looks counts in which the watcher itself could write, and of it no more than two intervals:
    whatever kept the watcher from looking may have kept the worker from beating.
    """

    def __init__(self, lease_seconds: float) -> None:
        self._lease = lease_seconds
        self._most = 2 * lease_seconds / LOOKS_PER_LEASE
        self._looked_at: float | None = None
        self._pulses: dict[str, _Pulse] = {}

    def look(self, now: float, beats: Mapping[str, int]) -> Sequence[str]:
        """Take the beats of all workers that should live, by id; return those silent for longer than the lease."""
        gap = 0.0 if self._looked_at is None else min(now - self._looked_at, self._most)
        self._looked_at = now
        before, self._pulses = self._pulses, {}
        for worker_id, count in beats.items():
            pulse = before.get(worker_id)
            silence = pulse.silence + gap if pulse is not None and pulse.beats == count else 0.0
            self._pulses[worker_id] = _Pulse(count, silence)
        return [worker_id for worker_id, pulse in self._pulses.items() if pulse.silence > self._lease]

    def could_not_write(self) -> None:
        """Let the time from the last look to the next one not count."""
        self._looked_at = None


class Watcher:
    """Looks after the leases of all workers but its own, and gives the lost ones up."""

    def __init__(
        self,
        losses: Losses,
        workers: Workers,
        *,
        lease_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        on_loss: Callable[[Released], None] = lambda _: None,
    ) -> None:
        self._losses = losses
        self._workers = workers
        self._lease_seconds = lease_seconds
        self._watch = LeaseWatch(lease_seconds)
        self._monotonic = monotonic
        self._on_loss = on_loss

    async def look(self, write: Callable[[], Awaitable[bool]], but: str | None = None) -> None:
        """Write, and then look at the others; a write that returns False ends it. Raises ``RolldeckError``."""
        try:
            if await write():
                await self._look_at_others(but)
        except RolldeckError:
            self._watch.could_not_write()
            raise

    async def _look_at_others(self, but: str | None) -> None:
        beats = {worker.id: worker.beats for worker in await self._workers.list(alive=True) if worker.id != but}
        for worker_id in self._watch.look(self._monotonic(), beats):
            why = f"its worker has given no sign of life for more than {self._lease_seconds:g} s"
            self._on_loss(await self._losses.give_up(worker_id, why, beats=beats[worker_id]))


async def watch_leases(
    losses: Losses,
    workers: Workers,
    *,
    lease_seconds: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> NoReturn:
    """Watch the workers' leases from a process that is none, until cancelled; a database that is away is waited for."""
    watcher = Watcher(losses, workers, lease_seconds=lease_seconds)

    async def write() -> bool:
        await workers.prove()
        return True

    while True:
        try:
            await watcher.look(write)
        except RolldeckError as error:
            _log.error("the workers' leases cannot be watched, trying again", error=str(error))
        await sleep(lease_seconds / LOOKS_PER_LEASE)
