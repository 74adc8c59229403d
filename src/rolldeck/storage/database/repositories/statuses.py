"""Changes of rollouts' statuses: every one goes through ``next_status``, here and nowhere else.

``happen`` is all that others call: it makes the same event happen to rollouts whose rows are locked.
"""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, insert, update

from rolldeck.domain.errors import InvalidTransition
from rolldeck.domain.event import EventKind
from rolldeck.domain.reuse import reuse_key
from rolldeck.domain.rollout import StopReason
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.storage.database.models import attempts, rollouts
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.database.repositories.ledger import Ledger, counted
from rolldeck.storage.database.repositories.records import ERRORS, TIMINGS, errors_of, timings_of
from rolldeck.storage.port import Change

NO_CHANGE = Change()

_ANEW: dict[str, Any] = {
    **dict.fromkeys(
        ("token", "worker_id", "template", "stop_reason", "answer_text", "success", "verdict", "failure", "cost")
    ),
    **dict.fromkeys(("video", "reuse_key", "started_at", "finished_at", "seconds")),
    "errors": "[]",
    "timings": "[]",
    "steps": 0,
    "tokens": 0,
    "failure_retryable": False,
}
"""What a new attempt begins with."""

NEW: dict[str, Any] = {
    **_ANEW,
    "status": Status.PENDING.value,
    "attempt": 1,
    "cancel_requested": False,
    "reused_from": None,
}
"""What a new rollout begins with."""


@dataclass(frozen=True)
class _Happening:
    """What an event does to one rollout: the columns that change, the row then, and as what the attempt ended."""

    event: Event
    values: dict[str, Any]
    row: Row
    ended: Row

    @property
    def ends_attempt(self) -> bool:
        """Whether an attempt ended by it; one of a rollout that is retried had ended before."""
        return self.event is not Event.RETRIED and (
            Status(self.row["status"]).is_final or self.row["attempt"] != self.ended["attempt"]
        )


def happen(
    connection: Connection,
    ledger: Ledger,
    rows: Sequence[Row],
    event: Event,
    change: Change = NO_CHANGE,
    *,
    max_attempts: int = 1,
) -> list[Row]:
    """Make an event happen to rollouts, write ``change`` with it, and return their rows as they are then.

    One that was asked to cancel is cancelled where it would get another attempt. ``max_attempts`` is for ``RETRIED``,
    which allows as many anew. Raises ``InvalidTransition``; nothing has happened then.
    """
    happenings = [_happening(row, event, change, ledger.now, max_attempts) for row in rows]
    kept = [_attempt(each.ended, ledger.now) for each in happenings if each.row["attempt"] != each.ended["attempt"]]
    if kept:
        connection.execute(insert(attempts), kept)
    _store(connection, happenings)
    for row, each in zip(rows, happenings, strict=True):
        ledger.count(row, counted(row), counted(each.row))
        if each.ends_attempt:
            ledger.spend(each.ended)
        log_status(ledger, each.event, each.row["status"], each.ended)
    return [each.row for each in happenings]


def answered_by(row: Row, origin: Row, now: datetime) -> dict[str, Any]:
    """Return the columns that change when a completed rollout answers for a pending one, which is never executed."""
    same = ("stop_reason", "answer_text", "success", "verdict", "template")
    return {
        "status": next_status(Status(row["status"]), Event.REUSED).value,
        **{name: origin[name] for name in same},
        "reused_from": origin["id"],
        "finished_at": now,
    }


def key_of(row: Row, template: str) -> str:
    """Return the key under which a rollout's result answers for others, if its environment is made from the template."""
    same = {name: row[name] for name in ("task_id", "task_version", "agent", "model", "extraction", "seed")}
    return reuse_key(**same, template=template, parameters=from_json(row["parameters"]))


def new_token() -> str:
    """Return a name for a claim that nobody can guess."""
    return secrets.token_hex(16)


def log_status(ledger: Ledger, event: Event, status: str, row: Row) -> None:
    """Log a ``RolloutChange``. ``row`` tells of the attempt that the event happened to."""
    data: dict[str, JsonValue] = {"status": status, "event": event.value}
    data |= {name: row[name] for name in ("attempt", "agent", "model", "worker_id")}
    if row["finished_at"] is not None and (row["started_at"] is not None or event is Event.REUSED):
        data |= _end_told(row)
    ledger.log(
        EventKind.ROLLOUT_STATUS,
        _without_none(data),
        batch_id=row["batch_id"],
        task_id=row["task_id"],
        rollout_id=row["id"],
    )


def _end_told(row: Row) -> dict[str, JsonValue]:
    """Return how an attempt ended. The first error decided only where there is no verdict."""
    errors = errors_of(row)
    outcome = {
        "success": row["success"],
        "reward": None if row["verdict"] is None else from_json(row["verdict"])["reward"],
        "stop_reason": row["stop_reason"],
        "error": errors[0].kind if errors and row["verdict"] is None else None,
    }
    seconds: dict[str, float] = defaultdict(float)
    for timing in timings_of(row):
        seconds[timing.phase.value] += timing.seconds
    told: dict[str, JsonValue] = {"outcome": _without_none(outcome), "timings": dict(seconds)}
    return told | {name: row[name] for name in ("seconds", "steps", "tokens", "cost")}


def _without_none(data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in data.items() if value is not None}


def _happening(row: Row, event: Event, change: Change, now: datetime, max_attempts: int) -> _Happening:
    if row["cancel_requested"] and event in {Event.REQUEUED, Event.RELEASED}:
        event = Event.CANCEL
    if event is Event.REQUEUED and row["retries_left"] < 1:
        raise InvalidTransition(f"the rollout {row['id']} has no attempts left: it cannot take the event 'requeued'")
    status = next_status(Status(row["status"]), event)
    values: dict[str, Any] = {"status": status.value, **_written(row, change)}
    if event is Event.CANCEL:
        values["cancel_requested"] = True
    if status is not Status.PENDING:
        if status.is_final:
            values |= _end({**row, **values}, now)
        after = {**row, **values}
        return _Happening(event, values, row=after, ended=after)
    # Its record becomes that of a new attempt, which begins with nothing; the one that ended is kept.
    ended = {**row, **values}
    if event is not Event.RETRIED:
        ended |= {"finished_at": now, "seconds": _seconds(ended, now)}
    values |= _ANEW | {"attempt": row["attempt"] + 1, "retries_left": _retries_left(row, event, max_attempts)}
    values["cancel_requested"] = False
    return _Happening(event, values, row={**row, **values}, ended=ended)


def _retries_left(row: Row, event: Event, max_attempts: int) -> int:
    if event is Event.RETRIED:
        return max_attempts - 1
    return int(row["retries_left"]) - (1 if event is Event.REQUEUED else 0)


def _written(row: Row, change: Change) -> dict[str, Any]:
    """Return the columns that the change changes; what is None stays, errors and timings are appended."""
    values: dict[str, Any] = {}
    if change.stop_reason is not None:
        values["stop_reason"] = change.stop_reason.value
    if change.answer_text is not None:
        values["answer_text"] = change.answer_text
    if change.verdict is not None:
        values |= {"verdict": change.verdict.model_dump_json(), "success": change.verdict.success}
    if change.video is not None:
        values["video"] = change.video
    if change.template is not None:
        values["template"] = change.template
    if change.errors:
        values["errors"] = ERRORS.dump_json(errors_of(row) + change.errors).decode()
    if change.timings:
        values["timings"] = TIMINGS.dump_json(timings_of(row) + change.timings).decode()
    return values


def _end(row: Row, now: datetime) -> dict[str, Any]:
    """Return what a rollout gets at its end; ``row`` is as it is otherwise. Its claim ends with it."""
    values: dict[str, Any] = {"token": None, "finished_at": now, "seconds": _seconds(row, now)}
    if row["status"] == Status.FAILED:
        errors = errors_of(row)
        values |= {"failure": errors[0].kind, "failure_retryable": errors[0].retryable} if errors else {}
    if row["status"] == Status.COMPLETED and row["reused_from"] is None:
        values["reuse_key"] = _reuse_key(row)
    return values


def _seconds(row: Row, now: datetime) -> float | None:
    return None if row["started_at"] is None else max(0.0, (now - row["started_at"]).total_seconds())


def _reuse_key(row: Row) -> str | None:
    """Return under which key this result answers for others; None where limits cut it short, or its template is unknown."""
    if row["stop_reason"] != StopReason.ANSWERED or row["template"] is None:
        return None
    return key_of(row, row["template"])


def _attempt(ended: Row, now: datetime) -> dict[str, Any]:
    same = ("worker_id", "errors", "timings", "steps", "tokens", "cost", "video")
    return {
        "rollout_id": ended["id"],
        "number": ended["attempt"],
        **{name: ended[name] for name in same},
        "started_at": ended["started_at"] or ended["created_at"],
        "ended_at": ended["finished_at"] or now,
    }


def _store(connection: Connection, happenings: Sequence[_Happening]) -> None:
    """Update the rows, all with the same columns in one go."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for each in happenings:
        new = {f"new_{name}": value for name, value in each.values.items()}
        alike[tuple(each.values)].append({"key": each.row["id"], **new})
    for names, changes in alike.items():
        _store_of(names).run(connection, changes)


@cache
def _store_of(names: tuple[str, ...]) -> Prepared:
    """Return the update of these columns. There are few combinations of them."""
    values = {name: bindparam(f"new_{name}", type_=rollouts.c[name].type) for name in names}
    return Prepared(update(rollouts).where(rollouts.c.id == bindparam("key")).values(values))
