"""How many rollouts each choice of a list's filters would show, out of tallies: nothing is counted again for each choice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from rolldeck.domain.task import Task
from rolldeck.storage.port import RolloutFilter
from rolldeck.storage.tallies import Tally

MOST_CHOICES = 200
"""Of one facet; those with the most rollouts."""


class FacetChoice(BaseModel):
    """A value that a list can be narrowed to, and how many rollouts it would show then."""

    value: str
    rollouts: int


class Facets(BaseModel):
    """What a list of rollouts can be narrowed to, the choices with the most rollouts first, up to 200 of each facet.

    A facet's own choice narrows the others, not itself, so that another one can be chosen. ``verdict`` is ``right`` or
    ``wrong``, of completed rollouts; ``error`` the kind of the error, of failed ones. ``unheeded`` names the filters
    that these counts leave out of account.
    """

    status: list[FacetChoice]
    verdict: list[FacetChoice]
    task: list[FacetChoice]
    tag: list[FacetChoice]
    environment: list[FacetChoice]
    agent: list[FacetChoice]
    model: list[FacetChoice]
    error: list[FacetChoice]
    unheeded: list[str]


_UNHEEDED = {
    "task_version": "task_version",
    "min_seconds": "min_seconds",
    "max_seconds": "max_seconds",
    "min_cost": "min_cost",
    "max_cost": "max_cost",
    "text": "q",
}
"""Filters of single rollouts, which no counting of those that are alike knows of, by what the API calls them."""


def facets_of(tallies: Iterable[Tally], tasks: Mapping[str, Task], where: RolloutFilter) -> Facets:
    """Count what each choice would show. The tallies are those of the filter's batch, task and time; ``tasks`` has theirs."""
    wanted = _chosen(where)
    counts: dict[str, Counter[str]] = {name: Counter() for name in Facets.model_fields if name != "unheeded"}
    for tally in tallies:
        values = _values(tally, tasks)
        unmet = [name for name, allowed in wanted.items() if allowed.isdisjoint(values[name])]
        if len(unmet) > 1:
            continue
        for name in unmet or counts:
            counts[name].update(dict.fromkeys(values[name], tally.rollouts))
    listed = {
        name: [FacetChoice(value=value, rollouts=number) for value, number in counted.most_common(MOST_CHOICES)]
        for name, counted in counts.items()
    }
    unheeded = [shown for name, shown in _UNHEEDED.items() if getattr(where, name) is not None]
    return Facets(**listed, unheeded=unheeded)


def _chosen(where: RolloutFilter) -> Mapping[str, frozenset[str]]:
    """Return what is chosen, by facet; only of those of which something is."""
    single = {
        "verdict": None if where.success is None else _verdict(success=where.success),
        "tag": where.tag,
        "environment": where.environment,
        "agent": where.agent,
        "model": where.model,
        "error": where.error,
    }
    chosen = {name: frozenset({value}) for name, value in single.items() if value is not None}
    return chosen | ({"status": frozenset(map(str, where.statuses))} if where.statuses else {})


def _values(tally: Tally, tasks: Mapping[str, Task]) -> Mapping[str, Sequence[str]]:
    task = tasks.get(tally.task_id or "")
    return {
        "status": [tally.status.value],
        "verdict": [] if tally.success is None else [_verdict(success=tally.success)],
        "task": [tally.task_id or ""],
        "tag": () if task is None else task.tags,
        "environment": () if task is None else [task.environment],
        "agent": [tally.contestant.agent],
        "model": [] if tally.contestant.model is None else [tally.contestant.model],
        "error": [] if tally.error is None else [tally.error],
    }


def _verdict(*, success: bool) -> str:
    return "right" if success else "wrong"
