"""From rows to domain models, and what of models is JSON in a row."""

from functools import lru_cache

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from rolldeck.domain.batch import AgentChoice, Batch, BatchCounts, ModelChoice, Quota
from rolldeck.domain.errors import StorageError
from rolldeck.domain.event import LoggedEvent
from rolldeck.domain.limits import Budget, RolloutLimits
from rolldeck.domain.rollout import Attempt, PhaseTiming, Rollout, RolloutError, Step
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database.repositories.fetching import Row

ERRORS = TypeAdapter(tuple[RolloutError, ...])
TIMINGS = TypeAdapter(tuple[PhaseTiming, ...])
AGENTS = TypeAdapter(tuple[AgentChoice, ...])
TAGS = TypeAdapter(tuple[str, ...])
_SAME = (
    *("id", "batch_id", "task_id", "task_version", "agent", "model", "seed", "status", "attempt", "retries_left"),
    *("worker_id", "template", "stop_reason", "answer_text", "steps", "tokens", "cost", "video", "reused_from"),
    *("cancel_requested", "created_at", "started_at", "finished_at"),
)


def errors_of(row: Row) -> tuple[RolloutError, ...]:
    """Return the errors in the row of a rollout or an attempt."""
    return () if row["errors"] == "[]" else ERRORS.validate_json(row["errors"])


def timings_of(row: Row) -> tuple[PhaseTiming, ...]:
    """Return the timings in the row of a rollout or an attempt."""
    return () if row["timings"] == "[]" else TIMINGS.validate_json(row["timings"])


def rollout_of(row: Row) -> Rollout:
    """Return the rollout that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Rollout(
            **{name: row[name] for name in _SAME},
            parameters=from_json(row["parameters"]),
            extraction=extraction_of(row),
            verdict=None if row["verdict"] is None else Verdict.model_validate_json(row["verdict"]),
            errors=errors_of(row),
            timings=timings_of(row),
        )
    except ValueError as error:
        raise StorageError(f"The stored rollout {row['id']} cannot be read by this version of Rolldeck") from error


def attempt_of(row: Row) -> Attempt:
    """Return the attempt that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    same = ("number", "worker_id", "steps", "tokens", "cost", "video", "started_at", "ended_at")
    try:
        return Attempt(**{name: row[name] for name in same}, errors=errors_of(row), timings=timings_of(row))
    except ValueError as error:
        raise StorageError(
            f"Attempt {row['number']} of the rollout {row['rollout_id']} cannot be read by this version of Rolldeck"
        ) from error


def step_of(row: Row) -> Step:
    """Return the step that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Step.model_validate_json(row["content"])
    except ValidationError as error:
        raise StorageError(
            f"Step {row['number']} of the rollout {row['rollout_id']} cannot be read by this version of Rolldeck"
        ) from error


def batch_of(row: Row) -> Batch:
    """Return the batch that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    same = (
        "id",
        "name",
        "priority",
        "tasks",
        "repeats",
        "max_attempts",
        "reuse",
        "paused",
        "tokens",
        "created_at",
        "finished_at",
    )
    try:
        return Batch(
            **{name: row[name] for name in same},
            tags=TAGS.validate_json(row["tags"]),
            agents=AGENTS.validate_json(row["agents"]),
            limits=limits_of(row["limits"]),
            budget=budget_of(row),
            extraction=extraction_of(row),
            cost=None if row["unpriced"] else row["cost"],
            counts=BatchCounts(**{name: row[name] for name in BatchCounts.model_fields}),
            mean_seconds=row["seconds"] / row["executed"] if row["executed"] else None,
        )
    except ValueError as error:
        raise StorageError(f"The stored batch {row['id']} cannot be read by this version of Rolldeck") from error


def budget_of(row: Row) -> Budget:
    """Return the budget in a batch's row."""
    return Budget(tokens=row["budget_tokens"], cost=row["budget_cost"])


def extraction_of(row: Row) -> ModelChoice | None:
    """Return the model that reads answers, in the row of a batch or a rollout."""
    return None if row["extraction"] is None else ModelChoice.parse(row["extraction"])


@lru_cache(maxsize=256)
def limits_of(content: str) -> RolloutLimits:
    """Return the limits that were stored."""
    return RolloutLimits.model_validate_json(content)


def task_of(task_id: str, content: str) -> Task:
    """Return the task that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Task.model_validate_json(content)
    except ValidationError as error:
        raise StorageError(f"The stored task {task_id!r} cannot be read: upload its file again") from error


def worker_of(row: Row) -> Worker:
    """Return the worker that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Worker(**{**row, "report": WorkerReport.model_validate_json(row["report"])})
    except ValueError as error:
        raise StorageError(f"The stored worker {row['id']} cannot be read by this version of Rolldeck") from error


def quota_of(row: Row) -> Quota:
    """Return the quota that was stored."""
    return Quota(name=row["name"], max_running=row["max_running"], requests_per_minute=row["requests_per_minute"])


def event_of(row: Row) -> LoggedEvent:
    """Return the event that was logged. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return LoggedEvent(**{**row, "data": from_json(row["data"])})
    except ValueError as error:
        raise StorageError(f"The logged event {row['seq']} cannot be read by this version of Rolldeck") from error
