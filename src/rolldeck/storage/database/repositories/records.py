"""From rows of rollouts and steps to domain models."""

from pydantic import TypeAdapter, ValidationError

from rolldeck.domain.errors import StorageError
from rolldeck.domain.rollout import PhaseTiming, Rollout, RolloutError, Step, StopReason
from rolldeck.domain.status import Status
from rolldeck.domain.verdict import Verdict
from rolldeck.storage.database.models import RolloutRow, StepRow

ERRORS = TypeAdapter(tuple[RolloutError, ...])
TIMINGS = TypeAdapter(tuple[PhaseTiming, ...])


def rollout_of(row: RolloutRow) -> Rollout:
    """Return the rollout that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Rollout(
            id=row.id,
            task_id=row.task_id,
            task_version=row.task_version,
            agent=row.agent,
            status=Status(row.status),
            stop_reason=None if row.stop_reason is None else StopReason(row.stop_reason),
            answer_text=row.answer_text,
            verdict=None if row.verdict is None else Verdict.model_validate_json(row.verdict),
            errors=ERRORS.validate_json(row.errors),
            timings=TIMINGS.validate_json(row.timings),
            steps=row.steps,
            video=row.video,
            cancel_requested=row.cancel_requested,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
    except ValueError as error:
        raise StorageError(f"The stored rollout {row.id} cannot be read by this version of Rolldeck") from error


def step_of(row: StepRow) -> Step:
    """Return the step that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Step.model_validate_json(row.content)
    except ValidationError as error:
        raise StorageError(
            f"Step {row.number} of the rollout {row.rollout_id} cannot be read by this version of Rolldeck"
        ) from error
