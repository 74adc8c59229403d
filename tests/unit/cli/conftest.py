"""Rollouts as they can end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from rolldeck.domain.rollout import Phase, Rollout, RolloutError
from rolldeck.domain.status import Status
from rolldeck.domain.verdict import Verdict

STARTED = datetime(2026, 1, 1, tzinfo=UTC)

MakeRollout = Callable[..., Rollout]


@pytest.fixture
def make_rollout() -> MakeRollout:
    """Make a rollout of task ``q1`` in a status; a completed one is right unless told otherwise."""

    def make(status: Status, *, right: bool = True, task_id: str = "q1") -> Rollout:
        verdict = Verdict(reward=float(right), success=right, parsed=1, evidence=(), reason="total is 1, not 2")
        error = RolloutError(phase=Phase.AGENT, kind="AgentError", message="no [button]", retryable=False)
        return Rollout(
            id=f"id of {task_id}",
            batch_id="b1",
            task_id=task_id,
            task_version="1",
            agent="oracle",
            status=status,
            verdict=verdict if status is Status.COMPLETED else None,
            errors=(error,) if status is Status.FAILED else (),
            video=f"id of {task_id}/video.mp4" if status is Status.COMPLETED else None,
            steps=3,
            created_at=STARTED,
            started_at=STARTED,
            finished_at=STARTED + timedelta(seconds=2) if status.is_final else None,
        )

    return make
