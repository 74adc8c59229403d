"""Rollouts in the database. Each method is one transaction; every change of status goes through ``next_status``."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, UnaryExpression, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.operators import custom_op

from rolldeck.domain.errors import Conflict, InvalidInput, NotFound
from rolldeck.domain.rollout import Phase, Rollout, RolloutError, Step
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.storage.database.engine import Sessions, storage_errors
from rolldeck.storage.database.ids import ULID_PATTERN, TimedId, least_ulid_at
from rolldeck.storage.database.models import RolloutRow, StepRow, TaskRow, TaskVersionRow
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.repositories.records import ERRORS, TIMINGS, rollout_of, step_of
from rolldeck.storage.database.repositories.tasks import refuse_unknown, task_of
from rolldeck.storage.port import Change, Claim, RolloutFilter, RolloutPage

_Value = TypeVar("_Value")
_NO_CHANGE = Change()
_CLAIMED = (Status.PROVISIONING, Status.RUNNING, Status.VERIFYING)
_PHASE = {Status.PROVISIONING: Phase.PROVISION, Status.RUNNING: Phase.AGENT, Status.VERIFYING: Phase.VERIFY}


class DatabaseRollouts:
    """``storage.port.Rollouts`` on a database."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime], new_id: Callable[[], TimedId]) -> None:
        self._sessions = sessions
        self._now = now
        self._new_id = new_id

    async def create(self, task_ids: Sequence[str], agent: str, repeats: int) -> Sequence[Rollout]:
        """Queue ``repeats`` rollouts per task, in one transaction. Raises ``NotFound`` that names unknown tasks."""
        with storage_errors("queueing rollouts"):
            async with self._sessions.write.begin() as session:
                versions = await _newest_versions(session, task_ids)
                refuse_unknown(task_ids, versions)
                created = [
                    self._new_rollout(task_id, versions[task_id], agent) for task_id in task_ids for _ in range(repeats)
                ]
                await session.execute(insert(RolloutRow), [_new_row(rollout) for rollout in created])
                await _count_created(session, created)
        return created

    def _new_rollout(self, task_id: str, version: str, agent: str) -> Rollout:
        new = self._new_id()
        return Rollout(
            id=new.id,
            task_id=task_id,
            task_version=version,
            agent=agent,
            status=Status.PENDING,
            created_at=new.time,
        )

    async def list(self, where: RolloutFilter, *, after: str | None = None, limit: int = 50) -> RolloutPage:
        """Return a page of the rollouts that match, newest first. Raises ``InvalidInput`` for a bad cursor."""
        query = select(RolloutRow).where(*_conditions(where)).order_by(RolloutRow.id.desc()).limit(limit + 1)
        if after is not None:
            if ULID_PATTERN.fullmatch(after) is None:
                raise InvalidInput("The cursor 'after' is not one that a list has returned")
            query = query.where(RolloutRow.id < after)
        with storage_errors("listing rollouts"):
            async with self._sessions.read() as session:
                rows = (await session.scalars(query)).all()
        page = [rollout_of(row) for row in rows[:limit]]
        return RolloutPage(page, page[-1].id if len(rows) > limit else None)

    async def get(self, rollout_id: str) -> Rollout:
        """Return one rollout. Raises ``NotFound``."""
        with storage_errors("reading a rollout"):
            async with self._sessions.read() as session:
                return rollout_of(await _row(session, rollout_id))

    async def claim(self, *, created_from: datetime | None = None) -> Claim | None:
        """Take the oldest pending rollout, which becomes provisioning, or None where there is none."""
        oldest = select(RolloutRow.id).where(RolloutRow.status == Status.PENDING).order_by(RolloutRow.id).limit(1)
        if created_from is not None:
            oldest = oldest.where(RolloutRow.id >= least_ulid_at(created_from))
        token = secrets.token_hex(16)
        status = next_status(Status.PENDING, Event.CLAIMED)
        take = update(RolloutRow).where(RolloutRow.id == oldest.scalar_subquery())
        take = take.values(status=status, token=token, started_at=self._now())
        with storage_errors("claiming a rollout"):
            async with self._sessions.write.begin() as session:
                row = (await session.scalars(take.returning(RolloutRow))).one_or_none()
                if row is None:
                    return None
                version = await session.get_one(TaskVersionRow, (row.task_id, row.task_version))
                return Claim(rollout_of(row), task_of(version), token)

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = _NO_CHANGE) -> Rollout:
        """Change the status as the state machine says, and write ``change`` with it."""
        with storage_errors("writing a rollout"):
            async with self._sessions.write.begin() as session:
                row = await _row(session, rollout_id)
                if row.token is None or not secrets.compare_digest(row.token, token):
                    raise Conflict(f"The rollout {rollout_id} is not this worker's any more")
                _write(row, change)
                await self._change_status(session, row, event)
                return rollout_of(row)

    async def _change_status(self, session: AsyncSession, row: RolloutRow, event: Event) -> None:
        """Make the event happen to the rollout; a final one loses its claim and is counted as what it became."""
        row.status = next_status(Status(row.status), event)
        if Status(row.status).is_final:
            row.token = None
            row.finished_at = self._now()
            await _count(session, row.task_id, {"live": -1, **_counted_as(row)})

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        """Append a step. Raises ``Conflict`` for a stale token, and for a step that is not the next one."""
        is_next = (RolloutRow.id == rollout_id) & (RolloutRow.token == token) & (RolloutRow.steps == step.index)
        append = update(RolloutRow).where(is_next).values(steps=step.index + 1).returning(RolloutRow.id)
        with storage_errors("writing a step"):
            async with self._sessions.write.begin() as session:
                if (await session.scalar(append)) is None:
                    raise Conflict(
                        f"Step {step.index} is not the next one of the rollout {rollout_id}, or that is not this worker's any more"
                    )
                content = step.model_dump_json()
                await session.execute(insert(StepRow).values(rollout_id=rollout_id, number=step.index, content=content))

    async def steps(self, rollout_id: str) -> Sequence[Step]:
        """All steps, in order. Raises ``NotFound``."""
        query = select(StepRow).where(StepRow.rollout_id == rollout_id).order_by(StepRow.number)
        with storage_errors("reading steps"):
            async with self._sessions.read() as session:
                await _row(session, rollout_id)
                return [step_of(row) for row in await session.scalars(query)]

    async def step(self, rollout_id: str, index: int) -> Step:
        """Return one step. Raises ``NotFound``."""
        with storage_errors("reading a step"):
            async with self._sessions.read() as session:
                row = await session.get(StepRow, (rollout_id, index))
        if row is None:
            raise NotFound(f"There is no step {index} of a rollout {rollout_id}")
        return step_of(row)

    async def count_live(self) -> int:
        """Return how many rollouts are not final yet."""
        with storage_errors("counting rollouts"):
            async with self._sessions.read() as session:
                return await session.scalar(select(func.sum(TaskRow.live))) or 0

    async def request_cancel(self, rollout_id: str) -> Rollout:
        """Cancel a pending rollout at once; ask the worker of a live one to. Raises ``Conflict`` on a final one."""
        with storage_errors("cancelling a rollout"):
            async with self._sessions.write.begin() as session:
                row = await _row(session, rollout_id)
                if Status(row.status).is_final:
                    raise Conflict(f"The rollout {rollout_id} has ended already: it is {row.status}")
                row.cancel_requested = True
                if row.token is None:
                    await self._change_status(session, row, Event.CANCEL)
                return rollout_of(row)

    async def cancel_requested(self, rollout_ids: Sequence[str]) -> frozenset[str]:
        """Which of these are asked to stop, or are gone."""
        going_on = select(RolloutRow.id).where(RolloutRow.id.in_(rollout_ids), ~RolloutRow.cancel_requested)
        with storage_errors("reading rollouts"):
            async with self._sessions.read() as session:
                return frozenset(rollout_ids) - set(await session.scalars(going_on))

    async def delete(self, rollout_id: str) -> Sequence[str]:
        """Remove a final rollout and its steps; returns the artifact keys it had. Raises ``Conflict`` on a live one."""
        with storage_errors("deleting a rollout"):
            async with self._sessions.write.begin() as session:
                row = await _row(session, rollout_id)
                if not Status(row.status).is_final:
                    raise Conflict(f"The rollout {rollout_id} is {row.status}: cancel it first")
                steps = await session.scalars(select(StepRow).where(StepRow.rollout_id == rollout_id))
                keys = [step_of(step).screenshot for step in steps] + ([row.video] if row.video else [])
                await _count(session, row.task_id, dict.fromkeys(_counted_as(row), -1))
                await session.execute(delete(RolloutRow).where(RolloutRow.id == rollout_id))
        return list(dict.fromkeys(keys))

    async def release_orphans(self) -> int:
        """Fail what a process that no longer lives had claimed (at start: all claimed); returns how many."""
        with storage_errors("releasing rollouts"):
            async with self._sessions.write.begin() as session:
                orphans = (await session.scalars(select(RolloutRow).where(RolloutRow.status.in_(_CLAIMED)))).all()
                for row in orphans:
                    lost = RolloutError(
                        phase=_PHASE[Status(row.status)],
                        kind="WorkerLost",
                        message="The process that executed this rollout ended before it did. Start it again",
                        retryable=True,
                    )
                    _write(row, Change(errors=(lost,)))
                    await self._change_status(session, row, Event.ERROR)
        return len(orphans)


async def _row(session: AsyncSession, rollout_id: str) -> RolloutRow:
    row = await session.get(RolloutRow, rollout_id)
    if row is None:
        raise NotFound(f"There is no rollout {rollout_id}")
    return row


async def _newest_versions(session: AsyncSession, task_ids: Sequence[str]) -> dict[str, str]:
    versions: dict[str, str] = {}
    for some in in_pieces(task_ids):
        rows = await session.execute(select(TaskRow.id, TaskRow.version).where(TaskRow.id.in_(some)))
        versions |= {row.id: row.version for row in rows}
    return versions


def _new_row(rollout: Rollout) -> dict[str, object]:
    return {
        "id": rollout.id,
        "task_id": rollout.task_id,
        "task_version": rollout.task_version,
        "agent": rollout.agent,
        "status": rollout.status,
        "created_at": rollout.created_at,
    }


def _conditions(where: RolloutFilter) -> list[ColumnElement[bool]]:
    """Return what the filter asks for, in a form in which only the leading facet can use its index.

    SQLite would choose among the indexes without knowing how many rollouts each condition leaves, and choose wrong.
    """
    leading = _leading_facet(where)

    def column(facet: InstrumentedAttribute[_Value]) -> ColumnElement[_Value]:
        return facet.expression if facet.key == leading else _without_index(facet.expression)

    conditions: list[ColumnElement[bool]] = []
    if where.task_id is not None:
        conditions.append(column(RolloutRow.task_id) == where.task_id)
    if where.statuses:
        conditions.append(column(RolloutRow.status).in_(sorted(where.statuses)))
    if where.agent is not None:
        conditions.append(column(RolloutRow.agent) == where.agent)
    if where.success is not None:
        conditions.append(column(RolloutRow.success) == where.success)
    return conditions


def _leading_facet(where: RolloutFilter) -> str:
    """Return the facet that leaves the fewest rollouts, by what is known of them: one task's, live ones, an agent's."""
    if where.task_id is not None:
        return "task_id"
    if where.statuses and not any(status.is_final for status in where.statuses):
        return "status"
    if where.agent is not None:
        return "agent"
    return "success" if where.success is not None else "status"


def _without_index(column: ColumnElement[_Value]) -> ColumnElement[_Value]:
    # A unary plus changes no value, but makes of the column an expression, for which SQLite has no index.
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def _write(row: RolloutRow, change: Change) -> None:
    """Put the change into the row; what is None stays, errors and timings are appended."""
    if change.stop_reason is not None:
        row.stop_reason = change.stop_reason
    if change.answer_text is not None:
        row.answer_text = change.answer_text
    if change.verdict is not None:
        row.verdict = change.verdict.model_dump_json()
        row.success = change.verdict.success
    if change.video is not None:
        row.video = change.video
    if change.errors:
        row.errors = ERRORS.dump_json(ERRORS.validate_json(row.errors) + change.errors).decode()
    if change.timings:
        row.timings = TIMINGS.dump_json(TIMINGS.validate_json(row.timings) + change.timings).decode()


def _counted_as(row: RolloutRow) -> dict[str, int]:
    """Return the task's counters that a final rollout is part of, each with 1."""
    succeeded = {"succeeded": 1} if row.status == Status.COMPLETED and row.success else {}
    return {row.status: 1, **succeeded}


async def _count(session: AsyncSession, task_id: str, changes: dict[str, int]) -> None:
    """Add to a task's counters, by their columns."""
    values = {name: TaskRow.__table__.c[name] + change for name, change in changes.items()}
    await session.execute(update(TaskRow).where(TaskRow.id == task_id).values(values))


async def _count_created(session: AsyncSession, created: Sequence[Rollout]) -> None:
    tasks_by_count: dict[int, list[str]] = {}
    for task_id, count in Counter(rollout.task_id for rollout in created).items():
        tasks_by_count.setdefault(count, []).append(task_id)
    for count, task_ids in tasks_by_count.items():
        for some in in_pieces(task_ids):
            await session.execute(update(TaskRow).where(TaskRow.id.in_(some)).values(live=TaskRow.live + count))
