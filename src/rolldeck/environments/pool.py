"""A warm pool: environments made ready ahead of demand, so that a rollout takes one and does not wait for its own."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.domain.worker import PoolReport, ShelfReport
from rolldeck.environments.port import Environment, Environments, ProgressListener, TemplateInfo

_ESTIMATE_BYTES = 100_000_000  # of a fresh environment, until one has been measured
_LOOK_SECONDS = 5.0  # between two looks at what has aged, died or may be tried again, when nothing else happens
_DEMAND_SECONDS = 30.0  # a worker that tells nothing for so long takes nothing either: it drains, or is blocked
_SURPLUS_SECONDS = 5.0  # demand is told a moment before or after what it is about is taken
_BACK_OFF_SECONDS = 1.0
_LONGEST_BACK_OFF_SECONDS = 60.0
_PURPOSE = "ready"  # stands in names where a rollout's id stands otherwise: whose it will be is not known yet

_log = structlog.get_logger(__name__)


@dataclass
class _Shelf:
    """The environments of one name that are ready, and all that decides how many there should be."""

    name: str
    ready: deque[Environment] = field(default_factory=deque)
    making: int = 0
    bytes_each: int = _ESTIMATE_BYTES
    measured: bool = False
    demand: int = 0
    wanted_at: float | None = None
    surplus_since: float | None = None
    failures: int = 0
    retry_at: float = 0.0

    @property
    def stock(self) -> int:
        return len(self.ready) + self.making


class WarmPool:
    """Environments around other environments: hands over ready ones, and makes new ones in the background.

    It holds as many ready as there are rollouts waiting for them, ``most`` at most, in ``memory_budget_bytes`` (which
    several names share equally; 0 turns the pool off), making ``refills`` at a time while no rollout waits for its own.
    Where nothing is demanded it keeps one for ``idle_seconds`` after the last use, then none.
    """

    def __init__(
        self,
        inner: Environments,
        *,
        memory_budget_bytes: int,
        idle_seconds: float,
        most: int = 8,
        refills: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._budget = memory_budget_bytes
        self._idle_seconds = idle_seconds
        self._most = most
        self._refills = refills
        self._now = now
        self._shelves: dict[str, _Shelf] = {}
        self._waiting = 0
        self._hits = self._misses = self._discarded = 0
        self._something_changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._refilling: set[asyncio.Task[None]] = set()
        self._discarding: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start what is inside, then keep up with demand."""
        await self._inner.start()
        if self._budget > 0:
            self._keeper = asyncio.create_task(self._keep_up(), name="warm pool")

    async def templates(self) -> Sequence[TemplateInfo]:
        """Return all environments that tasks can name."""
        return await self._inner.templates()

    async def build(self, name: str, on_progress: ProgressListener) -> None:
        """Build a template; see the port."""
        await self._inner.build(name, on_progress)

    def expect(self, demand: Mapping[str, int]) -> None:
        """Adapt to the queue: what is not named is not demanded any more."""
        for name in {*demand, *self._shelves}:
            shelf = self._shelf(name)
            shelf.demand = demand.get(name, 0)
            if shelf.demand:
                shelf.wanted_at = self._now()
        self._something_changed.set()

    @property
    def blocked(self) -> str | None:
        """Why nothing can be provisioned; see the port."""
        return self._inner.blocked

    def report(self) -> PoolReport:
        """Return how it goes."""
        return PoolReport(
            ready=sum(len(shelf.ready) for shelf in self._shelves.values()),
            hits=self._hits,
            misses=self._misses,
            discarded=self._discarded,
            budget_bytes=self._budget,
            shelves=self._shelf_reports() if self._budget > 0 else (),
        )

    async def provision(self, name: str, rollout_id: str) -> Environment:
        """Hand over a ready environment that is alive and has answered in the last seconds, else make one; see the port."""
        shelf = self._shelf(name)
        shelf.wanted_at = self._now()
        self._waiting += 1
        try:
            while shelf.ready:
                environment = shelf.ready.popleft()
                if await self._is_handed_over(environment, rollout_id):
                    self._hits += 1
                    return environment
            self._misses += 1
            return await self._inner.provision(name, rollout_id)
        finally:
            self._waiting -= 1
            self._something_changed.set()

    async def reap(self) -> int:
        """Remove leftovers; see the port. What is ready is none."""
        return await self._inner.reap()

    async def close(self) -> None:
        """Make nothing more, and close all that is ready and all that was handed over. Idempotent."""
        keeper, self._keeper = self._keeper, None
        making = [*self._refilling, *([] if keeper is None else [keeper])]
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        for shelf in self._shelves.values():
            while shelf.ready:
                self._discard(shelf.ready.popleft())
        await asyncio.gather(*self._discarding)
        await self._inner.close()

    def _shelf_reports(self) -> tuple[ShelfReport, ...]:
        return tuple(
            ShelfReport(
                name=name,
                ready=len(shelf.ready),
                making=shelf.making,
                target=self._target(shelf),
                demand=shelf.demand,
                bytes_each=shelf.bytes_each,
            )
            for name, shelf in sorted(self._shelves.items())
        )

    def _shelf(self, name: str) -> _Shelf:
        return self._shelves.setdefault(name, _Shelf(name))

    async def _is_handed_over(self, environment: Environment, rollout_id: str) -> bool:
        """Return whether it is healthy and the rollout's; one that is not, or that nobody waits for any more, is discarded."""
        try:
            await environment.check(within_seconds=2 * _LOOK_SECONDS)
            await environment.assign(rollout_id)
        except EnvironmentFailure as failure:
            self._give_up(environment, failure)
            return False
        except asyncio.CancelledError:
            self._discard(environment)
            raise
        return True

    async def _keep_up(self) -> None:
        looked_at = self._now()
        while True:
            self._something_changed.clear()
            if self._now() - looked_at >= _LOOK_SECONDS:
                await self._discard_dead()
                looked_at = self._now()
            self._trim()
            self._refill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._something_changed.wait()

    def _refill(self) -> None:
        """Begin as many as may be made at once, where most is missing first."""
        while len(self._refilling) < self._refills and not self._waiting:
            short = [shelf for shelf in self._shelves.values() if self._is_short(shelf) and self._has_room(shelf)]
            if not short:
                return
            shelf = min(short, key=lambda one: one.stock / self._target(one))
            shelf.making += 1
            task = asyncio.create_task(self._make(shelf), name=f"warm pool: {shelf.name}")
            self._refilling.add(task)
            task.add_done_callback(partial(self._made, shelf))

    async def _make(self, shelf: _Shelf) -> None:
        environment = await self._inner.provision(shelf.name, _PURPOSE)
        try:
            if not shelf.measured:
                shelf.bytes_each = await environment.memory_bytes()
                shelf.measured = True
        except BaseException:
            self._discard(environment)
            raise
        shelf.ready.append(environment)

    def _made(self, shelf: _Shelf, task: asyncio.Task[None]) -> None:
        self._refilling.discard(task)
        shelf.making -= 1
        self._something_changed.set()
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            shelf.failures = 0
            return
        pause = min(_LONGEST_BACK_OFF_SECONDS, _BACK_OFF_SECONDS * 2**shelf.failures)
        shelf.failures += 1
        shelf.retry_at = self._now() + pause
        expected = isinstance(failure, EnvironmentFailure)
        _log.warning(
            "no environment could be made ready ahead, trying again later",
            environment=shelf.name,
            seconds=pause,
            error=str(failure),
            exc_info=None if expected else failure,
        )

    def _is_short(self, shelf: _Shelf) -> bool:
        return shelf.stock < self._target(shelf) and self._now() >= shelf.retry_at

    def _has_room(self, shelf: _Shelf) -> bool:
        taken = sum(one.stock * one.bytes_each for one in self._shelves.values())
        return taken + shelf.bytes_each <= self._budget

    def _target(self, shelf: _Shelf) -> int:
        """Return how many there should be: as demanded, in an equal share of the budget with others that are wanted."""
        wanted = [one for one in self._shelves.values() if self._wanted(one)]
        share = self._budget // max(1, len(wanted)) // max(1, shelf.bytes_each)
        return min(self._wanted(shelf), self._most, max(1, share))

    def _wanted(self, shelf: _Shelf) -> int:
        if shelf.wanted_at is None:
            return 0
        seconds_ago = self._now() - shelf.wanted_at
        if shelf.demand and seconds_ago < _DEMAND_SECONDS:
            return shelf.demand
        return 1 if seconds_ago < self._idle_seconds else 0

    def _trim(self) -> None:
        """Discard what has been too much for a while, or takes the room that another name needs now."""
        short_of_room = any(self._is_short(one) and not self._has_room(one) for one in self._shelves.values())
        for shelf in self._shelves.values():
            surplus = len(shelf.ready) - self._target(shelf)
            if surplus <= 0:
                shelf.surplus_since = None
                continue
            if shelf.surplus_since is None:
                shelf.surplus_since = self._now()
            if short_of_room or self._now() - shelf.surplus_since >= _SURPLUS_SECONDS:
                for _ in range(surplus):
                    self._discard(shelf.ready.popleft())

    async def _discard_dead(self) -> None:
        """Ask all that are ready, so that their hand-over need not, and what died with a shared service is made anew."""
        for shelf in list(self._shelves.values()):
            for environment in tuple(shelf.ready):
                try:
                    await environment.check(within_seconds=_LOOK_SECONDS)
                except EnvironmentFailure as failure:
                    if environment in shelf.ready:  # nobody has taken it meanwhile
                        shelf.ready.remove(environment)
                        self._give_up(environment, failure)

    def _give_up(self, environment: Environment, failure: EnvironmentFailure) -> None:
        _log.info("a ready environment had died", environment=environment.name, reason=str(failure))
        self._discard(environment)

    def _discard(self, environment: Environment) -> None:
        self._discarded += 1
        task = asyncio.create_task(self._close(environment))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def _close(self, environment: Environment) -> None:
        try:
            await environment.close()
        except EnvironmentFailure as failure:  # the reaper removes what is left of it
            _log.warning("an environment that was not used did not close", error=str(failure))
