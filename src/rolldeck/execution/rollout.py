"""An attempt at a rollout, from its claim to what it leaves in the record."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from rolldeck.domain.errors import Conflict, NotFound, RolldeckError, StorageError
from rolldeck.domain.log import LOGS, Log, LogSource, Tail
from rolldeck.domain.rollout import Phase, RolloutError, event_of_failure
from rolldeck.domain.status import Event
from rolldeck.domain.verdict import Verdict
from rolldeck.execution.adapters import Adapters as Adapters
from rolldeck.execution.interruption import Interrupt, Interrupted, Interruption, bound, to_its_end
from rolldeck.execution.journal import Journal, OnChange
from rolldeck.execution.pace import Sleep
from rolldeck.execution.phases import CASSETTE_FILE, Phases
from rolldeck.execution.teardown import Holdings, tear_down
from rolldeck.logs import keep_what_is_logged_in
from rolldeck.storage.port import Change, Claim, cassette_key, logs_key

_RECORD_SECONDS_LEAVING = 8.0  # whoever stops a worker does not wait for a database: the lease ends what it has

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: what was recorded (None: nothing), and the error that decided it, where one did.

    ``still_claimed``: its end could not be written before that of the worker.
    """

    event: Event | None
    error: RolloutError | None = None
    still_claimed: bool = False


async def run_rollout(
    claim: Claim, adapters: Adapters, interrupt: Interrupt, on_change: OnChange, sleep: Sleep = asyncio.sleep
) -> Outcome:
    """Execute a claimed rollout until its attempt ends; nothing of it is left running then, whatever happened.

    What goes wrong is in the rollout's record; a claim that was lost meanwhile leaves no record. From an interruption
    on it takes less than 5 seconds, if the database answers. Being cancelled releases the rollout, and is raised then.
    """
    attempt = _Attempt(claim, adapters, interrupt, on_change, sleep)
    return await to_its_end(attempt.run(), on_cancel=lambda: interrupt(Interruption.RELEASE))


class _Attempt:
    def __init__(
        self, claim: Claim, adapters: Adapters, interrupt: Interrupt, on_change: OnChange, sleep: Sleep
    ) -> None:
        self._claim = claim
        self._adapters = adapters
        self._interrupt = interrupt
        self._journal = Journal(claim, adapters.rollouts, on_change)
        self._holdings = Holdings()
        self._written = Tail()
        self._phases = Phases(claim, adapters, self._journal, self._holdings, sleep)

    async def run(self) -> Outcome:
        """Try the task, clean up, and write the end last, so that nothing remains once the status is final."""
        keep_what_is_logged_in(self._written)
        verdict = None
        was_interrupted = False
        try:
            verdict = await bound(self._try_task(), by=self._interrupt.happened, then=0)
        except Interrupted:
            was_interrupted = True
        except Exception as error:  # noqa: BLE001 - the attempt's outermost edge: the journal has the error
            _log.warning("the attempt failed", error=str(error), exc_info=not isinstance(error, RolldeckError))
        video = await self._give_back()
        outcome = self._outcome(verdict, was_interrupted=was_interrupted)
        await self._discard_workspace()
        return await self._record(outcome, verdict, video)

    async def _try_task(self) -> Verdict:
        try:
            return await self._phases.run()
        finally:
            if self._holdings.given_back:  # it hung on after it was given up: what it took since is nobody's
                await tear_down(self._holdings, self._interrupt)

    async def _give_back(self) -> str | None:
        """Return all that the attempt holds, and keep its video: its key. An error in it is in the record, no more."""
        rollout = self._claim.rollout
        try:
            with self._journal.phase(Phase.TEARDOWN):
                torn_down = await tear_down(self._holdings, self._interrupt)
                for error in torn_down.errors:
                    self._journal.note(Phase.TEARDOWN, error)
                await self._keep_logs(torn_down.logs)
                await self._keep_cassette()
                if torn_down.video is None or self._interrupt.reason is Interruption.ABANDON:
                    return None
                return await self._adapters.artifacts.adopt(
                    video_key(rollout.id, rollout.attempt), torn_down.video.path
                )
        except RolldeckError as error:  # noted by the journal
            _log.warning("the video, the logs or the cassette could not be kept", error=str(error))
            return None

    async def _keep_logs(self, logs: Sequence[Log]) -> None:
        """Keep what was written, what Rolldeck itself wrote until now first."""
        written = [Log(source=LogSource.WORKER, name=LogSource.WORKER.value, text=self._written.text), *logs]
        kept = [log for log in written if log.text]
        if kept and self._interrupt.reason is not Interruption.ABANDON:
            rollout = self._claim.rollout
            await self._adapters.artifacts.put(logs_key(rollout.id, rollout.attempt), LOGS.dump_json(kept))

    async def _keep_cassette(self) -> None:
        rollout, artifacts = self._claim.rollout, self._adapters.artifacts
        if not self._adapters.records_models or self._interrupt.reason is Interruption.ABANDON:
            return
        file = artifacts.workspace(rollout.id, rollout.attempt) / CASSETTE_FILE
        if await asyncio.to_thread(file.is_file):
            await artifacts.adopt(cassette_key(rollout.id, rollout.attempt), file)

    def _outcome(self, verdict: Verdict | None, *, was_interrupted: bool) -> Outcome:
        reason, errors = self._interrupt.reason, self._journal.errors
        if reason is Interruption.ABANDON:
            return Outcome(None)
        if reason is Interruption.CANCEL:
            return Outcome(Event.CANCEL)
        if verdict is not None:
            return Outcome(Event.VERIFIED)
        if was_interrupted:
            return Outcome(Event.RELEASED)
        return Outcome(event_of_failure(errors, self._claim.rollout.retries_left), errors[0] if errors else None)

    async def _record(self, outcome: Outcome, verdict: Verdict | None, video: str | None) -> Outcome:
        """Write the end, however long the store fails, for nobody else can; returns what came of that."""
        if outcome.event is None:
            return await self._leave_unrecorded("the worker was told so")
        change = Change(verdict=verdict if outcome.event is Event.VERIFIED else None, video=video)
        writing = self._journal.advance(outcome.event, change, seconds=None)
        try:
            await bound(writing, by=self._interrupt.worker_leaves, then=_RECORD_SECONDS_LEAVING)
        except (Conflict, NotFound) as lost:
            return await self._leave_unrecorded(str(lost))
        except Interrupted:
            _log.error("how the attempt ended could not be recorded before the worker's own end")
            return Outcome(None, still_claimed=True)
        return outcome

    async def _leave_unrecorded(self, reason: str) -> Outcome:
        _log.warning("the claim is lost: nothing is recorded", reason=reason)
        await self._forget_if_deleted()
        return Outcome(None)

    async def _forget_if_deleted(self) -> None:
        """Remove the files of a rollout that was deleted while it was executed: nobody else knows of them."""
        rollout_id = self._claim.rollout.id
        try:
            await self._adapters.rollouts.get(rollout_id)
        except NotFound:
            await self._adapters.artifacts.delete_rollout(rollout_id)
        except StorageError as error:
            _log.warning("whether the rollout was deleted is not known", error=str(error))

    async def _discard_workspace(self) -> None:
        rollout = self._claim.rollout
        try:
            await self._adapters.artifacts.discard_workspace(rollout.id, rollout.attempt)
        except StorageError as error:
            _log.warning("the attempt's workspace could not be removed", error=str(error))


def video_key(rollout_id: str, attempt: int) -> str:
    """Return the artifact key of an attempt's video."""
    return f"{rollout_id}/video-{attempt}.mp4"
