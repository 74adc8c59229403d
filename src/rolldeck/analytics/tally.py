"""Rollouts counted, and what a count says: a rate always with what it leaves out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from rolldeck.domain.status import Status
from rolldeck.storage.tallies import Contestant, Tally

_Key = TypeVar("_Key")


class Figure(BaseModel):
    """Base of what statistics answer with."""

    model_config = ConfigDict(frozen=True)


class LeftOut(Figure):
    """Rollouts that count in no rate: those that go on, and those that ended without a verdict."""

    live: int
    failed: int
    cancelled: int


@dataclass(frozen=True)
class Counted:
    """Rollouts by outcome: ``completed`` have a verdict, ``succeeded`` of them a right one."""

    completed: int
    succeeded: int
    left_out: LeftOut


def count(tallies: Iterable[Tally]) -> Counted:
    """Add tallies up."""
    completed = succeeded = live = failed = cancelled = 0
    for tally in tallies:
        match tally.status:
            case Status.COMPLETED:
                completed += tally.rollouts
                succeeded += tally.rollouts if tally.success else 0
            case Status.FAILED:
                failed += tally.rollouts
            case Status.CANCELLED:
                cancelled += tally.rollouts
            case _:
                live += tally.rollouts
    return Counted(completed, succeeded, LeftOut(live=live, failed=failed, cancelled=cancelled))


def grouped(tallies: Iterable[Tally], key: Callable[[Tally], _Key]) -> Mapping[_Key, list[Tally]]:
    """Return the tallies by what ``key`` says of them, in the order in which the keys appear."""
    groups: dict[_Key, list[Tally]] = {}
    for tally in tallies:
        groups.setdefault(key(tally), []).append(tally)
    return groups


def by_contestant(tallies: Iterable[Tally]) -> Mapping[Contestant, list[Tally]]:
    """Return the tallies of each agent and model, in the order of their names."""
    groups = grouped(tallies, lambda tally: tally.contestant)
    return {key: groups[key] for key in sorted(groups, key=by_name)}


def by_name(contestant: Contestant) -> tuple[str, str]:
    """Return what contestants are ordered by."""
    return contestant.agent, contestant.model or ""
