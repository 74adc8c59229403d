"""Agents that talk through the official SDKs to strict stand-ins for their providers' APIs."""

import io
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import Image
from pydantic import SecretStr

from doubles.model_apis.anthropic import AnthropicApi
from doubles.model_apis.brain import Said, Scripted
from doubles.model_apis.chat import ChatApi
from doubles.model_apis.checked import ModelApi, Raw
from doubles.model_apis.openai import OpenAIApi
from doubles.model_apis.serving import Desk, serving
from rolldeck.agents.anthropic import anthropic_agent
from rolldeck.agents.models.provider import ModelAccess, ModelProvider
from rolldeck.agents.openai import openai_agent
from rolldeck.agents.openai_compatible import openai_compatible_agent
from rolldeck.agents.port import Agent, Observation, PageReader, Surroundings, Turn
from rolldeck.domain.action import Action
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.task import Task

from .conftest import CANARY, Time

TASK = Task(id="orders", task="How many orders are there?", answer={"orders": 42})
WIDTH, HEIGHT = 800, 500


@dataclass(frozen=True)
class Kind:
    """An agent, the stand-in that it talks to, and the parameters that make it this kind."""

    provider: Callable[[ModelAccess], ModelProvider]
    api: type[ModelApi]
    endpoint: str
    parameters: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "openai": Kind(openai_agent, OpenAIApi, "/responses"),
    "openai-stateless": Kind(openai_agent, OpenAIApi, "/responses", {"store": False}),
    "openai-preview": Kind(openai_agent, OpenAIApi, "/responses", {"tool": "computer_use_preview"}),
    "anthropic": Kind(anthropic_agent, AnthropicApi, "/v1/messages"),
    "anthropic-browser": Kind(anthropic_agent, AnthropicApi, "/v1/messages", {"tool": "browser_toolset_20260801"}),
    "anthropic-20251124": Kind(anthropic_agent, AnthropicApi, "/v1/messages", {"tool": "computer_20251124"}),
    "anthropic-20250124": Kind(anthropic_agent, AnthropicApi, "/v1/messages", {"tool": "computer_20250124"}),
    "openai-compatible": Kind(openai_compatible_agent, ChatApi, "/chat/completions"),
}


@dataclass
class Stage:
    """Stands for a page on which all works that is inside of it. ``done`` is what was, ``turns`` what the agent said."""

    agent: Agent
    desk: Desk
    time: Time
    done: list[Action] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    notice: str | None = None
    _results: tuple[ActionResult, ...] = ()

    async def turn(self) -> Turn:
        """Let the agent take one turn."""
        screenshot = screen(len(self.turns))
        observation = Observation(screenshot, "http://app/sqllab/", WIDTH, HEIGHT, self._results, self.notice)
        turn = await self.agent.act(observation)
        self.turns.append(turn)
        results: list[ActionResult] = []
        for action in turn.actions:
            failed = any(result.error for result in results)
            results.append(ActionResult(action=action, error="was not done" if failed else _problem(action)))
        self.done += [result.action for result in results if result.error is None]
        self._results = tuple(results)
        return turn

    async def until_answer(self, most: int = 60) -> str:
        """Let the agent take turns until it answers; return the answer."""
        for _ in range(most):
            if (answer := (await self.turn()).answer) is not None:
                return answer
        raise AssertionError(f"no answer in {most} turns")


def screen(number: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A screenshot; each number's is another one."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (number % 256, 100, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def _problem(action: Action) -> str | None:
    x, y = getattr(action, "x", 0), getattr(action, "y", 0)
    return None if 0 <= x <= WIDTH and 0 <= y <= HEIGHT else f"({x}, {y}) is outside of the page"


@asynccontextmanager
async def staged(kind: Kind, *script: Said | Raw, person: bool | None = None, **more: Any) -> AsyncIterator[Stage]:
    """An agent in front of a page, its model at a double that says these things, the last one again and again.

    ``person`` is what one answers who is asked to confirm; ``troubles`` come before the script; an ``api`` may be made in
    another way than its kind's; all else are parameters.
    """
    desk, time = Desk(key=CANARY, troubles=deque(more.pop("troubles", ()))), Time(confirms=person)
    api: ModelApi = more.pop("api", kind.api)(desk, lambda _prompt, _url: Scripted(cast("list[Said]", script)))
    surroundings = Surroundings(cast("PageReader", object()), time.pace, time.pause, time.confirm)
    async with serving(api.app) as address:
        base_url = address + api.path.removesuffix(kind.endpoint)
        provider = kind.provider(ModelAccess(key=SecretStr(CANARY), base_url=base_url))
        choice = AgentChoice(agent=provider.name, model="a-model", parameters=kind.parameters | more)
        assert not provider.problems(choice)
        agent = provider.create(choice, TASK, surroundings)
        try:
            yield Stage(agent, desk, time)
        finally:
            await agent.close()
