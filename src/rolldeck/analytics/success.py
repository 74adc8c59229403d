"""How often rollouts succeed: altogether, by agent and model, by task, by day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rolldeck.analytics.intervals import Interval, clustered, wilson
from rolldeck.analytics.tally import Figure, LeftOut, by_contestant, by_name, count, grouped
from rolldeck.storage.tallies import Contestant, Tally


class Success(Figure):
    """A success rate: succeeded of completed, null where none is completed; what is left out counts in no rate.

    ``interval`` is Wilson's (95 %): how sure the rate is if all rollouts are independent, as those of one task are.
    """

    completed: int
    succeeded: int
    rate: float | None
    interval: Interval | None
    left_out: LeftOut


class SuccessOverTasks(Success):
    """A success rate over ``tasks`` that have a completed rollout.

    ``clustered`` draws whole tasks (bootstrap, 95 %), for rollouts of one task are alike: it says how sure the rate is
    for other tasks of this kind. Null with fewer than two tasks.
    """

    tasks: int
    clustered: Interval | None


class ContestantSuccess(SuccessOverTasks):
    """The success rate of an agent, for some with a model."""

    agent: str
    model: str | None


class SuccessRates(Figure):
    """Success rates: of all rollouts together, and by agent and model."""

    total: SuccessOverTasks
    contestants: list[ContestantSuccess]


class DaySuccess(Success):
    """The success rate of the rollouts that were queued on a day (UTC)."""

    day: date


class ContestantDays(Figure):
    """Success rates of an agent, for some with a model, on the days of which it has rollouts, oldest first."""

    agent: str
    model: str | None
    days: list[DaySuccess]


class SuccessByDay(Figure):
    """Success rates of days, oldest first: of all rollouts without a gap, and by agent and model."""

    days: list[DaySuccess]
    contestants: list[ContestantDays]


class Cell(Success):
    """The success rate of an agent at a task."""

    task_id: str
    agent: str
    model: str | None


class SuccessMatrix(Figure):
    """Success rates by task and agent: those that have rollouts, in no order."""

    cells: list[Cell]


def success_rates(tallies: Sequence[Tally]) -> SuccessRates:
    """Return the rates of all and of each agent and model."""
    return SuccessRates(
        total=SuccessOverTasks(**_over_tasks(tallies)),
        contestants=[
            ContestantSuccess(agent=who.agent, model=who.model, **_over_tasks(theirs))
            for who, theirs in by_contestant(tallies).items()
        ],
    )


def success_by_day(days: Mapping[date, Sequence[Tally]]) -> SuccessByDay:
    """Return the rate of each day, also of those without rollouts, and that of each agent and model on its days."""
    in_order = sorted(days.items())
    theirs: dict[Contestant, list[DaySuccess]] = {}
    for day, its in in_order:
        for who, some in by_contestant(its).items():
            theirs.setdefault(who, []).append(DaySuccess(day=day, **_success(some)))
    return SuccessByDay(
        days=[DaySuccess(day=day, **_success(its)) for day, its in in_order],
        contestants=[
            ContestantDays(agent=who.agent, model=who.model, days=theirs[who]) for who in sorted(theirs, key=by_name)
        ],
    )


def success_matrix(tallies: Iterable[Tally]) -> SuccessMatrix:
    """Return the rate of each agent at each task that it has rollouts of."""
    cells = grouped(tallies, lambda tally: (tally.task_id, tally.contestant))
    return SuccessMatrix(
        cells=[
            Cell(task_id=task_id, agent=who.agent, model=who.model, **_success(its))
            for (task_id, who), its in cells.items()
        ]
    )


def _success(tallies: Iterable[Tally]) -> dict[str, Any]:
    counted = count(tallies)
    return {
        "completed": counted.completed,
        "succeeded": counted.succeeded,
        "rate": counted.succeeded / counted.completed if counted.completed else None,
        "interval": wilson(counted.succeeded, counted.completed),
        "left_out": counted.left_out,
    }


def _over_tasks(tallies: Sequence[Tally]) -> dict[str, Any]:
    counted = map(count, grouped(tallies, lambda tally: tally.task_id).values())
    tasks = [each for each in counted if each.completed]
    interval = clustered([each.succeeded for each in tasks], [each.completed for each in tasks])
    return {**_success(tallies), "tasks": len(tasks), "clustered": interval}
