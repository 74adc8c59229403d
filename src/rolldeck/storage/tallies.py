"""What the rest of Rolldeck knows of counting rollouts. Every method is one transaction; days are UTC's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from rolldeck.domain.status import Status


@dataclass(frozen=True)
class Scope:
    """Which rollouts are counted; what is None does not narrow. ``since`` and ``until`` are about when they were queued, ``tag`` is one of
    those of the version of the task that was tried.
    """

    batch_id: str | None = None
    task_id: str | None = None
    agent: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tag: str | None = None


@dataclass(frozen=True)
class Contestant:
    """Who tries tasks: an agent, for some with a model."""

    agent: str
    model: str | None


@dataclass(frozen=True)
class Tally:
    """So many rollouts that are alike in all of this. ``error`` is the kind of the error that made them fail.

    ``task_id`` is None where tasks are not told apart.
    """

    task_id: str | None
    contestant: Contestant
    status: Status
    success: bool | None
    error: str | None
    rollouts: int


@dataclass(frozen=True)
class Taken:
    """What one completed rollout took. ``cost`` is in US dollars, None where it is not known."""

    seconds: float | None
    steps: int
    tokens: int
    cost: float | None


@dataclass(frozen=True)
class Ended:
    """How one rollout ended; ``success`` is None where it has no verdict."""

    rollout_id: str
    status: Status
    success: bool | None


class Statistics(Protocol):
    """Counts of rollouts."""

    async def tallies(self, scope: Scope) -> Sequence[Tally]:
        """Count by task and all that a ``Tally`` tells apart; a task's versions are counted together."""

    async def tallies_by_day(self, scope: Scope, first: date, last: date) -> Mapping[date, Sequence[Tally]]:
        """Count by the day that rollouts were queued on, from the first day to the last one; tasks are not told apart."""

    async def taken(self, scope: Scope, most: int) -> Mapping[Contestant, Sequence[Taken]]:
        """Return what the newest completed rollouts of each agent and model took, up to ``most`` of each."""

    async def newest_ended(self, task_ids: Sequence[str], most: int) -> Mapping[str, Sequence[Ended]]:
        """Return how the newest rollouts of each task ended, newest first, up to ``most`` of each."""
