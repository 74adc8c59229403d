"""Limits of rollouts: what holds, and what contradicts itself."""

import pytest
from pydantic import ValidationError

from rolldeck.domain.limits import RolloutLimits
from rolldeck.domain.task import Limits

TASK = Limits(steps=7, seconds=30)


def test_what_is_not_given_is_the_tasks_own():
    limits = RolloutLimits().on(TASK)
    assert (limits.steps, limits.agent_seconds, limits.tokens, limits.total_seconds) == (7, 30, None, None)


def test_what_is_given_replaces_the_tasks_own():
    limits = RolloutLimits(steps=2, agent_seconds=5, tokens=100).on(TASK)
    assert (limits.steps, limits.agent_seconds, limits.tokens) == (2, 5, 100)


@pytest.mark.parametrize(
    ("contradiction", "words"),
    [
        ({"agent_seconds": 60, "total_seconds": 50}, r"agent_seconds \(60\) is more than total_seconds \(50\)"),
        ({"provision_seconds": 30, "browser_seconds": 20, "total_seconds": 50}, "leaves the agent no time"),
    ],
)
def test_limits_that_contradict_each_other_are_refused_by_name(contradiction, words):
    with pytest.raises(ValidationError, match=words):
        RolloutLimits.model_validate(contradiction)
