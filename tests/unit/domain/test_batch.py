"""Batches: what may be asked for, and when one will have ended; and what a failed attempt means."""

import pytest
from pydantic import ValidationError

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.reuse import reuse_key
from rolldeck.domain.rollout import Phase, RolloutError, event_of_failure
from rolldeck.domain.status import Event

NOOP = AgentChoice(agent="noop")


def test_a_batch_is_tasks_times_agents_times_repeats():
    assert BatchSpec(task_ids=("1", "2"), agents=(NOOP, AgentChoice(agent="oracle")), repeats=3).total == 12


def test_a_batch_of_more_rollouts_than_allowed_is_refused_with_their_number():
    with pytest.raises(ValidationError, match="11000 rollouts are more than one batch may hold"):
        BatchSpec(task_ids=tuple(map(str, range(11))), agents=(NOOP,), repeats=1000)


def test_a_task_that_is_named_twice_is_refused():
    with pytest.raises(ValidationError, match="named more than once"):
        BatchSpec(task_ids=("1", "1"), agents=(NOOP,))


def error(*, retryable: bool) -> RolloutError:
    return RolloutError(phase=Phase.AGENT, kind="SomeError", message="it broke", retryable=retryable)


@pytest.mark.parametrize(
    ("errors", "retries_left", "event"),
    [
        ([error(retryable=True)], 1, Event.REQUEUED),
        ([error(retryable=True)], 0, Event.ERROR),
        ([error(retryable=False), error(retryable=True)], 1, Event.ERROR),
        ([], 1, Event.ERROR),
    ],
)
def test_only_the_deciding_error_says_whether_another_attempt_follows(errors, retries_left, event):
    assert event_of_failure(errors, retries_left) is event


def test_whatever_a_result_may_follow_from_changes_the_key_of_its_reuse():
    identity = {
        "task_id": "1",
        "task_version": "v",
        "template": "t",
        "agent": "a",
        "model": None,
        "extraction": None,
        "seed": 0,
    }
    key = reuse_key(**identity, parameters={"x": 1, "y": 2})
    assert key == reuse_key(**identity, parameters={"y": 2, "x": 1})
    others = [reuse_key(**{**identity, name: "other"}, parameters={"x": 1, "y": 2}) for name in identity]
    assert len({key, *others, reuse_key(**identity, parameters={})}) == len(identity) + 2
