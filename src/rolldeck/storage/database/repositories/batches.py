"""Batches in the database."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json, to_json
from sqlalchemy import Connection, insert, select, update

from rolldeck.domain.batch import Batch, BatchSpec, BatchUpdate
from rolldeck.domain.errors import Conflict
from rolldeck.domain.event import EventKind
from rolldeck.domain.limits import Budget
from rolldeck.domain.status import Event, Status
from rolldeck.storage.database.engine import Transactions
from rolldeck.storage.database.ids import TimedId
from rolldeck.storage.database.locks import Lock, take
from rolldeck.storage.database.models import batches, rollouts, task_versions, tasks
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories import deletion, listing
from rolldeck.storage.database.repositories.fetching import Row, fetch_all, fetch_one
from rolldeck.storage.database.repositories.ledger import SPENT, Ledger, counted
from rolldeck.storage.database.repositories.records import AGENTS, TAGS, batch_of
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.rows import ask_to_cancel, batch_row, lock_rollouts, refuse_unknown
from rolldeck.storage.database.repositories.statuses import NEW, answered_by, happen, key_of, log_status
from rolldeck.storage.port import BatchCreated, BatchPage, Removed


@dataclass(frozen=True)
class _Version:
    """The newest version of a task, and the environment that it needs."""

    task_id: str
    version: str
    environment: str


@dataclass(frozen=True)
class _Choice:
    """An ``AgentChoice`` as a rollout's row has it."""

    agent: str
    model: str | None
    parameters: str
    quota: str


class DatabaseBatches(Repository):
    """``storage.port.Batches`` on a database."""

    def __init__(self, transactions: Transactions, now: Callable[[], datetime], new_id: Callable[[], TimedId]) -> None:
        super().__init__(transactions, now)
        self._new_id = new_id

    async def create(self, spec: BatchSpec, templates: Mapping[str, str]) -> BatchCreated:
        """Queue a batch's rollouts, in one transaction, in the order tasks, agents, repeats.

        Of several requests with one idempotency key, also at once, one makes the batch and the others get it; a key
        that was used for a different spec is a ``Conflict``. Raises ``NotFound`` that names unknown tasks.
        """
        return await self._write("queueing a batch", partial(self._create, spec=spec, templates=templates))

    def _create(
        self, connection: Connection, ledger: Ledger, *, spec: BatchSpec, templates: Mapping[str, str]
    ) -> BatchCreated:
        spec_hash = hashlib.sha256(spec.model_dump_json().encode()).hexdigest()
        existing = _made_before(connection, spec, spec_hash)
        if existing is not None:
            return BatchCreated(existing, created=False)
        versions = _newest_versions(connection, spec.task_ids)
        refuse_unknown(spec.task_ids, versions)
        batch_id = self._store_batch(connection, spec, spec_hash)
        queue = [
            self._new_rollout(batch_id, spec, task, choice, seed) for task, choice, seed in _rollouts_of(spec, versions)
        ]
        reused = _answer_from_others(connection, queue, templates, ledger.now) if spec.reuse else []
        _store_rollouts(connection, ledger, queue)
        told: dict[str, JsonValue] = {"name": spec.name, "total": spec.total, "reused": len(reused)}
        ledger.log(EventKind.BATCH_CREATED, told, batch_id=batch_id)
        for answered in reused:
            log_status(ledger, Event.REUSED, answered["status"], answered)
        ledger.write_counts(connection)
        return BatchCreated(batch_of(batch_row(connection, batch_id)), created=True)

    def _store_batch(self, connection: Connection, spec: BatchSpec, spec_hash: str) -> str:
        new = self._new_id()
        same = ("name", "priority", "repeats", "max_attempts", "reuse", "idempotency_key", "webhook")
        row = {
            "id": new.id,
            "created_at": new.time,
            **{name: getattr(spec, name) for name in same},
            "tags": TAGS.dump_json(spec.tags).decode(),
            "agents": AGENTS.dump_json(spec.agents).decode(),
            "tasks": len(spec.task_ids),
            "limits": spec.limits.model_dump_json(),
            **_budget_columns(spec.budget),
            "extraction": _extraction_column(spec),
            "spec_hash": spec_hash,
        }
        connection.execute(insert(batches), row)
        return new.id

    def _new_rollout(
        self, batch_id: str, spec: BatchSpec, task: _Version, choice: _Choice, seed: int
    ) -> dict[str, Any]:
        new = self._new_id()
        return {
            **NEW,
            "id": new.id,
            "batch_id": batch_id,
            "task_id": task.task_id,
            "task_version": task.version,
            "environment": task.environment,
            "agent": choice.agent,
            "model": choice.model,
            "parameters": choice.parameters,
            "extraction": _extraction_column(spec),
            "quota": choice.quota,
            "seed": seed,
            "retries_left": spec.max_attempts - 1,
            "created_at": new.time,
        }

    async def get(self, batch_id: str) -> Batch:
        """Return one batch. Raises ``NotFound``."""
        return await self._read(
            "reading a batch", lambda connection: batch_of(batch_row(connection, batch_id)), one_statement=True
        )

    async def list(self, *, live: bool | None = None, after: str | None = None, limit: int = 50) -> BatchPage:
        """Return a page of batches, newest first; ``live``: only those with (without) rollouts that go on."""
        work = partial(listing.batches_page, live=live, after=after, limit=limit)
        return await self._read("listing batches", work, one_statement=True)

    async def update(self, batch_id: str, update: BatchUpdate) -> Batch:
        """Change what can be changed. Raises ``NotFound``; ``Conflict`` where it would go on with its budget spent."""
        changes = update.model_dump(mode="json", exclude_none=True)
        values = {name: value for name, value in changes.items() if name not in {"tags", "budget"}}
        values |= {} if update.tags is None else {"tags": TAGS.dump_json(update.tags).decode()}
        values |= {} if update.budget is None else _budget_columns(update.budget)

        def work(connection: Connection, ledger: Ledger) -> Batch:
            if values:
                connection.execute(_CHANGE.where(batches.c.id == batch_id), values)
            row = batch_row(connection, batch_id)
            if update.paused is False and connection.scalar(_SPENT_ONES.where(batches.c.id == batch_id)):
                raise Conflict(f"The batch {batch_id} has spent its budget: raise that to let it go on")
            if values:
                ledger.log(EventKind.BATCH_CHANGED, changes, batch_id=batch_id)
            return batch_of(row)

        return await self._write("changing a batch", work)

    async def cancel(self, batch_id: str) -> int:
        """Cancel its pending rollouts at once, ask the workers of the claimed ones to; returns how many that are."""

        def work(connection: Connection, ledger: Ledger) -> int:
            batch_row(connection, batch_id)
            live = lock_rollouts(connection, rollouts.c.batch_id == batch_id, rollouts.c.status.not_in(_FINAL))
            ask_to_cancel(connection, [row["id"] for row in live if row["token"] is not None])
            happen(connection, ledger, [row for row in live if row["token"] is None], Event.CANCEL)
            ledger.log(EventKind.BATCH_CHANGED, {"cancelled": len(live)}, batch_id=batch_id)
            return len(live)

        return await self._write("cancelling a batch", work)

    async def retry(self, batch_id: str) -> int:
        """Queue its rollouts that failed for their infrastructure once more; returns how many. Their attempts are kept."""
        failed = (rollouts.c.status == Status.FAILED.value) & rollouts.c.failure_retryable

        def work(connection: Connection, ledger: Ledger) -> int:
            max_attempts = batch_row(connection, batch_id)["max_attempts"]
            rows = lock_rollouts(connection, rollouts.c.batch_id == batch_id, failed)
            happen(connection, ledger, rows, Event.RETRIED, max_attempts=max_attempts)
            ledger.log(EventKind.BATCH_CHANGED, {"retried": len(rows)}, batch_id=batch_id)
            return len(rows)

        return await self._write("queueing a batch once more", work)

    async def delete(self, batch_id: str) -> Removed:
        """Remove a batch and its rollouts. Raises ``Conflict`` while some of them go on."""
        return await self._write("deleting a batch", partial(deletion.delete_batch, batch_id=batch_id))


def _store_rollouts(connection: Connection, ledger: Ledger, queue: Sequence[dict[str, Any]]) -> None:
    """Insert new rollouts, and count them."""
    # What is null in all of them is left out, and those of a task that are alike are counted together: ten thousand
    # rows are a matter of microseconds each.
    names = [name for name in queue[0] if any(row[name] is not None for row in queue)]
    Prepared(insert(rollouts), names).run(connection, [{name: row[name] for name in names} for row in queue])
    alike = Counter((row["task_id"], row["status"], row["success"]) for row in queue)
    examples = {(row["task_id"], row["status"], row["success"]): row for row in queue}
    for kind, number in alike.items():
        ledger.count(examples[kind], Counter(), counted(examples[kind]), times=number)


def _budget_columns(budget: Budget) -> dict[str, Any]:
    return {"budget_tokens": budget.tokens, "budget_cost": budget.cost}


def _extraction_column(spec: BatchSpec) -> str | None:
    return None if spec.extraction is None else str(spec.extraction)


def _made_before(connection: Connection, spec: BatchSpec, spec_hash: str) -> Batch | None:
    """Return the batch that the spec's idempotency key made, and let nobody else make one with it meanwhile."""
    if spec.idempotency_key is None:
        return None
    take(connection, Lock.IDEMPOTENCY_KEY, spec.idempotency_key)
    query = select(batches).where(batches.c.idempotency_key == spec.idempotency_key)
    row = fetch_one(connection, query)
    if row is None:
        return None
    if row["spec_hash"] != spec_hash:
        raise Conflict(
            f"The idempotency key {spec.idempotency_key!r} was used before for a different batch: use a new key"
        )
    return batch_of(row)


def _newest_versions(connection: Connection, task_ids: Sequence[str]) -> dict[str, _Version]:
    versions: dict[str, _Version] = {}
    newest = (task_versions.c.task_id == tasks.c.id) & (task_versions.c.version == tasks.c.version)
    query = select(tasks.c.id, tasks.c.version, task_versions.c.content).join_from(tasks, task_versions, newest)
    for some in in_pieces(task_ids):
        for row in connection.execute(query.where(tasks.c.id.in_(some))):
            versions[row.id] = _Version(row.id, row.version, from_json(row.content)["environment"])
    return versions


def _rollouts_of(spec: BatchSpec, versions: Mapping[str, _Version]) -> Iterator[tuple[_Version, _Choice, int]]:
    choices = [_Choice(each.agent, each.model, to_json(each.parameters).decode(), each.quota) for each in spec.agents]
    for task_id, choice, repeat in product(spec.task_ids, choices, range(spec.repeats)):
        yield versions[task_id], choice, spec.seed + repeat


def _answer_from_others(
    connection: Connection, queue: list[dict[str, Any]], templates: Mapping[str, str], now: datetime
) -> list[Row]:
    """End those rollouts of a new queue for which an identical one has completed before, and return them."""
    keys = {row["id"]: key_of(row, templates[row["environment"]]) for row in queue if row["environment"] in templates}
    origins: dict[str, Row] = {}
    for some in in_pieces(list(keys.values())):
        query = select(rollouts).where(rollouts.c.reuse_key.in_(some)).order_by(rollouts.c.id)
        origins |= {row["reuse_key"]: row for row in fetch_all(connection, query)}
    reused: list[Row] = []
    for row in queue:
        origin = origins.get(keys.get(row["id"], ""))
        if origin is not None:
            row.update(answered_by(row, origin, now))
            reused.append(row)
    return reused


_FINAL = [status.value for status in Status if status.is_final]
_CHANGE = update(batches)
_SPENT_ONES = select(batches.c.id).where(SPENT)
