"""What several tries at a task are worth: pass@k, and how much tries disagree."""

from collections.abc import Sequence
from math import comb

from rolldeck.analytics.intervals import Interval, clustered, wilson
from rolldeck.analytics.tally import Figure, LeftOut, by_contestant, count, grouped
from rolldeck.storage.tallies import Tally

_SHOWN = (1, 2, 3, 4, 8, 16, 32, 64)


class PassAtK(Figure):
    """How likely at least one of ``k`` rollouts of a task succeeds, on average over tasks.

    Over the ``tasks`` that have at least ``k`` completed rollouts; ``too_few`` others have some, but fewer. ``interval``
    draws whole tasks (bootstrap, 95 %); of a single task it is Wilson's of its rate, carried over to ``k`` rollouts.
    """

    k: int
    estimate: float
    interval: Interval | None
    tasks: int
    too_few: int


class PassCurve(Figure):
    """pass@k of an agent, for some with a model, for the ``k`` that its rollouts allow."""

    agent: str
    model: str | None
    points: list[PassAtK]
    left_out: LeftOut


class PassCurves(Figure):
    """pass@k by agent and model."""

    curves: list[PassCurve]


class Flakiness(Figure):
    """How much the rollouts of an agent at one task disagree.

    ``disagreement`` is how likely two of its completed rollouts, drawn without replacement, have different verdicts:
    0 where all agree, about 0.5 and a little more at most.
    """

    task_id: str
    agent: str
    model: str | None
    completed: int
    succeeded: int
    disagreement: float
    left_out: LeftOut


class FlakyTasks(Figure):
    """The tasks whose rollouts disagree, most first; ``agreeing`` pairs of task and agent do not, ``too_few`` have one rollout."""

    tasks: list[Flakiness]
    agreeing: int
    too_few: int


def pass_at_k(completed: int, succeeded: int, k: int) -> float:
    """Return the unbiased estimate of pass@k from ``completed`` rollouts, of which there are at least ``k``.

    1 - C(n - c, k) / C(n, k): M. Chen et al., Evaluating large language models trained on code, 2021, arXiv:2107.03374.
    """
    if not 1 <= k <= completed:
        raise ValueError(f"pass@{k} cannot be estimated from {completed} rollouts")
    return 1 - comb(completed - succeeded, k) / comb(completed, k)


def pass_curves(tallies: Sequence[Tally]) -> PassCurves:
    """Return pass@k of each agent and model."""
    curves = [
        PassCurve(agent=who.agent, model=who.model, points=_points(theirs), left_out=count(theirs).left_out)
        for who, theirs in by_contestant(tallies).items()
    ]
    return PassCurves(curves=curves)


def _points(tallies: Sequence[Tally]) -> list[PassAtK]:
    counted = map(count, grouped(tallies, lambda tally: tally.task_id).values())
    tasks = [each for each in counted if each.completed]
    most = max((each.completed for each in tasks), default=0)
    alone = wilson(tasks[0].succeeded, tasks[0].completed) if len(tasks) == 1 else None
    points = []
    for k in (k for k in _SHOWN if k <= most):
        estimates = [pass_at_k(each.completed, each.succeeded, k) for each in tasks if each.completed >= k]
        estimate = sum(estimates) / len(estimates)
        points.append(
            PassAtK(
                k=k,
                estimate=estimate,
                interval=clustered(estimates) if alone is None else _at_least_one_of(k, alone, estimate),
                tasks=len(estimates),
                too_few=len(tasks) - len(estimates),
            )
        )
    return points


def _at_least_one_of(k: int, rate: Interval, estimate: float) -> Interval:
    """Return the interval of how likely one of ``k`` independent rollouts succeeds, which grows with their rate.

    It holds the estimate: that of as many rollouts as there are is 1 as soon as one of them succeeded.
    """
    return Interval(low=1 - (1 - rate.low) ** k, high=max(estimate, 1 - (1 - rate.high) ** k))


def flaky_tasks(tallies: Sequence[Tally], most: int) -> FlakyTasks:
    """Return the pairs of task and agent whose rollouts disagree most, up to ``most``."""
    found: list[Flakiness] = []
    agreeing = too_few = 0
    for (task_id, who), its in grouped(tallies, lambda tally: (tally.task_id, tally.contestant)).items():
        counted = count(its)
        wrong = counted.completed - counted.succeeded
        if counted.completed < 2:
            too_few += counted.completed
        elif not wrong or not counted.succeeded:
            agreeing += 1
        else:
            found.append(
                Flakiness(
                    task_id=task_id,
                    agent=who.agent,
                    model=who.model,
                    completed=counted.completed,
                    succeeded=counted.succeeded,
                    disagreement=counted.succeeded * wrong / comb(counted.completed, 2),
                    left_out=counted.left_out,
                )
            )
    found.sort(key=lambda each: (-each.disagreement, -each.completed, each.task_id))
    return FlakyTasks(tasks=found[:most], agreeing=agreeing, too_few=too_few)
