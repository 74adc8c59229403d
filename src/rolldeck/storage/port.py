"""What the rest of Rolldeck knows of storage. Every method is one transaction; all times are UTC."""

from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from rolldeck.domain.batch import Batch, BatchSpec, BatchUpdate, Quota
from rolldeck.domain.delivery import Delivery
from rolldeck.domain.event import EventKind, LoggedEvent
from rolldeck.domain.limits import EffectiveLimits
from rolldeck.domain.person import NumberedOrder, Order, Question, QuestionAsked, Takeover
from rolldeck.domain.rollout import ActionResult, Attempt, PhaseTiming, Rollout, RolloutError, Step, StopReason
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport


@dataclass(frozen=True)
class UploadCounts:
    """What an upload did, in tasks."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class TaskVersion:
    """A version of a task, and when it was uploaded first."""

    version: str
    created_at: datetime


@dataclass(frozen=True)
class Occupied:
    """An environment in use: the rollout that has it, or is being given it, and ``worker_id``, on whose machine it is.

    ``since`` is when the rollout's attempt was claimed.
    """

    rollout_id: str
    batch_id: str
    task_id: str
    environment: str
    agent: str
    model: str | None
    status: Status
    worker_id: str
    since: datetime


@dataclass(frozen=True)
class TaskCounts:
    """A task's rollouts by outcome, over all its versions.

    ``live`` are not final yet; ``completed`` have a verdict, ``succeeded`` of them a right one; ``failed`` and
    ``cancelled`` have none and count in no rate.
    """

    live: int = 0
    completed: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """All rollouts of the task."""
        return self.live + self.completed + self.failed + self.cancelled

    @property
    def success_rate(self) -> float | None:
        """Succeeded of completed, in [0, 1]; None where none is completed."""
        return self.succeeded / self.completed if self.completed else None


@dataclass(frozen=True, eq=False)
class StoredTask:
    """The newest version of a task, with the counts of its rollouts. ``version`` is the task's, read and not computed.

    One that is read again and has not changed is the same object.
    """

    task: Task
    version: str
    created_at: datetime
    updated_at: datetime
    counts: TaskCounts = TaskCounts()


@dataclass(frozen=True)
class RolloutFilter:
    """Which rollouts a list holds; what is empty does not filter.

    ``error`` is the kind of the error that decided a failed one. ``text`` is searched, without regard to case, in the
    id and the instruction of the task; one of at least three characters also in the answers, the errors' messages and
    what the agents said (the first 4,000 characters) of rollouts that have ended, the first 10,000 characters of those.

    ``environment`` and ``tag`` are of the version of the task that was tried. ``since`` (included) and ``until`` (not
    included) say when a rollout was queued. Of ``seconds`` and ``cost`` (US dollars) the bounds are included; a rollout
    that has none is in no such list.
    """

    task_id: str | None = None
    task_version: str | None = None
    batch_id: str | None = None
    statuses: frozenset[Status] = frozenset()
    agent: str | None = None
    model: str | None = None
    success: bool | None = None
    error: str | None = None
    text: str | None = None
    environment: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    min_cost: float | None = None
    max_cost: float | None = None


class RolloutSort(StrEnum):
    """Orders of a list. A rollout has the values (seconds, steps) once it has ended; those without come last."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST = "longest"
    SHORTEST = "shortest"
    MOST_STEPS = "most_steps"
    FEWEST_STEPS = "fewest_steps"


@dataclass(frozen=True)
class Neighbours:
    """The ids of the rollouts beside one in a list; None where it is the first or the last."""

    previous: str | None
    following: str | None


@dataclass(frozen=True)
class RolloutPage:
    """A page of a list. ``next`` is given back to get the following page; None on the last one.

    A page may be short, or empty, and yet have a ``next``: for a text that many rollouts may have, and few of those asked
    for do, only so many are looked at for one page. ``total`` counts all that match, up to 10,001, which means more than
    10,000; None where it was not asked for, and where too many would have to be looked at to say it.
    """

    rollouts: Sequence[Rollout]
    next: str | None
    total: int | None = None


@dataclass(frozen=True)
class BatchPage:
    """A page of a list, newest first; see ``RolloutPage``."""

    batches: Sequence[Batch]
    next: str | None


@dataclass(frozen=True)
class BatchCreated:
    """A batch, and whether it was made now (else its idempotency key had made it before)."""

    batch: Batch
    created: bool


@dataclass(frozen=True)
class Change:
    """What is written together with a status change; what is None stays as it is. ``errors`` and ``timings`` are appended."""

    stop_reason: StopReason | None = None
    answer_text: str | None = None
    verdict: Verdict | None = None
    errors: tuple[RolloutError, ...] = ()
    timings: tuple[PhaseTiming, ...] = ()
    video: str | None = None
    template: str | None = None


@dataclass(frozen=True)
class Claim:
    """A rollout that this worker may execute; ``token`` names the claim in every later write."""

    rollout: Rollout
    task: Task
    limits: EffectiveLimits
    token: str = field(repr=False)


@dataclass(frozen=True)
class Standing:
    """Of claims that were asked about, by rollout id: those that should be cancelled, and those that are lost.

    ``wanted``: a person wants to take over their pages.
    """

    cancel: frozenset[str]
    lost: frozenset[str]
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Desk:
    """What a worker finds of a takeover: how it stands (None: it has ended), and the next order, where one waits."""

    takeover: Takeover | None
    order: NumberedOrder | None = None


@dataclass(frozen=True)
class Released:
    """What became of a worker's rollouts when it was released: ``attempts`` says which attempt of each it had executed."""

    attempts: Mapping[str, int]
    requeued: int = 0
    failed: int = 0
    cancelled: int = 0


@dataclass(frozen=True)
class Removed:
    """What a deletion removed from the database; ``attempts`` are all that began, also those that decided."""

    rollout_ids: Sequence[str]
    attempts: int
    steps: int


class Tasks(Protocol):
    """The stored tasks."""

    async def upload(self, tasks: Sequence[Task]) -> UploadCounts:
        """Store all of them or none; a task whose content differs from the stored one becomes a new version."""

    async def list(self, *, after: str | None = None, limit: int = 1000) -> Sequence[StoredTask]:
        """Tasks in the order of their ids (natural order: 2 before 10), beginning after the id ``after``."""

    async def get(self, task_id: str, version: str | None = None) -> StoredTask:
        """Return one task, its newest version unless one is named. Raises ``NotFound``."""

    async def get_many(self, task_ids: Sequence[str]) -> Sequence[StoredTask]:
        """Return tasks, their newest versions, in the order of ``task_ids``. Raises ``NotFound`` that names unknown ones."""

    async def versions(self, task_id: str) -> Sequence[TaskVersion]:
        """Return all versions of a task, the newest first; none where there is no such task."""

    async def newest(self, task_ids: Sequence[str]) -> Mapping[str, StoredTask]:
        """Return those of the tasks that there are, by id, in their newest versions."""

    async def answers(self, versions: AbstractSet[tuple[str, str]]) -> Mapping[tuple[str, str], JsonValue]:
        """Return the expected answers of versions of tasks, by (task id, version). Raises ``NotFound``."""


class Batches(Protocol):
    """The stored batches. Every rollout belongs to one."""

    async def create(self, spec: BatchSpec, templates: Mapping[str, str]) -> BatchCreated:
        """Queue a batch's rollouts, in one transaction, in the order tasks, agents, repeats.

        ``templates`` has the content hashes of the environments' templates, by name, for ``spec.reuse``. Of several
        requests with one idempotency key, also at once, one makes the batch and the others get it; a key that was
        used for a different spec is a ``Conflict``. Raises ``NotFound`` that names unknown tasks.
        """

    async def get(self, batch_id: str) -> Batch:
        """Return one batch. Raises ``NotFound``."""

    async def list(self, *, live: bool | None = None, after: str | None = None, limit: int = 50) -> BatchPage:
        """Return a page of batches, newest first; ``live``: only those with (without) rollouts that go on."""

    async def update(self, batch_id: str, update: BatchUpdate) -> Batch:
        """Change what can be changed. Raises ``NotFound``; ``Conflict`` where it would go on with its budget spent."""

    async def cancel(self, batch_id: str) -> int:
        """Cancel its pending rollouts at once, ask the workers of the claimed ones to; returns how many that are."""

    async def retry(self, batch_id: str) -> int:
        """Queue its rollouts that failed for their infrastructure once more; returns how many. Their attempts are kept."""

    async def delete(self, batch_id: str) -> Removed:
        """Remove a batch and its rollouts. Raises ``Conflict`` while some of them go on."""


class Rollouts(Protocol):
    """The stored rollouts. A write that names a claim's token changes nothing, and raises ``Conflict``, once it is stale."""

    async def list(
        self,
        where: RolloutFilter,
        *,
        sort: RolloutSort = RolloutSort.NEWEST,
        after: str | None = None,
        limit: int = 50,
        count: bool = False,
    ) -> RolloutPage:
        """Return a page of the rollouts that match, with ``count`` also how many match. Raises ``InvalidInput`` for a bad cursor."""

    async def neighbours(self, rollout_id: str, where: RolloutFilter, sort: RolloutSort) -> Neighbours:
        """Return what stands before and after a rollout in the list of those that match. Raises ``NotFound``.

        Its place is known also where it does not match (any more).
        """

    async def get(self, rollout_id: str) -> Rollout:
        """Return one rollout. Raises ``NotFound``."""

    async def attempts(self, rollout_id: str) -> Sequence[Attempt]:
        """Return the attempts before the one that the rollout's record tells of, in order. Raises ``NotFound``."""

    async def claim(self, worker_id: str, *, limit: int = 1, batch_id: str | None = None) -> Sequence[Claim]:
        """Take up to ``limit`` pending rollouts, which become provisioning.

        From unpaused batches: those of the highest priority first, of these the one with the fewest claimed rollouts,
        of these the oldest; from it the oldest rollout whose quota has room. With ``batch_id``, only from that one.
        Raises ``Conflict`` where the worker is not alive (lost, stopped, unknown).
        """

    async def claimed(self, worker_id: str) -> Sequence[Claim]:
        """Return all that a worker has claimed and not ended: for one that did not get the answer to a claim."""

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = Change()) -> Rollout:
        """Change the status as the state machine says, and write ``change`` with it.

        After ``REQUEUED`` and ``RELEASED`` the record is that of a new attempt, and the one that ended is among ``attempts``.
        """

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        """Append a step."""

    async def steps(self, rollout_id: str, attempt: int | None = None) -> Sequence[Step]:
        """All steps of an attempt (None: the present one), in order. Raises ``NotFound``."""

    async def step(self, rollout_id: str, index: int, attempt: int | None = None) -> Step:
        """Return one step. Raises ``NotFound``."""

    async def keep_video(self, rollout_id: str, attempt: int, key: str) -> None:
        """Note an attempt's video that was found after its worker was lost. Nothing to do where it has one."""

    async def standing(self, tokens: Mapping[str, str]) -> Standing:
        """Say how claims stand, given by rollout id and token."""

    async def demand(self) -> Mapping[str, int]:
        """Count the pending rollouts of unpaused batches by the environment that they need, each up to 1,000."""

    async def count_live(self) -> int:
        """Return how many rollouts are not final yet."""

    async def occupied(self, *, limit: int) -> Sequence[Occupied]:
        """Return the environments that rollouts have now, those of the oldest rollouts first."""

    async def missing(self, rollout_ids: Sequence[str]) -> Sequence[str]:
        """Return those of the ids that are no rollout's."""

    async def request_cancel(self, rollout_id: str) -> Rollout:
        """Cancel a pending rollout at once; ask the worker of a live one to. Raises ``Conflict`` on a final one."""

    async def retry(self, rollout_id: str) -> Rollout:
        """Queue a failed rollout once more; its attempts are kept. Raises ``Conflict`` on one that has not failed."""

    async def delete(self, rollout_id: str) -> Removed:
        """Remove a final rollout, its attempts and steps. Raises ``Conflict`` on a live one."""


class Workers(Protocol):
    """The workers, alive and lost. A lost one owns nothing; its later writes change nothing."""

    async def register(self, worker: Worker) -> None:
        """Add a worker; its id is new."""

    async def beat(self, worker_id: str, report: WorkerReport, *, draining: bool = False) -> bool:
        """Say that a worker lives, and what it tells of itself; False where it was given up meanwhile."""

    async def list(self, *, alive: bool | None = None) -> Sequence[Worker]:
        """Return workers, oldest first: all of the last day, or only those that are (not) alive."""

    async def stop(self, worker_id: str) -> None:
        """Note the end of a worker that owns nothing any more. Idempotent."""

    async def prove(self) -> None:
        """Write something, so that whoever watches others' beats without beating itself knows that a beat could be written.

        Raises ``StorageError`` where nothing can be written now (full disk, locked, away).
        """

    async def release(self, worker_id: str, error: RolloutError, *, beats: int | None = None) -> Released:
        """Give a worker up (only if its beats are still as given), and each of its rollouts a new attempt or an end.

        ``error`` is put into their records, as an error of the phase that each was in. Those asked to cancel become
        cancelled. Idempotent.
        """


class Quotas(Protocol):
    """Limits of models, changeable at any time."""

    async def list(self) -> Sequence[Quota]:
        """Return all quotas, by name."""

    async def set(self, quota: Quota) -> None:
        """Make or replace a quota; one without any limit is removed."""

    async def reserve(self, name: str) -> float:
        """Take the next request's place; returns the seconds to wait before it is made, 0 where nothing limits it."""


class People(Protocol):
    """What persons decide and do in running rollouts.

    It holds for one claim: with the claim, or the rollout's running, questions, takeovers and orders are over by themselves. What
    the worker writes names the claim's token, and raises ``Conflict`` once it is stale; what a person's page writes names its
    ``holder``, a secret that it chose, and raises ``Conflict`` once the page is not its.
    """

    async def ask(self, rollout_id: str, token: str, asked: QuestionAsked) -> Question:
        """Ask a person. The same question again is no other one."""

    async def question(self, question_id: str) -> Question:
        """Return a question. Raises ``NotFound``."""

    async def close(self, question_id: str) -> Question:
        """Note that nobody answered in time, unless somebody has by now; returns what it is then. Idempotent."""

    async def questions(self, rollout_id: str | None = None) -> Sequence[Question]:
        """Return the open questions, oldest first, of one rollout or of all."""

    async def answer(self, question_id: str, *, allow: bool) -> Question:
        """Answer a question. Raises ``NotFound``; ``Conflict`` where it was answered, or is asked no more."""

    async def takeovers(self, rollout_id: str | None = None) -> Sequence[Takeover]:
        """Return the takeovers that have not ended, oldest first, of one rollout or of all."""

    async def take_over(self, rollout_id: str, holder: str) -> Takeover:
        """Ask for the page of a running rollout. Raises ``NotFound``; ``Conflict`` where it does not run, or another holds it.

        Who holds it already keeps it.
        """

    async def give_sign(self, rollout_id: str, holder: str) -> Takeover:
        """Say that the person's page is still there."""

    async def order(self, rollout_id: str, holder: str, order: Order) -> int:
        """Place an order; returns its number. Raises ``Conflict`` also where too many wait, or an answer is not the person's."""

    async def result(self, rollout_id: str, number: int) -> Sequence[ActionResult] | None:
        """Return what became of one of the newest orders; None as long as it is not carried out. Raises ``NotFound``."""

    async def hand_back(self, rollout_id: str, holder: str) -> None:
        """Give the page back to the agent. Idempotent."""

    async def await_person(self, rollout_id: str, token: str) -> Takeover:
        """Wait for a person who is the rollout's agent; one who came before that has the page now. Idempotent."""

    async def stand_aside(self, rollout_id: str, token: str) -> bool:
        """Let the person have the page who asked for it; False where nobody wants it any more."""

    async def desk(self, rollout_id: str, token: str) -> Desk:
        """Return how the takeover stands, and the next order."""

    async def carry_out(self, rollout_id: str, token: str, number: int, results: Sequence[ActionResult]) -> None:
        """Note what became of an order. Idempotent."""

    async def end(self, rollout_id: str, token: str, reason: str) -> None:
        """Take the page back, for a reason in words: it has ended, or where the person is the agent, is awaited again. Idempotent."""


class Events(Protocol):
    """The append-only log of what happened."""

    async def after(self, seq: int, *, limit: int = 1000) -> Sequence[LoggedEvent]:
        """Return the events that follow ``seq``, in order."""

    async def last(self) -> int:
        """Return the newest event's number; 0 where there is none."""

    async def tell(self, kind: EventKind, data: Mapping[str, JsonValue]) -> None:
        """Append an event of something that is in no table. Raises ``StorageError``."""


class Deliveries(Protocol):
    """Ends of batches that others are told of. There is one delivery for each end, whoever sees to it."""

    async def claim(self, *, for_default: bool, hold: timedelta, newest: timedelta) -> Delivery | None:
        """Take the delivery that is due first, so that nobody else does for as long as ``hold``; None where none is due.

        ``for_default``: also those without an address of their own. Those older than ``newest`` are never taken.
        """

    async def done(self, delivery: Delivery, error: str | None = None) -> None:
        """Note that a delivery arrived, or with an error that it is given up. Nothing happens where another has it now."""

    async def put_off(self, delivery: Delivery, delay: timedelta, error: str) -> None:
        """Note that a delivery did not arrive, and is to be tried again after a while. Nothing happens likewise."""


@dataclass(frozen=True)
class StoredArtifact:
    """What is known of an artifact without reading it."""

    key: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True)
class Workspace:
    """Says that an attempt has a workspace."""

    rollout_id: str
    attempt: int


class Artifacts(Protocol):
    """Files that belong to rollouts, stored once per content.

    Keys are relative paths that begin with the rollout's id: ``<rollout id>/video-1.mp4`` (of its attempt 1),
    ``<rollout id>/screens/<hash>.png``, ``<rollout id>/logs-1.json`` (what its environment's services wrote, by name).
    """

    async def put(self, key: str, content: bytes) -> str:
        """Store bytes under a key, once: the same key again is the same content. Returns the key."""

    async def adopt(self, key: str, path: Path) -> str:
        """Move a finished file in under a key. Returns the key."""

    def workspace(self, rollout_id: str, attempt: int) -> Path:
        """A local directory for an attempt's files that are still being written; exists on return; removed with the rollout."""

    async def discard_workspace(self, rollout_id: str, attempt: int) -> None:
        """Remove an attempt's workspace with what was not adopted from it. Idempotent."""

    async def workspaces(self) -> Sequence[Workspace]:
        """Return the workspaces that there are; cheap, however many rollouts are stored."""

    async def stat(self, key: str) -> StoredArtifact:
        """Raises ``NotFound``."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to and excluding ``end``, in pieces. Raises ``NotFound``."""

    async def delete_rollout(self, rollout_id: str) -> int:
        """Remove all that belongs to a rollout; returns the bytes freed, without those that others have too. Idempotent."""

    def rollouts(self) -> AsyncIterator[Sequence[str]]:
        """Yield the ids of all rollouts that have artifacts, in pieces and in no order."""

    async def discard_unneeded(self) -> int:
        """Remove contents that are under no key any more, where a deletion was interrupted; returns how many."""


def cassette_key(rollout_id: str, attempt: int) -> str:
    """Return the artifact key of an attempt's model traffic, where it was kept."""
    return f"{rollout_id}/cassette-{attempt}.jsonl"


def logs_key(rollout_id: str, attempt: int) -> str:
    """Return the artifact key of what was written in an attempt: JSON, as ``domain.log.LOGS`` has it."""
    return f"{rollout_id}/logs-{attempt}.json"
