"""A rollout, from its claim to its final status."""

import asyncio
import hashlib
from dataclasses import dataclass

import structlog

from rolldeck.agents.port import Agents
from rolldeck.browser.port import Browsers
from rolldeck.domain.errors import Conflict, NotFound, RolldeckError
from rolldeck.domain.rollout import Phase
from rolldeck.domain.status import Event
from rolldeck.domain.verdict import Verdict
from rolldeck.environments.port import Environments
from rolldeck.execution.journal import Journal, OnChange
from rolldeck.execution.teardown import Holdings, tear_down, to_its_end
from rolldeck.execution.trajectory import Stage, act_until_stopped
from rolldeck.recorder.port import Recorder
from rolldeck.storage.port import Artifacts, Change, Claim, Rollouts
from rolldeck.verification.port import Verifier

_TEARDOWN_SECONDS = 15.0
_TEARDOWN_SECONDS_CANCELLED = 4.0  # whoever cancels is waiting

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Adapters:
    """All that rollouts are executed with, started already."""

    rollouts: Rollouts
    artifacts: Artifacts
    environments: Environments
    browsers: Browsers
    recorder: Recorder
    agents: Agents
    verifier: Verifier


async def run_rollout(claim: Claim, adapters: Adapters, on_change: OnChange) -> None:
    """Execute a claimed rollout to its final status; nothing of it is left running then, whatever happened.

    What goes wrong is in the rollout's record; a claim that was lost meanwhile leaves no record and no files.
    Raises ``CancelledError`` after the rollout became cancelled, and ``StorageError`` where its end cannot be written.
    """
    journal = Journal(claim, adapters.rollouts, on_change)
    holdings = Holdings()
    verdict = None
    try:
        verdict = await _try_task(claim, adapters, journal, holdings)
        event = Event.VERIFIED
    except asyncio.CancelledError:
        event = Event.CANCEL
    except Exception as error:  # noqa: BLE001 - the rollout's outermost edge: the journal has the error
        _log.warning("rollout failed", error=str(error), exc_info=not isinstance(error, RolldeckError))
        event = Event.ERROR

    patience = _TEARDOWN_SECONDS_CANCELLED if event is Event.CANCEL else _TEARDOWN_SECONDS
    ending = _Ending(claim, adapters, journal)
    try:
        await to_its_end(ending.clean_up(holdings, patience))
    except asyncio.CancelledError:
        event = Event.CANCEL
    await to_its_end(ending.record(event, verdict))
    if event is Event.CANCEL:
        raise asyncio.CancelledError


async def _try_task(claim: Claim, adapters: Adapters, journal: Journal, holdings: Holdings) -> Verdict:
    rollout, task = claim.rollout, claim.task
    with journal.phase(Phase.PROVISION):
        environment = holdings.environment = await adapters.environments.provision(task.environment, rollout.id)

    with journal.phase(Phase.BROWSER):
        workspace = adapters.artifacts.workspace(rollout.id)
        page = holdings.page = await adapters.browsers.open(
            origin=environment.origin,
            start_path=task.start_path,
            cookies=environment.cookies,
            downloads=workspace / "downloads",
        )
        recording = holdings.recording = adapters.recorder.start(workspace / "video.mp4", page.frame)

    with journal.phase(Phase.AGENT):
        await journal.advance(Event.ENVIRONMENT_READY)
        agent = holdings.agent = adapters.agents.create(rollout.agent, task, page)
        keep_screenshot = _ScreenshotStore(rollout.id, adapters.artifacts)
        stop = await act_until_stopped(agent, task.limits, Stage(page, recording, keep_screenshot, journal.add_step))

    with journal.phase(Phase.VERIFY):
        await journal.advance(Event.AGENT_STOPPED, Change(stop_reason=stop.reason, answer_text=stop.answer))
        return await adapters.verifier.verify(task, stop.answer, environment.sql)


@dataclass(frozen=True)
class _ScreenshotStore:
    """Stores each different screenshot of a rollout once."""

    rollout_id: str
    artifacts: Artifacts

    async def __call__(self, image: bytes) -> str:
        return await self.artifacts.put(f"{self.rollout_id}/screens/{hashlib.sha256(image).hexdigest()}.png", image)


class _Ending:
    """The end of a rollout, however it came: clean up first, so that nothing remains once its status is final."""

    def __init__(self, claim: Claim, adapters: Adapters, journal: Journal) -> None:
        self._rollout_id = claim.rollout.id
        self._adapters = adapters
        self._journal = journal
        self._video: str | None = None

    async def clean_up(self, holdings: Holdings, seconds: float) -> None:
        """Give everything back and keep the video. An error in it changes no outcome, but is in the record."""
        try:
            with self._journal.phase(Phase.TEARDOWN):
                torn_down = await tear_down(holdings, seconds)
                for error in torn_down.errors:
                    self._journal.note(Phase.TEARDOWN, error)
                if torn_down.video is not None:
                    key = f"{self._rollout_id}/video.mp4"
                    self._video = await self._adapters.artifacts.adopt(key, torn_down.video.path)
        except RolldeckError as error:  # noted by the journal
            _log.warning("the video could not be kept", error=str(error))

    async def record(self, event: Event, verdict: Verdict | None) -> None:
        """Write the final status."""
        change = Change(verdict=verdict if event is Event.VERIFIED else None, video=self._video)
        try:
            await self._journal.advance(event, change)
        except (Conflict, NotFound) as lost:
            _log.warning("the rollout was taken away while it was executed: nothing is recorded", reason=str(lost))
            if isinstance(lost, NotFound):
                await self._adapters.artifacts.delete_rollout(self._rollout_id)
