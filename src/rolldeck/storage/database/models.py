"""The tables. What is JSON here was a domain model when it was written, and is validated into one when it is read.

The ids of rollouts and batches are ULIDs: they follow time, so that the order of ids is the order of creation, and an
index ``(facet, id)`` serves both a filter by that facet and its order. ``created_at`` is the time inside the id.

Counters (of ``tasks`` and ``batches``) are kept by every write to ``rollouts``; see ``repositories.ledger``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    FetchedValue,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, also where the database forgets time zones (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the moment in UTC. Raises ``ValueError`` where it has no time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what reads a stored moment. By itself, for lists have thousands: PostgreSQL's driver gives it in UTC."""
        return _moment if dialect.name == "sqlite" else None


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text in the order of its code points, in both databases.

    What a database cannot hold (NUL in PostgreSQL, half of a surrogate pair in both) becomes U+FFFD: pages and models
    can say anything, and saying it is no reason to lose a rollout.
    """

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the text as it can be stored."""
        if value is None or (value.isascii() and "\x00" not in value):
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")


metadata = MetaData(
    naming_convention={  # so that migrations can change them
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Words, primary_key=True),
    Column("order_key", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("live", Integer, nullable=False, default=0),
    Column("completed", Integer, nullable=False, default=0),
    Column("succeeded", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("cancelled", Integer, nullable=False, default=0),
    UniqueConstraint("order_key"),
)
"""A task's identity, its newest version, and the counts of its rollouts."""

task_versions = Table(
    "task_versions",
    metadata,
    Column("task_id", Words, ForeignKey(tasks.c.id), primary_key=True),
    Column("version", Words, primary_key=True),
    Column("content", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""What a task says, by content hash. Never changed and never removed: rollouts refer to it."""

batches = Table(
    "batches",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words),
    Column("tags", Words, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("agents", Words, nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("limits", Words, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("reuse", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False, default=False),
    Column("idempotency_key", Words),
    Column("spec_hash", Words),
    Column("total", Integer, nullable=False, default=0),
    Column("live", Integer, nullable=False, default=0),
    Column("claimed", Integer, nullable=False, default=0),
    Column("completed", Integer, nullable=False, default=0),
    Column("succeeded", Integer, nullable=False, default=0),
    Column("reused", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("retryable", Integer, nullable=False, default=0),
    Column("cancelled", Integer, nullable=False, default=0),
    Column("tokens", BigInteger, nullable=False, default=0),
    Column("cost", Float, nullable=False, default=0.0),
    Column("unpriced", Integer, nullable=False, default=0),
    Column("budget_tokens", BigInteger),
    Column("budget_cost", Float),
    Column("extraction", Words),
    Column("executed", Integer, nullable=False, default=0),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("webhook", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("idempotency_key"),
)
"""``tokens`` and ``cost`` were spent by attempts that have ended; the cost of ``unpriced`` ones of them is not known.
``executed`` rollouts came to an end by themselves, in ``seconds`` altogether. ``live - claimed`` are pending."""


def _index_of_some(name: str, where: str, *columns: ColumnElement[Any]) -> None:
    Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


# As the indexes have them: a query that says the same uses them.
WAITING = "live > claimed"
PENDING = "status = 'pending'"
CLAIMED = "token IS NOT NULL"

_index_of_some("ix_batches_waiting", WAITING, batches.c.priority.desc(), batches.c.claimed, batches.c.id)
_index_of_some("ix_batches_live", "live > 0", batches.c.id)

rollouts = Table(
    "rollouts",
    metadata,
    Column("id", Words, primary_key=True),
    Column("batch_id", Words, ForeignKey(batches.c.id), nullable=False),
    Column("task_id", Words, nullable=False),
    Column("task_version", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("model", Words),
    Column("parameters", Words, nullable=False, default="{}"),
    Column("extraction", Words),
    Column("quota", Words, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("status", Words, nullable=False),
    Column("attempt", Integer, nullable=False, default=1),
    Column("retries_left", Integer, nullable=False),
    Column("token", Words),
    Column("worker_id", Words),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("template", Words),
    Column("stop_reason", Words),
    Column("answer_text", Words),
    Column("success", Boolean),
    Column("verdict", Words),
    Column("errors", Words, nullable=False, default="[]"),
    Column("failure", Words),
    Column("failure_retryable", Boolean, nullable=False, default=False),
    Column("timings", Words, nullable=False, default="[]"),
    Column("steps", Integer, nullable=False, default=0),
    Column("tokens", BigInteger, nullable=False, default=0),
    Column("cost", Float),
    Column("video", Words),
    Column("reuse_key", Words),
    Column("reused_from", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("seconds", Float),
    ForeignKeyConstraint(["task_id", "task_version"], [task_versions.c.task_id, task_versions.c.version]),
)
"""Rollouts, each as its present attempt left it.

``extraction`` is the model that reads answers, as ``provider:model``. ``token`` names the claim; it is null while nobody executes the rollout. ``failure`` is the kind of the error that made
it fail, ``failure_retryable`` whether that was its infrastructure's. ``seconds`` is how long the attempt took, once it has
ended. ``reuse_key`` is set where its result may answer for others.
"""

Index(None, rollouts.c.batch_id, rollouts.c.id)

_index_of_some("ix_rollouts_pending", PENDING, rollouts.c.batch_id, rollouts.c.id)
_index_of_some("ix_rollouts_pending_environment", PENDING, rollouts.c.environment, rollouts.c.batch_id)
_index_of_some("ix_rollouts_claimed_worker", CLAIMED, rollouts.c.worker_id)
_index_of_some("ix_rollouts_claimed_quota", CLAIMED, rollouts.c.quota)
_index_of_some("ix_rollouts_reuse_key", "reuse_key IS NOT NULL", rollouts.c.reuse_key)

attempts = Table(
    "attempts",
    metadata,
    Column("rollout_id", Words, ForeignKey(rollouts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("worker_id", Words),
    Column("errors", Words, nullable=False),
    Column("timings", Words, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False, default=0),
    Column("cost", Float),
    Column("video", Words),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
)
"""Attempts before the present one."""

steps = Table(
    "steps",
    metadata,
    Column("rollout_id", Words, ForeignKey(rollouts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Words, nullable=False),
)
"""Steps of all attempts, whole, as JSON."""

questions = Table(
    "questions",
    metadata,
    Column("id", Words, primary_key=True),
    Column("rollout_id", Words, ForeignKey(rollouts.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("token", Words, nullable=False),
    Column("content", Words, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("allowed", Boolean),
    Column("closed_at", UtcDateTime),
)
"""What persons were asked. ``token`` is that of the claim that asks: once it is stale, nobody waits for the answer."""

_index_of_some("ix_questions_open", "closed_at IS NULL", questions.c.asked_at)

takeovers = Table(
    "takeovers",
    metadata,
    Column("rollout_id", Words, ForeignKey(rollouts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("token", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("is_agent", Boolean, nullable=False),
    Column("holder", Words),
    Column("signs", BigInteger, nullable=False),
    Column("placed", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
)
"""The newest takeover of each rollout's page. ``holder`` is the secret that the person's page names itself with."""

orders = Table(
    "orders",
    metadata,
    Column("rollout_id", Words, ForeignKey(rollouts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Words, nullable=False),
    Column("result", Words),
)
"""What persons ordered last, and what became of it: the way from the API to the worker."""

installation = Table(
    "installation",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Words, nullable=False),
    Column("proofs", BigInteger, nullable=False, default=0),
)
"""One row: whose database this is. ``proofs`` is raised to see whether anything can be written."""

workers = Table(
    "workers",
    metadata,
    Column("id", Words, primary_key=True),
    Column("host", Words, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("version", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("beats", BigInteger, nullable=False),
    Column("report", Words, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
"""Workers, alive and lost."""

quotas = Table(
    "quotas",
    metadata,
    Column("name", Words, primary_key=True),
    Column("max_running", Integer),
    Column("requests_per_minute", Float),
    Column("next_request_at", Float, nullable=False, default=0.0),
)
"""Limits of models. ``next_request_at`` (seconds since the epoch) is when the next request has its turn."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Words, primary_key=True),
    Column("batch_id", Words, nullable=False),
    Column("url", Words),
    Column("content", Words, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)
"""Ends of batches that others are told of, each with what they are told (JSON). ``url`` is null where that is the operator's;
``next_at`` is when it is tried next, by whoever is first; ``done_at`` when it arrived or, with ``error``, was given up."""

OPEN_DELIVERY = "done_at IS NULL"
_index_of_some("ix_deliveries_open", OPEN_DELIVERY, deliveries.c.next_at)

events = Table(
    "events",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer, "sqlite"),
        FetchedValue(),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Words, nullable=False),
    Column("batch_id", Words),
    Column("task_id", Words),
    Column("rollout_id", Words),
    Column("data", Words, nullable=False),
)
"""What happened. Only ever appended to; the database gives each row the next number (migration 0004)."""
