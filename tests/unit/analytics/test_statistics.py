"""Statistics, held to those of scipy and numpy, to what can be enumerated, and to what they must leave out."""

import itertools
import random
from collections.abc import Sequence
from datetime import date
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rolldeck.analytics.attempts import flaky_tasks, pass_at_k, pass_curves
from rolldeck.analytics.effort import efforts, failures
from rolldeck.analytics.intervals import clustered, wilson
from rolldeck.analytics.quantiles import quantile, spread
from rolldeck.analytics.success import success_by_day, success_matrix, success_rates
from rolldeck.domain.status import Status
from rolldeck.storage.tallies import Contestant, Taken, Tally

FLASH, NOOP = Contestant("gemini", "flash"), Contestant("noop", None)

trials = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def tried(
    task_id: str,
    succeeded: int,
    wrong: int = 0,
    *,
    by: Contestant = FLASH,
    failed: int = 0,
    cancelled: int = 0,
    live: int = 0,
) -> list[Tally]:
    """Tallies of one contestant at one task."""
    rows = [
        (Status.COMPLETED, True, None, succeeded),
        (Status.COMPLETED, False, None, wrong),
        (Status.FAILED, None, "ModelError", failed),
        (Status.CANCELLED, None, None, cancelled),
        (Status.RUNNING, None, None, live),
    ]
    return [Tally(task_id, by, status, success, error, number) for status, success, error, number in rows if number]


@given(trials, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilsons_interval_is_that_of_scipy(trial: tuple[int, int], confidence: float) -> None:
    expected = stats.binomtest(*trial).proportion_ci(confidence, method="wilson")
    found = wilson(*trial, confidence)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= found.low <= trial[0] / trial[1] <= found.high <= 1


def test_nothing_completed_has_no_interval() -> None:
    assert wilson(0, 0) is None


@given(trials, st.data())
def test_pass_at_k_is_one_minus_the_chance_that_all_drawn_are_wrong(
    trial: tuple[int, int], data: st.DataObject
) -> None:
    succeeded, completed = trial
    k = data.draw(st.integers(1, completed))
    assert pass_at_k(completed, succeeded, k) == pytest.approx(
        1 - stats.hypergeom.pmf(0, completed, succeeded, k), abs=1e-9
    )


@pytest.mark.parametrize(("completed", "succeeded", "k"), [(4, 1, 2), (5, 2, 3), (6, 0, 6), (6, 6, 1), (3, 2, 3)])
def test_pass_at_k_is_the_share_of_all_draws_with_a_success(completed: int, succeeded: int, k: int) -> None:
    verdicts = [True] * succeeded + [False] * (completed - succeeded)
    draws = list(itertools.combinations(verdicts, k))
    assert pass_at_k(completed, succeeded, k) == pytest.approx(sum(map(any, draws)) / len(draws))


@pytest.mark.parametrize("k", [0, 4])
def test_pass_at_k_is_not_made_up_from_too_few_rollouts(k: int) -> None:
    with pytest.raises(ValueError, match=f"pass@{k} cannot be estimated from 3"):
        pass_at_k(3, 1, k)


def test_pass_at_k_is_unbiased() -> None:
    chance = np.random.default_rng(3)
    true_rate, k = 0.3, 3
    estimates = [pass_at_k(5, int(chance.binomial(5, true_rate)), k) for _ in range(20_000)]
    assert np.mean(estimates) == pytest.approx(1 - (1 - true_rate) ** k, abs=0.01)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert quantile(sorted(values), share) == pytest.approx(np.quantile(values, share), rel=1e-9, abs=1e-9)


def test_a_spread_of_nothing_is_none() -> None:
    assert spread([]) is None
    found = spread([3, 1, 2])
    assert found is not None
    assert (found.values, found.mean, found.least, found.median, found.largest) == (3, 2, 1, 2, 3)


def some_tasks(count: int, seed: int) -> tuple[list[int], list[int]]:
    """Succeeded and completed rollouts of tasks of which some are easy and some are hard."""
    chance = random.Random(seed)
    completed = [chance.randrange(2, 20) for _ in range(count)]
    rates = [chance.betavariate(0.5, 0.5) for _ in range(count)]
    return [sum(chance.random() < rate for _ in range(n)) for n, rate in zip(completed, rates, strict=True)], completed


@pytest.mark.parametrize("count", [5, 30, 200])
def test_the_clustered_interval_is_that_of_scipys_bootstrap(count: int) -> None:
    succeeded, completed = some_tasks(count, seed=count)

    def rate(a: Sequence[float], b: Sequence[float], axis: int = -1) -> object:
        return np.sum(a, axis=axis) / np.sum(b, axis=axis)

    expected = stats.bootstrap(
        (succeeded, completed), rate, paired=True, vectorized=True, method="percentile", n_resamples=9999, rng=1
    ).confidence_interval
    found = clustered(succeeded, completed)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.04)


def test_the_clustered_interval_of_alike_rollouts_is_wider_than_wilsons_and_always_the_same() -> None:
    succeeded, completed = [50, 0, 50, 0, 50, 0], [50] * 6
    by_task, independent = clustered(succeeded, completed), wilson(150, 300)
    assert by_task is not None
    assert independent is not None
    assert by_task.high - by_task.low > 3 * (independent.high - independent.low)
    assert clustered(succeeded, completed) == by_task
    assert clustered([50], [50]) is None


def test_rates_leave_out_what_has_no_verdict_and_say_how_many_that_are() -> None:
    tallies = [*tried("a", 3, 1, failed=5, live=2), *tried("b", 0, 4, cancelled=1), *tried("a", 1, by=NOOP, failed=7)]
    rates = success_rates(tallies)
    assert (rates.total.completed, rates.total.succeeded, rates.total.rate) == (9, 4, 4 / 9)
    assert rates.total.left_out.model_dump() == {"live": 2, "failed": 12, "cancelled": 1}
    flash, noop = rates.contestants
    assert (flash.model, flash.rate, flash.tasks, flash.left_out.failed) == ("flash", 3 / 8, 2, 5)
    assert flash.clustered is not None
    assert (noop.agent, noop.rate, noop.tasks, noop.clustered) == ("noop", 1, 1, None)


def test_what_only_failed_has_no_rate() -> None:
    (cell,) = success_matrix(tried("a", 0, failed=3)).cells
    assert (cell.rate, cell.interval, cell.left_out.failed) == (None, None, 3)
    assert success_rates([]).total.rate is None


def test_days_without_rollouts_are_among_the_days() -> None:
    first, second = date(2026, 11, 1), date(2026, 11, 2)
    days = success_by_day({second: tried("a", 1, 1), first: []}).days
    assert [(day.day, day.rate) for day in days] == [(first, None), (second, 0.5)]


def test_days_are_told_apart_by_agent_where_it_has_rollouts() -> None:
    first, second = date(2026, 11, 1), date(2026, 11, 2)
    found = success_by_day({second: [*tried("a", 1), *tried("a", 0, 1, by=NOOP)], first: tried("a", 1, 1)})
    assert [(each.agent, [(day.day, day.rate) for day in each.days]) for each in found.contestants] == [
        ("gemini", [(first, 0.5), (second, 1)]),
        ("noop", [(second, 0)]),
    ]


def test_curves_leave_tasks_with_too_few_rollouts_out_and_count_them() -> None:
    (curve,) = pass_curves([*tried("a", 1, 3), *tried("b", 2, 0), *tried("c", 0, failed=9)]).curves
    points = {point.k: point for point in curve.points}
    assert list(points) == [1, 2, 3, 4]
    assert points[1].estimate == pytest.approx((0.25 + 1) / 2)
    assert points[2].estimate == pytest.approx((1 - comb(3, 2) / comb(4, 2) + 1) / 2)
    assert (points[4].estimate, points[4].tasks, points[4].too_few, points[4].interval) == (1, 1, 1, None)
    assert curve.left_out.failed == 9


def test_flaky_tasks_are_those_whose_rollouts_disagree() -> None:
    tallies = [*tried("half", 2, 2), *tried("right", 5), *tried("nearly", 4, 1, failed=2), *tried("once", 1)]
    found = flaky_tasks(tallies, most=10)
    assert [each.task_id for each in found.tasks] == ["half", "nearly"]
    verdicts = [True, True, False, False]
    pairs = list(itertools.combinations(verdicts, 2))
    assert found.tasks[0].disagreement == pytest.approx(sum(a != b for a, b in pairs) / len(pairs))
    assert (found.tasks[1].left_out.failed, found.agreeing, found.too_few) == (2, 1, 1)
    assert len(flaky_tasks(tallies, most=1).tasks) == 1


def test_effort_says_of_how_many_it_tells() -> None:
    tallies = [*tried("a", 5, 5, failed=1), *tried("a", 1, by=NOOP)]
    samples = {FLASH: [Taken(2.0, 4, 100, 0.5), Taken(4.0, 6, 300, None)], NOOP: [Taken(None, 1, 0, None)]}
    flash, noop = efforts(tallies, samples).contestants
    assert (flash.completed, flash.sampled, flash.left_out.failed) == (10, 2, 1)
    assert flash.seconds is not None
    assert flash.tokens is not None
    assert flash.cost is not None
    assert (flash.cost.values, flash.cost.mean) == (1, 0.5)
    assert (flash.seconds.median, flash.tokens.mean) == (3, 200)
    assert (noop.seconds, noop.tokens, noop.cost) == (None, None, None)


def test_failures_are_counted_by_their_kind() -> None:
    found = failures([*tried("a", 1, failed=2), *tried("b", 1, failed=3), *tried("b", 0, by=NOOP, failed=1, live=4)])
    assert [(each.error, each.agent, each.rollouts) for each in found.failures] == [
        ("ModelError", "gemini", 5),
        ("ModelError", "noop", 1),
    ]
    assert (found.failed, found.ended) == (6, 8)


def test_pass_at_k_of_a_single_task_has_the_interval_of_its_rate() -> None:
    (curve,) = pass_curves(tried("a", 3, 5)).curves
    rate = wilson(3, 8)
    assert rate is not None
    for point in curve.points:
        assert point.interval is not None
        assert point.interval.low == pytest.approx(1 - (1 - rate.low) ** point.k)
        assert point.interval.high == pytest.approx(max(point.estimate, 1 - (1 - rate.high) ** point.k))
        assert point.interval.low <= point.estimate
