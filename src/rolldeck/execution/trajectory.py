"""The agent's part of a rollout: observation, turn, actions, until it answers or is truncated."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from rolldeck.agents.port import Agent, Observation, Turn
from rolldeck.browser.port import BrowserPage, PageView
from rolldeck.domain.action import Action
from rolldeck.domain.errors import BrowserError
from rolldeck.domain.rollout import ActionResult, Step, StopReason
from rolldeck.domain.task import Limits
from rolldeck.recorder.port import Recording


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AgentStop:
    """Why the agent stopped, and its answer where it gave one."""

    reason: StopReason
    answer: str | None = None


@dataclass(frozen=True)
class Stage:
    """Where an agent acts, and what keeps the trajectory of it."""

    page: BrowserPage
    recording: Recording
    keep_screenshot: Callable[[bytes], Awaitable[str]]
    keep_step: Callable[[Step], Awaitable[None]]
    now: Callable[[], datetime] = utc_now


async def act_until_stopped(agent: Agent, limits: Limits, stage: Stage) -> AgentStop:
    """Let the agent act until it answers or reaches a limit. The state it leaves is the video's last frame.

    Raises what the agent and the page raise.
    """
    try:
        async with asyncio.timeout(limits.seconds) as time_limit:
            stop = await _take_turns(agent, limits.steps, stage)
    except TimeoutError:
        if not time_limit.expired():
            raise
        stop = AgentStop(StopReason.TIME_LIMIT)
    if stop.reason is not StopReason.ANSWERED:  # the answering turn has shown the final state already
        await _look(stage)
    return stop


async def _take_turns(agent: Agent, limit: int, stage: Stage) -> AgentStop:
    results: tuple[ActionResult, ...] = ()
    for index in range(limit):
        turn, results = await _take_turn(agent, index, results, stage)
        if turn.answer is not None:
            return AgentStop(StopReason.ANSWERED, turn.answer)
    return AgentStop(StopReason.STEP_LIMIT)


async def _take_turn(
    agent: Agent, index: int, results: tuple[ActionResult, ...], stage: Stage
) -> tuple[Turn, tuple[ActionResult, ...]]:
    """Show the page to the agent, do what it says, and keep that as a step, as far as it came."""
    view = await _look(stage)
    at, offset = stage.now(), stage.recording.elapsed
    thinks = time.perf_counter()
    turn = await agent.act(Observation(view.screenshot, view.url, view.width, view.height, results))
    acts = time.perf_counter()
    done: list[ActionResult] = []
    try:
        await _perform(turn.actions, stage.page, done)
    finally:
        step = Step(
            index=index,
            offset=offset,
            url=view.url,
            screenshot=await stage.keep_screenshot(view.screenshot),
            message=turn.message,
            actions=tuple(done),
            agent_seconds=acts - thinks,
            action_seconds=time.perf_counter() - acts,
            at=at,
        )
        await stage.keep_step(step)
    return turn, tuple(done)


async def _look(stage: Stage) -> PageView:
    view = await stage.page.view()
    stage.recording.push(view.screenshot)
    return view


async def _perform(actions: Iterable[Action], page: BrowserPage, done: list[ActionResult]) -> None:
    for action in actions:
        try:
            done.append(await page.perform(action))
        except BrowserError as failure:
            done.append(ActionResult(action=action, error=str(failure)))
            raise
