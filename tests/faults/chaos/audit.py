"""Looks, after the faults, whether what is stored is the truth: of each rollout, each attempt and each counter.

It reads through the ports only, so that it is the same for every database, and recounts everything by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

from chaos.figures import Figures
from rolldeck.domain.batch import Batch, BatchCounts
from rolldeck.domain.errors import InvalidTransition, NotFound
from rolldeck.domain.event import EventKind, LoggedEvent, RolloutChange
from rolldeck.domain.rollout import Attempt, Rollout
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.storage.database import Database
from rolldeck.storage.port import Artifacts, RolloutFilter, TaskCounts

_PAGE = 500
_PRINTED = 10


@dataclass
class Findings:
    """What is wrong, in sentences, by the name that the figures give to it."""

    sentences: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    rollouts: int = 0
    attempts: int = 0

    def note(self, figure: str, sentence: str) -> None:
        """Keep one."""
        self.sentences[figure].append(sentence)

    def account(self, *, faults: int, orphans: Mapping[str, Sequence[str]], recovery: Sequence[float]) -> Figures:
        """Return the figures, and print what is wrong. ``orphans`` are named by kind."""
        wrong = [*self.sentences.items(), *((f"orphaned {kind}", names) for kind, names in orphans.items())]
        for figure, sentences in wrong:
            for sentence in sentences[:_PRINTED]:
                print(f"  {figure}: {sentence}")  # noqa: T201
        return Figures(
            faults,
            self.rollouts,
            self.attempts,
            Counter({figure: len(sentences) for figure, sentences in self.sentences.items()}),
            Counter({kind: len(names) for kind, names in orphans.items() if names}),
            list(recovery),
        )


Expectation = Callable[[Rollout], bool]
"""Whether a rollout that completes must be right."""


def every_answer_is_right(rollout: Rollout) -> bool:
    """The expectation of rollouts whose agent knows the answer."""
    return True


@dataclass(frozen=True)
class Auditor:
    """Audits batches that should have ended by now."""

    database: Database
    artifacts: Artifacts
    expects_success: Expectation = every_answer_is_right

    async def audit(self, batch_ids: Iterable[str]) -> Findings:
        """Return all that is wrong."""
        findings = Findings()
        log = await self._log(findings)
        by_rollout: defaultdict[str, list[LoggedEvent]] = defaultdict(list)
        for event in log:
            if event.rollout_id is not None:
                by_rollout[event.rollout_id].append(event)
        for batch_id in batch_ids:
            batch = await self.database.batches.get(batch_id)
            rollouts = await self._rollouts(RolloutFilter(batch_id=batch_id))
            findings.rollouts += len(rollouts)
            _check_batch(batch, rollouts, findings)
            for rollout in rollouts:
                await self._check_rollout(rollout, by_rollout[rollout.id], findings)
        await self._check_tasks(findings)
        await self._check_workers(findings)
        return findings

    async def _log(self, findings: Findings) -> list[LoggedEvent]:
        log: list[LoggedEvent] = []
        while page := await self.database.events.after(log[-1].seq if log else 0, limit=_PAGE):
            log.extend(page)
        if [event.seq for event in log] != list(range(1, len(log) + 1)):
            findings.note("other_findings", "the event log's numbers have gaps")
        if await self.database.events.last() < len(log):
            findings.note("other_findings", "the event log's last number is less than its length")
        return log

    async def _rollouts(self, where: RolloutFilter) -> list[Rollout]:
        rollouts: list[Rollout] = []
        cursor = None
        while True:
            page = await self.database.rollouts.list(where, after=cursor, limit=_PAGE)
            rollouts.extend(page.rollouts)
            cursor = page.next
            if cursor is None:
                return rollouts

    async def _check_rollout(self, rollout: Rollout, log: Sequence[LoggedEvent], findings: Findings) -> None:
        attempts = await self.database.rollouts.attempts(rollout.id)
        findings.attempts += len(attempts) + 1
        _check_end(rollout, attempts, findings, right=self.expects_success(rollout))
        _check_history(rollout, log, findings)
        numbers = [attempt.number for attempt in attempts]
        if numbers != list(range(1, rollout.attempt)):
            findings.note("other_findings", f"{rollout.id}: attempts {numbers} before attempt {rollout.attempt}")
        steps = {attempt.number: attempt.steps for attempt in attempts} | {rollout.attempt: rollout.steps}
        videos = {attempt.video for attempt in attempts} | {rollout.video}
        keys = {video for video in videos if video is not None}
        for number, count in steps.items():
            stored = await self.database.rollouts.steps(rollout.id, number)
            logged = [
                event.data["index"]
                for event in log
                if event.kind is EventKind.ROLLOUT_STEP and event.data["attempt"] == number
            ]
            indices = [step.index for step in stored]
            if not (indices == logged == list(range(count))):
                findings.note(
                    "other_findings",
                    f"{rollout.id}: attempt {number} counts {count} steps, stored are {indices}, logged {logged}",
                )
            keys |= {step.screenshot for step in stored}
        for key in sorted(keys):
            try:
                await self.artifacts.stat(key)
            except NotFound:
                findings.note("other_findings", f"{rollout.id}: its record names {key}, which is not there")

    async def _check_tasks(self, findings: Findings) -> None:
        rollouts = await self._rollouts(RolloutFilter())
        for stored in await self.database.tasks.list():
            own = [rollout for rollout in rollouts if rollout.task_id == stored.task.id]
            counts = TaskCounts(
                live=sum(not rollout.status.is_final for rollout in own),
                completed=sum(rollout.status is Status.COMPLETED for rollout in own),
                succeeded=sum(_succeeded(rollout) for rollout in own),
                failed=sum(rollout.status is Status.FAILED for rollout in own),
                cancelled=sum(rollout.status is Status.CANCELLED for rollout in own),
            )
            if counts != stored.counts:
                findings.note("other_findings", f"task {stored.task.id}: {stored.counts}, recounted {counts}")

    async def _check_workers(self, findings: Findings) -> None:
        for worker in await self.database.workers.list(alive=True):
            if not psutil.pid_exists(worker.pid):
                findings.note("other_findings", f"worker {worker.id} is stored as alive; its process is dead")


def _succeeded(rollout: Rollout) -> bool:
    return rollout.verdict is not None and rollout.verdict.success


def _check_batch(batch: Batch, rollouts: Sequence[Rollout], findings: Findings) -> None:
    asked_for = batch.tasks * len(batch.agents) * batch.repeats
    for _ in range(asked_for - len(rollouts)):
        findings.note("rollouts_lost", f"batch {batch.id} asked for {asked_for} rollouts and has {len(rollouts)}")
    counts = BatchCounts(
        total=len(rollouts),
        live=sum(not rollout.status.is_final for rollout in rollouts),
        claimed=sum(not rollout.status.is_final and rollout.status is not Status.PENDING for rollout in rollouts),
        completed=sum(rollout.status is Status.COMPLETED for rollout in rollouts),
        succeeded=sum(_succeeded(rollout) for rollout in rollouts),
        reused=sum(rollout.reused_from is not None for rollout in rollouts),
        failed=sum(rollout.status is Status.FAILED for rollout in rollouts),
        retryable=sum(
            rollout.status is Status.FAILED and bool(rollout.errors) and rollout.errors[0].retryable
            for rollout in rollouts
        ),
        cancelled=sum(rollout.status is Status.CANCELLED for rollout in rollouts),
    )
    if counts != batch.counts:
        findings.note("other_findings", f"batch {batch.id}: {batch.counts}, recounted {counts}")
    if counts.live == 0 and batch.finished_at is None:
        findings.note("other_findings", f"batch {batch.id} has ended and does not say when")


def _check_end(rollout: Rollout, attempts: Sequence[Attempt], findings: Findings, *, right: bool) -> None:
    if not rollout.status.is_final:
        findings.note("stuck", f"{rollout.id} is still {rollout.status} in attempt {rollout.attempt}")
    if rollout.status is Status.FAILED:
        causes = [error.message for error in rollout.errors]
        findings.note("false_failures", f"{rollout.id} failed with {rollout.retries_left} retries left: {causes}")
    if rollout.status is Status.COMPLETED and right and not _succeeded(rollout):
        reason = "it has no verdict" if rollout.verdict is None else rollout.verdict.reason
        findings.note("false_zero_rewards", f"{rollout.id}, which must be right, is not: {reason}")
    if rollout.status is not Status.COMPLETED and rollout.verdict is not None:
        findings.note("other_findings", f"{rollout.id} is {rollout.status} and has a verdict")
    if rollout.status.is_final and rollout.finished_at is None:
        findings.note("other_findings", f"{rollout.id} has ended and does not say when")
    for attempt in attempts:
        if attempt.worker_id is None:
            findings.note("other_findings", f"{rollout.id}: attempt {attempt.number} does not say whose it was")


def _check_history(rollout: Rollout, log: Sequence[LoggedEvent], findings: Findings) -> None:
    """Replay the log through the state machine: each change is one that it allows, and only one end is an end."""
    status, attempt, ends = Status.PENDING, 1, 0
    for event in log:
        if event.kind is not EventKind.ROLLOUT_STATUS:
            continue
        change = RolloutChange.model_validate(event.data)
        try:
            following = next_status(status, change.event)
        except InvalidTransition as error:
            findings.note("finished_twice" if status.is_final else "other_findings", f"{rollout.id}: {error}")
            return
        if following is not change.status or change.attempt < attempt:
            findings.note("other_findings", f"{rollout.id}: event {event.seq} tells {event.data} after {status}")
        status, attempt = following, max(attempt, change.attempt)
        ends = 0 if change.event is Event.RETRIED else ends + status.is_final
    if ends > 1:
        findings.note("finished_twice", f"{rollout.id} ended {ends} times")
    if status is not rollout.status:
        findings.note("other_findings", f"{rollout.id} is {rollout.status}; its log ends with {status}")
