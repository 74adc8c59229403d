"""Identifiers and cursors as they appear in paths and queries: checked before anything is looked up."""

from typing import Annotated

from fastapi import Path, Query

ULID = r"^[0-7][0-9a-hjkmnp-tv-z]{25}$"
_NO_NUL = r"^[^\x00]+$"

RolloutId = Annotated[str, Path(pattern=ULID, description="id of a rollout")]
TaskId = Annotated[str, Path(min_length=1, max_length=200, pattern=_NO_NUL, description="id of a task")]
TaskVersion = Annotated[str | None, Query(pattern=r"^[0-9a-f]{16}$", description="a version of the task")]
StepIndex = Annotated[int, Path(ge=0, lt=1_000_000, description="number of a step, from 0")]

TaskQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="only rollouts of this task")
]
AgentQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="only rollouts of this agent")
]
TaskCursor = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="`next` of the page before")
]
RolloutCursor = Annotated[str | None, Query(min_length=1, max_length=200, description="`next` of the page before")]
