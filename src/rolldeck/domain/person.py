"""What persons decide and do in rollouts while these run: questions they answer, pages they take over."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rolldeck.domain.action import Action, Drag, Navigate, TypeText
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.storable import storable

MOST_ACTIONS = 20
MOST_ORDERS_WAITING = 20

_LONGEST_TYPED = 10_000
_LONGEST_ADDRESS = 8_000
_LONGEST_PATH = 1_000
_LONGEST_ANSWER = 100_000


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class QuestionAsked(_Record):
    """What a person is to confirm: an action, by the name that the model's provider has for it, and why it concerns anybody.

    ``explanation`` is what the model said of it, ``actions`` what it would do on the page, ``screenshot`` the artifact key of
    what it saw. After ``seconds`` without an answer it is denied. Its ``id`` is new.
    """

    id: str
    action: str
    concern: str
    explanation: str = ""
    actions: tuple[Action, ...] = ()
    screenshot: str | None = None
    seconds: float


class Question(QuestionAsked):
    """A question, and what became of it. ``closed_at`` without an ``allowed``: nobody answered in time."""

    rollout_id: str
    attempt: int
    asked_at: datetime
    allowed: bool | None = None
    closed_at: datetime | None = None


class TakeoverState(StrEnum):
    """How far a person's control of a page is."""

    AWAITED = "awaited"
    """The rollout's agent is a person, and nobody has come yet, or whoever had has left."""
    ASKED = "asked"
    """A person wants the page; the agent ends its turn first."""
    HELD = "held"
    """A person acts; the agent, where it is another one, stands still."""
    ENDED = "ended"
    """The page was handed back."""


class Takeover(_Record):
    """A person's control of a running rollout's page.

    ``is_agent``: the rollout has no other agent. ``signs`` counts how often the person's page gave a sign of life, ``placed`` what
    was ordered, ``done`` how much of it was carried out.
    """

    rollout_id: str
    attempt: int
    state: TakeoverState
    is_agent: bool = False
    signs: int = 0
    placed: int = 0
    done: int = 0
    since: datetime


class Order(_Record):
    """What a person wants done: actions, or where the person is the agent an ``answer``, which ends the rollout's acting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: tuple[Action, ...] = Field(default=(), max_length=MOST_ACTIONS)
    answer: str | None = Field(default=None, max_length=_LONGEST_ANSWER)

    @field_validator("actions")
    @classmethod
    def _are_bounded(cls, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        for action in actions:
            storable(action.model_dump(mode="json"))
            _refuse_too_long(action)
        return actions

    @field_validator("answer")
    @classmethod
    def _can_be_stored(cls, answer: str | None) -> str | None:
        return answer if answer is None else storable(answer)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.answer is None) == (not self.actions):
            raise ValueError("order either actions, at least one, or an answer")
        return self


class NumberedOrder(_Record):
    """An order that was placed; the first one of a rollout is 1."""

    number: int = Field(ge=1)
    order: Order


class OrderResult(_Record):
    """What became of an order's actions."""

    results: tuple[ActionResult, ...]


def _refuse_too_long(action: Action) -> None:
    match action:
        case TypeText() if len(action.text) > _LONGEST_TYPED:
            raise ValueError(f"the text to type is longer than {_LONGEST_TYPED:,} characters: type it in parts")
        case Navigate() if len(action.url) > _LONGEST_ADDRESS:
            raise ValueError(f"the address is longer than {_LONGEST_ADDRESS:,} characters")
        case Drag() if len(action.path) > _LONGEST_PATH:
            raise ValueError(f"the path has more than {_LONGEST_PATH:,} points")
