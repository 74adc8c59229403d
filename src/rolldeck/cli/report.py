"""What a command tells of its rollouts at the end: one JSON document, or a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field
from rich.table import Table
from rich.text import Text

from rolldeck.domain.rollout import Rollout, StopReason
from rolldeck.domain.status import Status
from rolldeck.storage.port import cassette_key


class RolloutLine(BaseModel):
    """One rollout. ``success`` and ``reward`` are null unless it is completed; ``video`` is an absolute path."""

    id: str
    task_id: str
    agent: str
    status: Status
    success: bool | None
    reward: float | None
    stop_reason: StopReason | None
    steps: int
    tokens: int
    cost: float | None = Field(description="US dollars; null where it is not known, and without a model")
    seconds: float | None
    video: Path | None
    cassette: Path | None = Field(description="what the model was asked and answered, where that was kept")
    error: str | None

    @classmethod
    def of(cls, rollout: Rollout, artifacts: Path) -> "RolloutLine":
        """Return the line of a rollout whose artifacts are in this directory."""
        return cls(
            id=rollout.id,
            task_id=rollout.task_id,
            agent=rollout.agent,
            status=rollout.status,
            success=None if rollout.verdict is None else rollout.verdict.success,
            reward=None if rollout.verdict is None else rollout.verdict.reward,
            stop_reason=rollout.stop_reason,
            steps=rollout.steps,
            tokens=rollout.tokens,
            cost=rollout.cost,
            seconds=rollout.seconds,
            video=None if rollout.video is None else artifacts / rollout.video,
            cassette=_cassette_of(rollout, artifacts),
            error=first_error(rollout),
        )


class Summary(BaseModel):
    """How the rollouts ended. ``success_rate`` is of the completed ones: failed and cancelled ones count in no rate."""

    total: int
    completed: int
    succeeded: int
    failed: int
    cancelled: int
    success_rate: float | None
    tokens: int
    cost: float | None = Field(description="US dollars of all of them; null where the cost of one is not known")
    seconds: float = Field(description="wall time of all of them together")

    @classmethod
    def of(cls, rollouts: Sequence[Rollout], seconds: float) -> "Summary":
        """Count rollouts that took so long together."""
        completed = [rollout for rollout in rollouts if rollout.status is Status.COMPLETED]
        succeeded = sum(rollout.verdict is not None and rollout.verdict.success for rollout in completed)
        return cls(
            total=len(rollouts),
            completed=len(completed),
            succeeded=succeeded,
            failed=sum(rollout.status is Status.FAILED for rollout in rollouts),
            cancelled=sum(rollout.status is Status.CANCELLED for rollout in rollouts),
            success_rate=succeeded / len(completed) if completed else None,
            tokens=sum(rollout.tokens for rollout in rollouts),
            cost=_cost_of(rollouts),
            seconds=round(seconds, 3),
        )

    def __str__(self) -> str:
        parts = [f"{self.completed} of {self.total} completed"]
        if self.completed:
            parts.append(f"{self.succeeded} of them right")
        parts += [
            f"{count} {word}" for count, word in ((self.failed, "failed"), (self.cancelled, "cancelled")) if count
        ]
        if self.tokens:
            parts.append(
                f"{self.tokens:,} tokens for " + ("a cost not known" if self.cost is None else f"${self.cost:.4g}")
            )
        return f"{', '.join(parts)}, in {self.seconds:.1f} s"


def _cassette_of(rollout: Rollout, artifacts: Path) -> Path | None:
    path = artifacts / cassette_key(rollout.id, rollout.attempt)
    return path if path.is_file() else None


def _cost_of(rollouts: Sequence[Rollout]) -> float | None:
    if any(rollout.tokens and rollout.cost is None for rollout in rollouts):
        return None
    return sum(rollout.cost or 0 for rollout in rollouts)


class Report(BaseModel):
    """The document that ``rolldeck run --json`` prints."""

    rollouts: list[RolloutLine]
    summary: Summary


def first_error(rollout: Rollout) -> str | None:
    """Return a rollout's first error in one line, or None."""
    if not rollout.errors:
        return None
    error = rollout.errors[0]
    return f"{error.kind} in {error.phase.value}: {error.message}"


Colour = Literal["green", "yellow", "red", "dim"]


def result_of(rollout: Rollout) -> tuple[str, Colour]:
    """Return what became of a rollout, in words, and the colour that they are shown in."""
    if rollout.status is Status.FAILED:
        return first_error(rollout) or "failed", "red"
    if rollout.verdict is None:
        return "", "dim"
    if rollout.verdict.success:
        return "right", "green"
    return f"wrong: {rollout.verdict.reason}", "yellow"


def table_of(rollouts: Sequence[Rollout]) -> Table:
    """Return a table of rollouts that have ended."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "agent", "status"):
        table.add_column(column, no_wrap=True)
    table.add_column("steps", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("result", overflow="fold")
    for rollout in rollouts:
        words, colour = result_of(rollout)
        table.add_row(
            rollout.task_id,
            rollout.agent,
            rollout.status.value,
            str(rollout.steps),
            "" if rollout.seconds is None else f"{rollout.seconds:.1f}",
            Text(words, style=colour),
        )
    return table
