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
from rolldeck.domain.rollout import ActionResult, Actor, Step, StopReason
from rolldeck.execution.agent_clock import AgentClock
from rolldeck.execution.person import Person
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
    person: Person
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
    """The turns of one agent, and of persons in between."""

    def __init__(self, agent: Agent, limits: AgentLimits, stage: Stage) -> None:
        self._agent = agent
        self._limits = limits
        self._stage = stage
        self._index = 0
        self._results: tuple[ActionResult, ...] = ()
        self._told: str | None = None
        self._tokens, self._cost = 0, 0.0
        self._stall = None if limits.stall_steps is None else StallWatch(limits.stall_steps)

    async def until_stopped(self) -> AgentStop:
        for _ in range(self._limits.steps):
            turn = await self._take_turn()
            if turn.answer is not None:
                return AgentStop(StopReason.ANSWERED, turn.answer)
            if turn.usage is not None:
                self._tokens += turn.usage.tokens
                self._cost += turn.usage.cost or 0
            if (reason := self._reached_limit()) is not None:
                return AgentStop(reason)
            if self._stage.person.wants_page:
                await self._let_person_act()
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

    async def _take_turn(self) -> Turn:
        """Show the page to the agent, do what it says, and keep that as a step, as far as it came."""
        stage = self._stage
        with stage.clock.stopped():
            await stage.pace()
        view = self._with_hints(await _look(stage))
        scene = _Scene(view, stage.now(), stage.recording.elapsed)
        stage.person.sees(view.screenshot)
        thinks = time.perf_counter()
        turn = await self._agent.act(self._observed(view))
        done: list[ActionResult] = []
        await self._carry_out(turn, scene, time.perf_counter() - thinks, into=done)
        self._results = tuple(done)
        if self._stall is not None:
            await self._stall.note(view.screenshot, turn.actions)
        return turn

    async def _let_person_act(self) -> None:
        """Do what the person who takes over orders, until the page is handed back; what was done is told the agent."""
        stage, done = self._stage, 0
        with stage.clock.stopped():
            if not await stage.person.comes():
                return
            results: list[ActionResult] = []
            while (order := await stage.person.next_order(results)) is not None:
                scene = _Scene(await _look(stage), stage.now(), stage.recording.elapsed)
                results = []
                await self._carry_out(Turn(actions=order.actions, source=Actor.HUMAN), scene, 0.0, into=results)
                done += len(results)
        self._told = _took_over(done)

    async def _carry_out(self, turn: Turn, scene: "_Scene", agent_seconds: float, into: list[ActionResult]) -> None:
        """Do what a turn says, and keep it as a step, also where the page is lost meanwhile."""
        stage = self._stage
        acts = time.perf_counter()
        try:
            await _perform(turn.actions, stage.page, into)
        finally:
            acted = time.perf_counter() - acts
            with stage.clock.stopped():
                step = Step(
                    index=self._index,
                    source=turn.source,
                    offset=scene.offset,
                    url=scene.view.url,
                    screenshot=await stage.keep_screenshot(scene.view.screenshot),
                    prompt=turn.prompt,
                    notice=scene.view.notice,
                    message=turn.message,
                    thoughts=turn.thoughts,
                    actions=tuple(into),
                    confirmations=turn.confirmations,
                    wait_seconds=scene.view.waited_seconds,
                    agent_seconds=agent_seconds,
                    action_seconds=acted,
                    usage=turn.usage,
                    at=scene.at,
                )
                await stage.keep_step(step)
                self._index += 1

    def _with_hints(self, view: PageView) -> PageView:
        """Return the view with all that the agent is told beside."""
        hints = (view.notice, self._told, None if self._stall is None else self._stall.hint)
        self._told = None
        return replace(view, notice="\n".join(hint for hint in hints if hint is not None) or None)

    def _observed(self, view: PageView) -> Observation:
        return Observation(view.screenshot, view.url, view.width, view.height, self._results, view.notice)


@dataclass(frozen=True)
class _Scene:
    """What the page showed before a turn, when, and where in the video."""

    view: PageView
    at: datetime
    offset: float


def _took_over(actions: int) -> str:
    did = "did nothing" if not actions else f"did {actions} action{'' if actions == 1 else 's'}"
    return (
        f"Meanwhile a person took the page over, {did} and handed it back. "
        "The page may not be as your last action left it: go on from what it shows now."
    )


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
