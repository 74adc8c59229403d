"""The tables. What is JSON here was a domain model when it was written, and is validated into one when it is read.

A rollout's id is a ULID: it follows time, so that the order of ids is the order of creation, and an index
``(facet, id)`` serves both a filter by that facet and its order. ``created_at`` is the time inside the id.
"""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, ForeignKey, ForeignKeyConstraint, Index, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
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

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the stored moment, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraints have names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text(), datetime: UtcDateTime()}  # noqa: RUF012 - as SQLAlchemy reads it


class TaskRow(Base):
    """A task's identity, its newest version, and the counts of its rollouts (kept by every write to ``rollouts``)."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_key: Mapped[str] = mapped_column(unique=True)
    version: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    live: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)


class TaskVersionRow(Base):
    """What a task says, by content hash. Never changed and never removed: rollouts refer to it."""

    __tablename__ = "task_versions"

    task_id: Mapped[str] = mapped_column(ForeignKey(TaskRow.id), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    created_at: Mapped[datetime]


class RolloutRow(Base):
    """A rollout without its steps. ``token`` names the claim; it is null while nobody executes the rollout."""

    __tablename__ = "rollouts"

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str]
    task_version: Mapped[str]
    agent: Mapped[str]
    status: Mapped[str]
    token: Mapped[str | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    stop_reason: Mapped[str | None]
    answer_text: Mapped[str | None]
    success: Mapped[bool | None]
    verdict: Mapped[str | None]
    errors: Mapped[str] = mapped_column(default="[]")
    timings: Mapped[str] = mapped_column(default="[]")
    steps: Mapped[int] = mapped_column(default=0)
    video: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["task_id", "task_version"], [TaskVersionRow.task_id, TaskVersionRow.version]),
        Index(None, "task_id", "id"),
        Index(None, "status", "id"),
        Index(None, "agent", "id"),
        Index(None, "success", "id"),
    )


class StepRow(Base):
    """A step, whole, as JSON."""

    __tablename__ = "steps"

    rollout_id: Mapped[str] = mapped_column(ForeignKey(RolloutRow.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[str]
