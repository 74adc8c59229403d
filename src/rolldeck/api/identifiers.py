"""Identifiers and cursors as they appear in paths and queries: checked before anything is looked up."""

from typing import Annotated

from fastapi import Header, Path, Query

ULID = r"^[0-7][0-9a-hjkmnp-tv-z]{25}$"
_NO_NUL = r"^[^\x00]+$"

RolloutId = Annotated[str, Path(pattern=ULID, description="id of a rollout")]
BatchId = Annotated[str, Path(pattern=ULID, description="id of a batch")]
QuestionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="id of a question")]
QuotaName = Annotated[
    str, Path(min_length=1, max_length=200, pattern=_NO_NUL, description="a model, or an agent that has none")
]
EnvironmentName = Annotated[
    str, Path(min_length=1, max_length=200, pattern=_NO_NUL, description="name of an environment")
]
TaskId = Annotated[str, Path(min_length=1, max_length=200, pattern=_NO_NUL, description="id of a task")]
TaskVersion = Annotated[str | None, Query(pattern=r"^[0-9a-f]{16}$", description="a version of the task")]
StepIndex = Annotated[int, Path(ge=0, lt=1_000_000, description="number of a step, from 0")]
AttemptQuery = Annotated[
    int | None, Query(ge=1, lt=1_000_000, description="an attempt, from 1; the present one where none is given")
]

EnvironmentQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="only rollouts in this environment")
]
TaskTagQuery = Annotated[
    str | None, Query(min_length=1, max_length=100, pattern=_NO_NUL, description="only rollouts of tasks with this tag")
]
BatchQuery = Annotated[str | None, Query(pattern=ULID, description="only what belongs to this batch")]
RolloutQuery = Annotated[str | None, Query(pattern=ULID, description="only what belongs to this rollout")]
TaskQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="only rollouts of this task")
]
AgentQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="only rollouts of this agent")
]
ModelQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="only rollouts of this model")
]
ErrorQuery = Annotated[
    str | None,
    Query(
        min_length=1, max_length=100, pattern=_NO_NUL, description="only failed rollouts, by the kind of their error"
    ),
]
TextQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        pattern=_NO_NUL,
        description="text in the task's id and instruction, the answer, an error's message, or what the agent said",
    ),
]
TaskCursor = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_NO_NUL, description="`next` of the page before")
]
Cursor = Annotated[
    str | None, Query(min_length=1, max_length=500, pattern=_NO_NUL, description="`next` of the page before")
]
EventNumber = Annotated[int | None, Query(ge=0, lt=2**53, description="number of the last event that is known already")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=_NO_NUL,
        description="the same key again is the same batch again, not another",
    ),
]
