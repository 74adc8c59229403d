"""From what is stored to what the API gives."""

from collections.abc import Sequence
from functools import lru_cache

from pydantic import JsonValue

from rolldeck.analytics.intervals import wilson
from rolldeck.api.schemas import (
    AttemptView,
    BatchCountsView,
    BatchView,
    Counts,
    EndedView,
    RolloutView,
    StepView,
    TaskDetail,
    TaskSummary,
    TaskVersionView,
    WorkerView,
)
from rolldeck.domain.batch import Batch, BatchCounts
from rolldeck.domain.rollout import Attempt, Rollout, Step
from rolldeck.domain.worker import Worker
from rolldeck.storage.port import StoredTask, TaskCounts, Tasks, TaskVersion
from rolldeck.storage.tallies import Ended

_TASKS_KEPT = 2_000


def counts_view(counts: TaskCounts) -> Counts:
    """A task's counts, with their total and rate."""
    return Counts(
        total=counts.total,
        live=counts.live,
        completed=counts.completed,
        succeeded=counts.succeeded,
        failed=counts.failed,
        cancelled=counts.cancelled,
        success_rate=counts.success_rate,
    )


@lru_cache(_TASKS_KEPT)
def task_summary(stored: StoredTask, recent: tuple[Ended, ...]) -> TaskSummary:
    """A task as it stands in a list. Made once for each: of a list of hundreds few have changed since it was read last."""
    task = stored.task
    return TaskSummary(
        id=task.id,
        version=stored.version,
        task=task.task,
        environment=task.environment,
        tags=list(task.tags),
        has_solution=bool(task.solution),
        counts=counts_view(stored.counts),
        interval=wilson(stored.counts.succeeded, stored.counts.completed),
        recent=[EndedView(id=each.rollout_id, status=each.status, success=each.success) for each in recent],
        updated_at=stored.updated_at,
    )


def task_detail(stored: StoredTask, versions: Sequence[TaskVersion]) -> TaskDetail:
    """A task, whole."""
    return TaskDetail(
        task=stored.task,
        version=stored.version,
        versions=[TaskVersionView(version=each.version, created_at=each.created_at) for each in versions],
        counts=counts_view(stored.counts),
        interval=wilson(stored.counts.succeeded, stored.counts.completed),
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def batch_view(batch: Batch) -> BatchView:
    """A batch, and how far it is."""
    counts = batch.counts
    return BatchView(
        id=batch.id,
        name=batch.name,
        tags=list(batch.tags),
        priority=batch.priority,
        agents=list(batch.agents),
        tasks=batch.tasks,
        repeats=batch.repeats,
        limits=batch.limits,
        budget=batch.budget,
        budget_spent=batch.budget_spent,
        tokens=batch.tokens,
        cost=batch.cost,
        extraction=batch.extraction,
        max_attempts=batch.max_attempts,
        reuse=batch.reuse,
        paused=batch.paused,
        counts=_batch_counts_view(counts),
        interval=wilson(counts.succeeded, counts.completed),
        progress=1 - counts.live / counts.total if counts.total else 1,
        mean_seconds=batch.mean_seconds,
        eta_seconds=batch.eta_seconds,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
    )


def _batch_counts_view(counts: BatchCounts) -> BatchCountsView:
    return BatchCountsView(
        total=counts.total,
        live=counts.live,
        claimed=counts.claimed,
        completed=counts.completed,
        succeeded=counts.succeeded,
        reused=counts.reused,
        failed=counts.failed,
        retryable=counts.retryable,
        cancelled=counts.cancelled,
        left_out=counts.failed + counts.cancelled,
        success_rate=counts.success_rate,
    )


async def rollout_views(rollouts: Sequence[Rollout], tasks: Tasks) -> list[RolloutView]:
    """Rollouts with the answers that their versions of the tasks expect, in the order given."""
    answers = await tasks.answers({(rollout.task_id, rollout.task_version) for rollout in rollouts})
    return [_rollout_view(rollout, answers[rollout.task_id, rollout.task_version]) for rollout in rollouts]


def _rollout_view(rollout: Rollout, expected: JsonValue) -> RolloutView:
    verdict = rollout.verdict
    return RolloutView(
        id=rollout.id,
        batch_id=rollout.batch_id,
        task_id=rollout.task_id,
        task_version=rollout.task_version,
        agent=rollout.agent,
        model=rollout.model,
        parameters=rollout.parameters,
        extraction=rollout.extraction,
        seed=rollout.seed,
        status=rollout.status,
        attempt=rollout.attempt,
        retries_left=rollout.retries_left,
        worker_id=rollout.worker_id,
        template=rollout.template,
        stop_reason=rollout.stop_reason,
        success=None if verdict is None else verdict.success,
        reward=None if verdict is None else verdict.reward,
        answer_text=rollout.answer_text,
        expected=expected,
        verdict=verdict,
        errors=list(rollout.errors),
        timings=list(rollout.timings),
        steps=rollout.steps,
        tokens=rollout.tokens,
        cost=rollout.cost,
        seconds=rollout.seconds,
        cancel_requested=rollout.cancel_requested,
        reused_from=rollout.reused_from,
        video_url=_video_url(rollout.id, rollout.attempt, rollout.video),
        created_at=rollout.created_at,
        started_at=rollout.started_at,
        finished_at=rollout.finished_at,
    )


def _video_url(rollout_id: str, attempt: int, key: str | None) -> str | None:
    return None if key is None else f"/api/rollouts/{rollout_id}/video?attempt={attempt}"


def attempt_views(rollout: Rollout, earlier: Sequence[Attempt]) -> list[AttemptView]:
    """All attempts of a rollout, in order: the earlier ones, and the one that its record tells of."""
    present = AttemptView(
        number=rollout.attempt,
        present=True,
        worker_id=rollout.worker_id,
        errors=list(rollout.errors),
        timings=list(rollout.timings),
        steps=rollout.steps,
        tokens=rollout.tokens,
        cost=rollout.cost,
        video_url=_video_url(rollout.id, rollout.attempt, rollout.video),
        started_at=rollout.started_at,
        ended_at=rollout.finished_at,
    )
    return [*(_earlier_attempt_view(rollout.id, attempt) for attempt in earlier), present]


def _earlier_attempt_view(rollout_id: str, attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        present=False,
        worker_id=attempt.worker_id,
        errors=list(attempt.errors),
        timings=list(attempt.timings),
        steps=attempt.steps,
        tokens=attempt.tokens,
        cost=attempt.cost,
        video_url=_video_url(rollout_id, attempt.number, attempt.video),
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
    )


def step_view(rollout_id: str, attempt: int, step: Step) -> StepView:
    """A step of an attempt, with the address of its screenshot."""
    return StepView(
        index=step.index,
        source=step.source,
        offset=step.offset,
        url=step.url,
        screenshot_url=f"/api/rollouts/{rollout_id}/steps/{step.index}/screenshot?attempt={attempt}",
        prompt=step.prompt,
        notice=step.notice,
        message=step.message,
        thoughts=step.thoughts,
        actions=list(step.actions),
        confirmations=list(step.confirmations),
        wait_seconds=step.wait_seconds,
        agent_seconds=step.agent_seconds,
        action_seconds=step.action_seconds,
        usage=step.usage,
        at=step.at,
    )


def worker_view(worker: Worker) -> WorkerView:
    """A worker, and what it told last."""
    return WorkerView(
        id=worker.id,
        host=worker.host,
        pid=worker.pid,
        version=worker.version,
        state=worker.state,
        alive=worker.state.is_alive,
        report=worker.report,
        started_at=worker.started_at,
        seen_at=worker.seen_at,
    )
