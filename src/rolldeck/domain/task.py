"""A task: what an agent is asked, where, and how its answer is verified. Immutable; a changed one is a new version."""

import hashlib
import json
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from rolldeck.domain.solution import AppPath, SolutionStep
from rolldeck.domain.verdict import VerifierSpec


class Limits(BaseModel):
    """Where a rollout is truncated (and still verified)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(default=50, ge=1, le=1000, description="steps of the agent")
    seconds: float = Field(default=600, gt=0, le=86_400, description="seconds that the agent may act")


class Task(BaseModel):
    """One task of an uploaded file; the file's format is this model's JSON Schema.

    ``answer`` is plain JSON here; the file may give it as a string that holds JSON, as the seed format does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=200)
    task: str = Field(min_length=1, max_length=100_000, description="the instruction, as the agent is given it")
    answer: JsonValue = Field(default=None, description="the expected answer; null where only state is checked")
    environment: str = Field(default="superset", description="name of the environment that the task needs")
    start_path: AppPath = Field(default="/", description="path that the browser opens first")
    verifier: VerifierSpec = VerifierSpec()
    solution: tuple[SolutionStep, ...] = Field(default=(), max_length=1000)
    limits: Limits = Limits()
    tags: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(default=(), max_length=100)

    @field_validator("id")
    @classmethod
    def _can_be_shown_and_addressed(cls, task_id: str) -> str:
        if not task_id.isprintable() or task_id != task_id.strip() or task_id in {".", ".."}:
            raise ValueError("should have printable characters only, no space at its ends, and not be . or ..")
        return task_id

    @model_validator(mode="after")
    def _can_be_verified(self) -> Self:
        if self.answer is None and not self.verifier.state:
            raise ValueError("a task needs an answer, or a verifier with state checks")
        return self

    @property
    def version(self) -> str:
        """Content hash (SHA-256, hexadecimal, 16 characters) of all that the task says."""
        content = self.model_dump(mode="json", by_alias=True)
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
