"""Agents of models against doubles of the models' APIs, over the wire."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from PIL import Image

from doubles.model_apis.serving import Desk
from rolldeck.agents.port import Agent, Observation, PageReader, Surroundings, ToConfirm, Turn
from rolldeck.domain.action import Action
from rolldeck.domain.rollout import ActionResult

CANARY = "canary-7d1f0c55e2b94a"
ORIGIN = "http://127.0.0.1:9999"


@pytest.fixture
def desk() -> Desk:
    return Desk(key=CANARY)


@dataclass
class Time:
    """Stands for the time of a rollout: pauses are noted, and over at once."""

    pauses: list[float] = field(default_factory=list)
    paces: int = 0
    confirms: bool | None = None
    asked: list[tuple[str, str, float]] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def pace(self) -> None:
        self.paces += 1

    async def confirm(self, what: ToConfirm, seconds: float) -> bool | None:
        self.asked.append((what.action, what.concern, seconds))
        return self.confirms


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def surroundings(time: Time) -> Surroundings:
    """A rollout's, with a page that agents of models do not read."""
    return Surroundings(cast("PageReader", object()), time.pace, time.pause, time.confirm)


@dataclass
class Stage:
    """Stands for a page on which every action works, unless ``failing`` names its kind."""

    agent: Agent
    failing: str = ""
    turns: list[Turn] = field(default_factory=list)
    _results: tuple[ActionResult, ...] = ()

    async def turn(self) -> Turn:
        """Let the agent act once on what it is shown now; each time the page looks different."""
        number = len(self.turns)
        observation = Observation(picture(number), f"{ORIGIN}/page/{number}", 1280, 800, self._results)
        turn = await self.agent.act(observation)
        self._results = tuple(self._performed(action) for action in turn.actions)
        self.turns.append(turn)
        return turn

    async def until_answer(self, most: int = 30) -> str:
        """Let the agent act until it answers."""
        for _ in range(most):
            if (answer := (await self.turn()).answer) is not None:
                return answer
        raise AssertionError("there is no answer")

    def actions(self) -> Sequence[Action]:
        return [action for turn in self.turns for action in turn.actions]

    def _performed(self, action: Action) -> ActionResult:
        return ActionResult(action=action, error="it does not work" if action.kind == self.failing else None)


def picture(number: int) -> bytes:
    """Return a PNG like no other."""
    content = io.BytesIO()
    Image.new("RGB", (1280, 800), (number % 256, 80, 160)).save(content, "PNG", compress_level=1)
    return content.getvalue()
