"""From what is stored to what the API gives."""

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from rolldeck.api.schemas import Counts, RolloutView, StepView, TaskDetail, TaskSummary
from rolldeck.domain.rollout import Rollout, Step
from rolldeck.domain.task import Task
from rolldeck.storage.port import StoredTask, TaskCounts, Tasks


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


def task_summary(stored: StoredTask) -> TaskSummary:
    """A task as it stands in a list."""
    task = stored.task
    return TaskSummary(
        id=task.id,
        version=task.version,
        task=task.task,
        environment=task.environment,
        tags=list(task.tags),
        has_solution=bool(task.solution),
        counts=counts_view(stored.counts),
        updated_at=stored.updated_at,
    )


def task_detail(stored: StoredTask) -> TaskDetail:
    """A task, whole."""
    return TaskDetail(
        task=stored.task,
        version=stored.task.version,
        counts=counts_view(stored.counts),
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


async def rollout_views(rollouts: Sequence[Rollout], tasks: Tasks, known: Iterable[Task] = ()) -> list[RolloutView]:
    """Rollouts with the answers that their versions of the tasks expect, in the order given.

    ``known`` are tasks that need not be read once more.
    """
    answers = {(task.id, task.version): task.answer for task in known}
    missing = {(rollout.task_id, rollout.task_version) for rollout in rollouts} - answers.keys()
    answers |= await tasks.answers(missing)
    return [_rollout_view(rollout, answers[rollout.task_id, rollout.task_version]) for rollout in rollouts]


def _rollout_view(rollout: Rollout, expected: JsonValue) -> RolloutView:
    verdict = rollout.verdict
    return RolloutView(
        id=rollout.id,
        task_id=rollout.task_id,
        task_version=rollout.task_version,
        agent=rollout.agent,
        status=rollout.status,
        stop_reason=rollout.stop_reason,
        success=None if verdict is None else verdict.success,
        reward=None if verdict is None else verdict.reward,
        answer_text=rollout.answer_text,
        expected=expected,
        verdict=verdict,
        errors=list(rollout.errors),
        timings=list(rollout.timings),
        steps=rollout.steps,
        seconds=rollout.seconds,
        cancel_requested=rollout.cancel_requested,
        video_url=None if rollout.video is None else f"/api/rollouts/{rollout.id}/video",
        created_at=rollout.created_at,
        started_at=rollout.started_at,
        finished_at=rollout.finished_at,
    )


def step_view(rollout_id: str, step: Step) -> StepView:
    """A step with the address of its screenshot."""
    return StepView(
        index=step.index,
        offset=step.offset,
        url=step.url,
        screenshot_url=f"/api/rollouts/{rollout_id}/steps/{step.index}/screenshot",
        message=step.message,
        actions=list(step.actions),
        agent_seconds=step.agent_seconds,
        action_seconds=step.action_seconds,
        at=step.at,
    )
