"""The agent's part of a rollout: observation, turn, actions, until it answers or is truncated."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rolldeck.agents.port import Agent, Observation, Turn
from rolldeck.browser.port import BrowserPage, PageView
from rolldeck.domain.action import Action
from rolldeck.domain.errors import BrowserError
from rolldeck.domain.rollout import ActionResult, Step, StopReason
from rolldeck.execution.agent_clock import AgentClock
from rolldeck.execution.stalling import StallWatch
from rolldeck.recorder.port import Recording

_LAST_LOOK_SECONDS = 30.0
_AFTER_A_FAILURE = "was not done, because the action before it had no effect"


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AgentLimits:
    """Where the agent is truncated, beside its clock. ``tokens``, ``cost`` (US dollars), ``stall_steps``: None for no limit."""

    steps: int
    tokens: int | None
    cost: float | None = None
    stall_steps: int | None = None


@dataclass(frozen=True)
class AgentStop:
    """Why the agent stopped, and its answer where it gave one."""

    reason: StopReason
    answer: str | None = None


@dataclass(frozen=True)
class Stage:
    """Where an agent acts, and what keeps the trajectory of it. ``pace`` is awaited before each turn."""

    page: BrowserPage
    recording: Recording
    clock: AgentClock
    keep_screenshot: Callable[[bytes], Awaitable[str]]
    keep_step: Callable[[Step], Awaitable[None]]
    pace: Callable[[], Awaitable[None]]
    now: Callable[[], datetime] = utc_now


async def act_until_stopped(agent: Agent, limits: AgentLimits, stage: Stage) -> AgentStop:
    """Let the agent act until it answers or reaches a limit. The state it leaves is the video's last frame.

    Its seconds are those of looking, thinking and acting: waiting for its pace, and for a step to be stored, is not
    counted. Raises what the agent and the page raise.
    """
    stop = AgentStop(StopReason.TIME_LIMIT)
    async with stage.clock.running():
        stop = await _Acting(agent, limits, stage).until_stopped()
    if stop.reason is not StopReason.ANSWERED:  # the answering turn has shown the final state already
        await _last_look(stage)
    return stop


class _Acting:
    """The turns of one agent."""

    def __init__(self, agent: Agent, limits: AgentLimits, stage: Stage) -> None:
        self._agent = agent
        self._limits = limits
        self._stage = stage
        self._results: tuple[ActionResult, ...] = ()
        self._tokens, self._cost = 0, 0.0
        self._stall = None if limits.stall_steps is None else StallWatch(limits.stall_steps)

    async def until_stopped(self) -> AgentStop:
        for index in range(self._limits.steps):
            turn = await self._take_turn(index)
            if turn.answer is not None:
                return AgentStop(StopReason.ANSWERED, turn.answer)
            if turn.usage is not None:
                self._tokens += turn.usage.tokens
                self._cost += turn.usage.cost or 0
            if (reason := self._reached_limit()) is not None:
                return AgentStop(reason)
        return AgentStop(StopReason.STEP_LIMIT)

    def _reached_limit(self) -> StopReason | None:
        limits = self._limits
        if limits.tokens is not None and self._tokens >= limits.tokens:
            return StopReason.TOKEN_LIMIT
        if limits.cost is not None and self._cost >= limits.cost:
            return StopReason.COST_LIMIT
        if self._stall is not None and self._stall.is_stalled:
            return StopReason.STALLED
        return None

    async def _take_turn(self, index: int) -> Turn:
        """Show the page to the agent, do what it says, and keep that as a step, as far as it came."""
        stage = self._stage
        with stage.clock.stopped():
            await stage.pace()
        view = self._with_hint(await _look(stage))
        at, offset = stage.now(), stage.recording.elapsed
        thinks = time.perf_counter()
        turn = await self._agent.act(self._observed(view))
        acts = time.perf_counter()
        done: list[ActionResult] = []
        try:
            await _perform(turn.actions, stage.page, done)
        finally:
            acted = time.perf_counter() - acts
            self._results = tuple(done)
            with stage.clock.stopped():
                step = Step(
                    index=index,
                    offset=offset,
                    url=view.url,
                    screenshot=await stage.keep_screenshot(view.screenshot),
                    prompt=turn.prompt,
                    notice=view.notice,
                    message=turn.message,
                    thoughts=turn.thoughts,
                    actions=self._results,
                    confirmations=turn.confirmations,
                    wait_seconds=view.waited_seconds,
                    agent_seconds=acts - thinks,
                    action_seconds=acted,
                    usage=turn.usage,
                    at=at,
                )
                await stage.keep_step(step)
        if self._stall is not None:
            await self._stall.note(view.screenshot, turn.actions)
        return turn

    def _with_hint(self, view: PageView) -> PageView:
        hint = None if self._stall is None else self._stall.hint
        if hint is None:
            return view
        return replace(view, notice=hint if view.notice is None else f"{view.notice}\n{hint}")

    def _observed(self, view: PageView) -> Observation:
        return Observation(view.screenshot, view.url, view.width, view.height, self._results, view.notice)


async def _look(stage: Stage) -> PageView:
    view = await stage.page.view()
    stage.recording.push(view.screenshot)
    return view


async def _last_look(stage: Stage) -> None:
    try:
        async with asyncio.timeout(_LAST_LOOK_SECONDS):
            await _look(stage)
    except TimeoutError as error:
        raise BrowserError(
            f"the page showed nothing within {_LAST_LOOK_SECONDS:g} s after the agent's limit"
        ) from error


async def _perform(actions: Iterable[Action], page: BrowserPage, done: list[ActionResult]) -> None:
    """Perform actions in their order until one has no effect: those after it were meant for what it would have done."""
    for action in actions:
        if done and done[-1].error is not None:
            done.append(ActionResult(action=action, error=_AFTER_A_FAILURE))
            continue
        try:
            done.append(await page.perform(action))
        except BrowserError as failure:
            done.append(ActionResult(action=action, error=str(failure)))
            raise
