"""What a verifier is told, and what it says."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from rolldeck.domain.usage import Usage

Normalization = Literal["case", "space", "unicode", "date", "currency"]
ListOrder = Literal["exact", "any", "aligned"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComparisonRule(_Part):
    """How one value, and all inside it, is compared. What is not given is inherited from the value around it."""

    decimals: int | None = Field(default=None, ge=0, le=15, description="numbers equal when rounded to so many places")
    tolerance: float | None = Field(default=None, ge=0, description="numbers equal within this absolute difference")
    normalize: tuple[Normalization, ...] | None = Field(
        default=None,
        description="what does not count in texts: case, white space, Unicode forms, spelling of dates, money",
    )
    order: ListOrder | None = Field(
        default=None,
        description="of lists: exact; any; or aligned: sibling lists may be permuted together, row by row",
    )
    alternatives: tuple[JsonValue, ...] = Field(
        default=(), max_length=1000, description="other values that are just as right"
    )

    @model_validator(mode="after")
    def _one_number_rule(self) -> Self:
        if self.decimals is not None and self.tolerance is not None:
            raise ValueError("give decimals or tolerance, not both")
        return self


class StateCheck(_Part):
    """A query on one of the environment's databases whose rows show whether the task was done."""

    name: str = Field(min_length=1, description="what is checked, in words that a reader of the verdict understands")
    database: str = Field(description="which database of the environment, e.g. data or metadata")
    sql: str = Field(min_length=1)
    expect: JsonValue = Field(description="the rows: a list of objects, or one plain value for a single row and column")


class VerifierSpec(ComparisonRule):
    """How a task's rollouts are verified: its top-level rule holds for the whole answer, ``fields`` refine it by path."""

    fields: dict[str, ComparisonRule] = Field(
        default_factory=dict,
        max_length=1000,
        description="rules by dotted path inside the answer, e.g. totals.revenue; * is any index",
    )
    partial_credit: bool = Field(
        default=False, description="reward is the share of matching fields, not all or nothing"
    )
    state: tuple[StateCheck, ...] = Field(
        default=(), max_length=100, description="checks of the environment's databases"
    )


class Match(StrEnum):
    """What was found at one path."""

    MATCH = "match"
    MISMATCH = "mismatch"
    MISSING = "missing"
    UNEXPECTED = "unexpected"


class Evidence(_Part):
    """One compared field or one state check. ``path`` is dotted (``$`` is the whole answer); ``state:`` marks a check."""

    path: str
    expected: JsonValue
    got: JsonValue
    verdict: Match
    note: str = ""


class Extraction(_Part):
    """How a model read an answer that could not be read as the task wants it written.

    What was found in the text without it, and why that did not do, stay beside it. Without ``found`` there was no answer for
    the model either, and the verdict is on what the text gave.
    """

    provider: str
    model: str
    found: bool
    parsed: JsonValue = Field(description="the answer as the model read it; null where it found none")
    problem: str = Field(default="", description="why it found none")
    textual: JsonValue = Field(description="what was found in the text without it; null where nothing was")
    textual_problem: str = Field(description="why that did not do")
    usage: Usage = Field(description="what asking it took; not among the agent's own tokens and cost")


class Verdict(_Part):
    """What the verifier says of a rollout whose agent stopped by itself or was truncated."""

    reward: float = Field(ge=0, le=1)
    success: bool
    parsed: JsonValue = Field(description="the answer found in the agent's text; null where none was found")
    extraction: Extraction | None = Field(default=None, description="how a model read the answer, where one was asked")
    evidence: tuple[Evidence, ...]
    reason: str = Field(description="one sentence: why this verdict")
