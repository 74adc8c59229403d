"""What a transaction changes beside its rows: the counters of tasks and batches, and the log of events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import JsonValue
from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Table, Update, bindparam, case, func, insert, not_, null, or_, text, true, update

from rolldeck.domain.event import EventKind
from rolldeck.domain.status import Status
from rolldeck.domain.verdict import Verdict
from rolldeck.storage.database.models import WAITING, batches, deliveries, events, tasks
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row

_OF_TASK = ("live", "completed", "succeeded", "failed", "cancelled")
_SPENT = ("tokens", "cost", "unpriced")
_OF_BATCH = (*_OF_TASK, "total", "claimed", "reused", "retryable", "executed", "seconds", *_SPENT)

_TOLD_OF_END = ("name", "total", "completed", "succeeded", "failed", "cancelled")
_SEEN_AT_END = ("id", *_TOLD_OF_END, "tags", "webhook", "live", "created_at", "finished_at")

SPENT = or_(batches.c.tokens >= batches.c.budget_tokens, batches.c.cost >= batches.c.budget_cost)
"""Whether nothing is left of a batch's budget; null where it has none."""


def counted(rollout: Row) -> Counter[str]:
    """Return the counters that a rollout is part of, each with what it adds."""
    status = Status(rollout["status"])
    counts: Counter[str] = Counter(total=1)
    if not status.is_final:
        counts["live"] = 1
        counts["claimed"] = int(rollout["token"] is not None)
        return counts
    counts[status.value] = 1
    counts["retryable"] = int(status is Status.FAILED and rollout["failure_retryable"])
    if status is Status.COMPLETED:
        counts["succeeded"] = int(rollout["success"])
        counts["reused"] = int(rollout["reused_from"] is not None)
    if status is not Status.CANCELLED and rollout["seconds"] is not None:
        counts["executed"] = 1
        counts["seconds"] = rollout["seconds"]
    return counts


class Ledger:
    """Collects what a transaction changes beside its rows, and writes it at the transaction's end.

    There in one order, whatever the rollouts' order was, so that two transactions never wait for each other crosswise;
    and events last, because from then on to its commit no other transaction can log any.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._batches: dict[str, Counter[str]] = {}
        self._spending: set[str] = set()
        self._tasks: dict[str, Counter[str]] = {}
        self._events: list[dict[str, object]] = []

    def count(self, rollout: Row, before: Counter[str], after: Counter[str], *, times: int = 1) -> None:
        """Note what a rollout (or several of one task and batch) was counted as, and what it is counted as now."""
        changed = [name for name in {*before, *after} if after[name] != before[name]]
        change = Counter({name: (after[name] - before[name]) * times for name in changed})
        if change:
            self._batches.setdefault(rollout["batch_id"], Counter()).update(change)
        if any(change[name] for name in _OF_TASK):
            self._tasks.setdefault(rollout["task_id"], Counter()).update(change)

    def spend(self, ended: Row) -> None:
        """Note what an attempt that ends has spent, also on having its answer read. It stays spent, also when its rollout is deleted."""
        self._spend(ended["batch_id"], ended["tokens"], ended["cost"])
        if ended["extraction"] is not None and ended["verdict"] is not None:
            extraction = Verdict.model_validate_json(ended["verdict"]).extraction
            if extraction is not None:
                self._spend(ended["batch_id"], extraction.usage.tokens, extraction.usage.cost)

    def _spend(self, batch_id: str, tokens: int, cost: Any) -> None:
        """Note tokens and their cost in US dollars, None where that is not known."""
        if not tokens:
            return
        change = self._batches.setdefault(batch_id, Counter())
        change["tokens"] += tokens
        change["cost"] += cost or 0
        change["unpriced"] += int(cost is None)
        self._spending.add(batch_id)

    def log(
        self,
        kind: EventKind,
        data: Mapping[str, JsonValue],
        *,
        batch_id: str | None = None,
        task_id: str | None = None,
        rollout_id: str | None = None,
    ) -> None:
        """Note an event."""
        self._events.append(
            {
                "at": self.now,
                "kind": kind.value,
                "batch_id": batch_id,
                "task_id": task_id,
                "rollout_id": rollout_id,
                "data": to_json(data).decode(),
            }
        )

    def write(self, connection: Connection) -> None:
        """Write everything. Nothing else may be written in the transaction after that."""
        self.write_counts(connection)
        if self._events:
            _LOG.run(connection, self._events)

    def write_counts(self, connection: Connection) -> None:
        """Write what was counted until now, for what reads the counters in the same transaction."""
        if self._batches:
            changes = [_change(_OF_BATCH, key, self._batches[key]) for key in sorted(self._batches)]
            values = [{"now": self.now, **change} for change in changes]
            if any(_may_end(change) for change in self._batches.values()):
                self._count_and_tell_ends(connection, values)
            else:
                _COUNT_BATCH.run(connection, values)
        if self._tasks:
            changes = [_change(_OF_TASK, key, self._tasks[key]) for key in sorted(self._tasks)]
            _COUNT_TASK.run(connection, changes)
        self._batches.clear()
        self._tasks.clear()
        self._pause_spent(connection)

    def _count_and_tell_ends(self, connection: Connection, values: Sequence[Mapping[str, object]]) -> None:
        """Count, and note which batches ended by it: each end is logged, and queued to be told to others."""
        for each in values:
            row = _COUNT_AND_LOOK.fetch_one(connection, each)
            if row is not None and row["live"] == 0 and row["finished_at"] == self.now:
                self._end(connection, row)

    def _end(self, connection: Connection, batch: Row) -> None:
        told = {name: batch[name] for name in _TOLD_OF_END}
        self.log(EventKind.BATCH_ENDED, told, batch_id=batch["id"])
        times = {name: batch[name].isoformat() for name in ("created_at", "finished_at")}
        rate = batch["succeeded"] / batch["completed"] if batch["completed"] else None
        more = {"tags": from_json(batch["tags"]), "success_rate": rate, **times}
        content = {"type": EventKind.BATCH_ENDED.value, "batch": {"id": batch["id"], **told, **more}}
        new = {
            "id": uuid4().hex,
            "batch_id": batch["id"],
            "url": batch["webhook"],
            "content": to_json(content).decode(),
        }
        connection.execute(insert(deliveries), {**new, "created_at": self.now, "next_at": self.now})

    def _pause_spent(self, connection: Connection) -> None:
        """Pause batches that have spent their budget, and have rollouts left to begin."""
        for batch_id in sorted(self._spending):
            if _PAUSE_SPENT.fetch_one(connection, {"key": batch_id}) is not None:
                self.log(EventKind.BATCH_CHANGED, {"paused": True, "budget_spent": True}, batch_id=batch_id)
        self._spending.clear()


def _may_end(change: Counter[str]) -> bool:
    """Whether a batch may have ended by a change: rollouts of it did, or it is new, and others answered for all of them."""
    return change["live"] < 0 or (change["total"] > 0 and change["live"] == 0)


def _change(names: tuple[str, ...], key: str, change: Counter[str]) -> dict[str, object]:
    return {"key": key, **{f"add_{name}": change[name] for name in names}}


def _added(table: Table, names: tuple[str, ...]) -> dict[str, object]:
    return {name: table.c[name] + bindparam(f"add_{name}", type_=table.c[name].type) for name in names}


_COUNT_TASK = Prepared(update(tasks).where(tasks.c.id == bindparam("key")).values(_added(tasks, _OF_TASK)))
_NOW = bindparam("now", type_=batches.c.finished_at.type)
_LIVE_NOW = batches.c.live + bindparam("add_live", type_=batches.c.live.type)
_FINISHED_AT = case(
    (_LIVE_NOW > 0, null()),
    (batches.c.live > 0, _NOW),
    # It had ended already: one of its rollouts was deleted, or others answered for all of them.
    else_=func.coalesce(batches.c.finished_at, _NOW),
)


def _counting() -> Update:
    """Return the statement anew: what SQLAlchemy remembers of one goes over to what is made from it."""
    values = _added(batches, _OF_BATCH) | {"finished_at": _FINISHED_AT}
    return update(batches).where(batches.c.id == bindparam("key")).values(values)


_COUNT_BATCH = Prepared(_counting())
_COUNT_AND_LOOK = Prepared(_counting().returning(*(batches.c[name] for name in _SEEN_AT_END)))
_PAUSE_SPENT = Prepared(
    update(batches)
    .where(batches.c.id == bindparam("key"), not_(batches.c.paused), text(WAITING), SPENT)
    .values(paused=true())
    .returning(batches.c.id)
)
_LOG = Prepared(insert(events), ("at", "kind", "batch_id", "task_id", "rollout_id", "data"))
