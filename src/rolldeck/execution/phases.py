"""The phases of an attempt: environment, page, agent, verdict."""

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import JsonValue

from rolldeck.agents.port import Surroundings
from rolldeck.browser.port import BrowserPage
from rolldeck.domain.errors import BrowserError, EnvironmentFailure, VerificationError
from rolldeck.domain.rollout import Phase
from rolldeck.domain.status import Event
from rolldeck.domain.usage import ModelAnswer
from rolldeck.domain.verdict import Verdict
from rolldeck.environments.port import Environment
from rolldeck.execution.adapters import Adapters
from rolldeck.execution.agent_clock import AgentClock, standing_still
from rolldeck.execution.deadline import Deadlines
from rolldeck.execution.entrance import start_path_of, told
from rolldeck.execution.journal import Journal
from rolldeck.execution.pace import Pace, Sleep
from rolldeck.execution.persistence import persistently
from rolldeck.execution.person import Person
from rolldeck.execution.teardown import Holdings
from rolldeck.execution.trajectory import AgentLimits, AgentStop, Stage, act_until_stopped
from rolldeck.recorder.port import Recording
from rolldeck.storage.port import Artifacts, Change, Claim
from rolldeck.verification.port import AnswerReader

VIDEO_FILE = "video.mp4"
"""Name of the video in an attempt's workspace."""

CASSETTE_FILE = "cassette.jsonl"
"""Name of the cassette there, where there is one."""

_CHECK_SECONDS = 10.0
_WATCH_SECONDS = 1.0

T = TypeVar("T")


class Phases:
    """Tries a claimed task: what it takes is in the holdings, what happens in the journal."""

    def __init__(self, claim: Claim, adapters: Adapters, journal: Journal, holdings: Holdings, sleep: Sleep) -> None:
        self._claim = claim
        self._adapters = adapters
        self._journal = journal
        self._holdings = holdings
        self._sleep = sleep
        self._deadlines = Deadlines(claim.limits)

    async def run(self) -> Verdict:
        """Return the verdict. Raises what goes wrong in any phase; it is noted in the journal then."""
        environment = await self._provision()
        page, recording = await self._open_page(environment)
        async with self._adapters.audience.watching(self._claim.rollout.id, page):
            stop = await self._let_agent_act(environment, page, recording)
            return await self._verify(environment, page, stop)

    async def _provision(self) -> Environment:
        claim = self._claim
        with self._journal.phase(Phase.PROVISION):
            async with self._deadlines.provision.kept("the environment", EnvironmentFailure):
                provisioning = self._adapters.environments.provision(claim.task.environment, claim.rollout.id)
                environment = self._holdings.environment = await provisioning
        return environment

    async def _open_page(self, environment: Environment) -> tuple[BrowserPage, Recording]:
        with self._journal.phase(Phase.BROWSER):
            workspace = self._workspace
            async with self._deadlines.browser.kept("the page", BrowserError):
                page = self._holdings.page = await self._adapters.browsers.open(
                    origin=environment.origin,
                    start_path=start_path_of(self._claim.task, environment.entrance),
                    cookies=environment.cookies,
                    downloads=workspace / "downloads",
                )
            recording = self._holdings.recording = self._adapters.recorder.start(workspace / VIDEO_FILE, page.frame)
        return page, recording

    @property
    def _workspace(self) -> Path:
        rollout = self._claim.rollout
        return self._adapters.artifacts.workspace(rollout.id, rollout.attempt)

    async def _let_agent_act(self, environment: Environment, page: BrowserPage, recording: Recording) -> AgentStop:
        claim, adapters = self._claim, self._adapters
        async with self._phase_in(environment, Phase.AGENT):
            await self._journal.advance(Event.ENVIRONMENT_READY, Change(template=environment.template))
            clock = AgentClock(self._deadlines.agent_seconds)
            keep_screenshot = _ScreenshotStore(claim.rollout.id, adapters.artifacts)
            person = Person(
                claim,
                people=adapters.people,
                attention=adapters.attention,
                clock=clock,
                keep_screenshot=keep_screenshot,
                patience=adapters.patience,
            )
            pace = Pace(claim.rollout.quota, adapters.quotas, self._sleep)
            surroundings = replace(
                self._surroundings(environment, page, clock.aside(pace), clock.aside(self._sleep)),
                confirm=person.confirm,
                orders=person.order_for_agent,
            )
            task = told(claim.task, environment.entrance)
            agent = self._holdings.agent = adapters.agents.create(claim.rollout.choice, task, surroundings)
            stage = Stage(
                page=page,
                recording=recording,
                clock=clock,
                keep_screenshot=keep_screenshot,
                keep_step=self._journal.add_step,
                pace=pace,
                person=person,
            )
            limits = AgentLimits(claim.limits.steps, claim.limits.tokens, claim.limits.cost, claim.limits.stall_steps)
            return await _while_alive(environment, act_until_stopped(agent, limits, stage))

    def _surroundings(
        self, environment: Environment, page: BrowserPage, pace: Callable[[], Awaitable[None]], pause: Sleep
    ) -> Surroundings:
        return Surroundings(
            page=page,
            pace=pace,
            pause=pause,
            origin=environment.origin,
            task_version=self._claim.rollout.task_version,
            cassette=self._workspace / CASSETTE_FILE if self._adapters.records_models else None,
        )

    async def _verify(self, environment: Environment, page: BrowserPage, stop: AgentStop) -> Verdict:
        async with self._phase_in(environment, Phase.VERIFY):
            await self._journal.advance(Event.AGENT_STOPPED, Change(stop_reason=stop.reason, answer_text=stop.answer))
            async with self._deadlines.verify.kept("the verdict", VerificationError) as timeout:
                await environment.check()  # what an agent did in a dead one is not its work: no reward for it
                reader = self._reader(environment, page, timeout)
                return await self._adapters.verifier.verify(self._claim.task, stop.answer, environment.sql, reader)

    def _reader(self, environment: Environment, page: BrowserPage, timeout: asyncio.Timeout) -> AnswerReader | None:
        """Return the model that reads answers, where there is one; the verdict's time stands still while it is asked."""
        chosen = self._claim.rollout.extraction
        if chosen is None:
            return None

        async def ask(question: str, schema: Mapping[str, JsonValue]) -> ModelAnswer:
            pace = Pace(chosen.model, self._adapters.quotas, self._sleep)
            surroundings = self._surroundings(environment, page, pace, self._sleep)
            with standing_still(timeout):
                await pace()
                rollout = self._claim.rollout
                questioner = self._adapters.agents.questioner(chosen, rollout.choice, self._claim.task, surroundings)
                try:
                    return await questioner.ask(question, schema)
                finally:
                    await questioner.close()

        return AnswerReader(chosen.provider, chosen.model, ask)

    @asynccontextmanager
    async def _phase_in(self, environment: Environment, phase: Phase) -> AsyncIterator[None]:
        """A phase that is tried again where the environment is dead, whatever went wrong because of that."""
        with self._journal.phase(phase):
            try:
                yield
            except Exception as error:
                death = await _death_of(environment)
                if death is not None and not isinstance(error, EnvironmentFailure):
                    self._journal.note(phase, death)  # before the error that follows from it: the first one decides
                raise


async def _while_alive(environment: Environment, work: Coroutine[None, None, T]) -> T:
    """Await work, which is ended where the environment is known to have died. Raises ``EnvironmentFailure`` then.

    Without it an agent would go on in front of a dead page for as long as its patience lasts.
    """
    working, watching = asyncio.create_task(work), asyncio.create_task(_until_dead(environment))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else watching.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.wait({working, watching})


async def _until_dead(environment: Environment) -> NoReturn:
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        await environment.check(within_seconds=math.inf)  # asks nobody: a busy application is not a dead one


async def _death_of(environment: Environment) -> EnvironmentFailure | None:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await environment.check()
    except EnvironmentFailure as death:
        return death
    except TimeoutError:
        return EnvironmentFailure(f"the environment did not say within {_CHECK_SECONDS:g} s that it is well")
    return None


@dataclass(frozen=True)
class _ScreenshotStore:
    """Stores each different screenshot of a rollout once."""

    rollout_id: str
    artifacts: Artifacts

    async def __call__(self, image: bytes) -> str:
        key = f"{self.rollout_id}/screens/{hashlib.sha256(image).hexdigest()}.png"
        return await persistently(lambda: self.artifacts.put(key, image))
