"""Batches, attempts, workers, quotas, events. Before batches become one batch; claimed ones are queued once more."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TIME = sa.DateTime(timezone=True)
_CLAIMED = "status IN ('provisioning', 'running', 'verifying')"
_LOST = (
    '{"phase": "provision", "kind": "WorkerLost", "retryable": true, '
    '"message": "The process that executed this attempt ended before it did, and Rolldeck was upgraded"}'
)


def upgrade() -> None:
    """Make the tables that are new, and those of rollouts and steps anew, with all that they hold."""
    _make_batches()
    _set_aside()
    _make_rollouts()
    _make_attempts_and_steps()
    _make_workers_quotas_events()
    if _one("SELECT count(*) FROM rollouts_before"):
        _keep_rollouts()
    op.drop_table("steps_before")
    op.drop_table("rollouts_before")
    _make_indexes()


def _one(query: str) -> object:
    return op.get_bind().execute(sa.text(query)).scalar_one()


def _make_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("name", _WORDS),
        sa.Column("tags", _WORDS, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("agents", _WORDS, nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("limits", _WORDS, nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("reuse", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", _WORDS),
        sa.Column("spec_hash", _WORDS),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("claimed", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("reused", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("retryable", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("executed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint("idempotency_key", name="uq_batches_idempotency_key"),
    )
    _index_of_some("ix_batches_waiting", "batches", [sa.text("priority DESC"), "claimed", "id"], "live > claimed")
    _index_of_some("ix_batches_live", "batches", ["id"], "live > 0")


def _set_aside() -> None:
    """Give the old tables other names, and free those of their constraints and indexes."""
    for column in ("agent", "status", "success", "task_id"):
        op.drop_index(f"ix_rollouts_{column}_id", "rollouts")
    for table, key in (("rollouts", "fk_rollouts_task_versions"), ("steps", "fk_steps_rollouts")):
        op.rename_table(table, f"{table}_before")
        if op.get_bind().dialect.name == "postgresql":
            for name in (f"pk_{table}", key):
                op.execute(f"ALTER TABLE {table}_before RENAME CONSTRAINT {name} TO {name}_before")


def _make_rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("batch_id", _WORDS, nullable=False),
        sa.Column("task_id", _WORDS, nullable=False),
        sa.Column("task_version", _WORDS, nullable=False),
        sa.Column("environment", _WORDS, nullable=False),
        sa.Column("agent", _WORDS, nullable=False),
        sa.Column("model", _WORDS),
        sa.Column("parameters", _WORDS, nullable=False),
        sa.Column("quota", _WORDS, nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("status", _WORDS, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("retries_left", sa.Integer(), nullable=False),
        sa.Column("token", _WORDS),
        sa.Column("worker_id", _WORDS),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("template", _WORDS),
        sa.Column("stop_reason", _WORDS),
        sa.Column("answer_text", _WORDS),
        sa.Column("success", sa.Boolean()),
        sa.Column("verdict", _WORDS),
        sa.Column("errors", _WORDS, nullable=False),
        sa.Column("failure", _WORDS),
        sa.Column("failure_retryable", sa.Boolean(), nullable=False),
        sa.Column("timings", _WORDS, nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("video", _WORDS),
        sa.Column("reuse_key", _WORDS),
        sa.Column("reused_from", _WORDS),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("seconds", sa.Float()),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_rollouts_batches"),
        sa.ForeignKeyConstraint(
            ["task_id", "task_version"],
            ["task_versions.task_id", "task_versions.version"],
            name="fk_rollouts_task_versions",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rollouts"),
    )


def _make_attempts_and_steps() -> None:
    op.create_table(
        "attempts",
        sa.Column("rollout_id", _WORDS, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker_id", _WORDS),
        sa.Column("errors", _WORDS, nullable=False),
        sa.Column("timings", _WORDS, nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("video", _WORDS),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollouts.id"], name="fk_attempts_rollouts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rollout_id", "number", name="pk_attempts"),
    )
    op.create_table(
        "steps",
        sa.Column("rollout_id", _WORDS, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", _WORDS, nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollouts.id"], name="fk_steps_rollouts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rollout_id", "attempt", "number", name="pk_steps"),
    )


def _make_workers_quotas_events() -> None:
    op.create_table(
        "installation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("proofs", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_installation"),
    )
    op.create_table(
        "workers",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("host", _WORDS, nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("version", _WORDS, nullable=False),
        sa.Column("state", _WORDS, nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("report", _WORDS, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "quotas",
        sa.Column("name", _WORDS, nullable=False),
        sa.Column("max_running", sa.Integer()),
        sa.Column("requests_per_minute", sa.Float()),
        sa.Column("next_request_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_quotas"),
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", _WORDS, nullable=False),
        sa.Column("batch_id", _WORDS),
        sa.Column("task_id", _WORDS),
        sa.Column("rollout_id", _WORDS),
        sa.Column("data", _WORDS, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
    )


def _make_indexes() -> None:
    op.create_index("ix_rollouts_batch_id_id", "rollouts", ["batch_id", "id"])
    pending, claimed = "status = 'pending'", "token IS NOT NULL"
    _index_of_some("ix_rollouts_pending", "rollouts", ["batch_id", "id"], pending)
    _index_of_some("ix_rollouts_pending_environment", "rollouts", ["environment", "batch_id"], pending)
    _index_of_some("ix_rollouts_claimed_worker", "rollouts", ["worker_id"], claimed)
    _index_of_some("ix_rollouts_claimed_quota", "rollouts", ["quota"], claimed)
    _index_of_some("ix_rollouts_reuse_key", "rollouts", ["reuse_key"], "reuse_key IS NOT NULL")


def _index_of_some(name: str, table: str, columns: list[str | sa.TextClause], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _keep_rollouts() -> None:
    _make_batch_of_all()
    op.execute(
        "INSERT INTO rollouts (id, batch_id, task_id, task_version, environment, agent, parameters, quota, seed, status,"
        " attempt, retries_left, token, cancel_requested, stop_reason, answer_text, success, verdict, errors, failure_retryable,"
        " timings, steps, tokens, video, created_at, started_at, finished_at)"
        " SELECT id, (SELECT id FROM batches), task_id, task_version, 'superset', agent, '{}', agent, 0, status,"
        " 1, 2, token, cancel_requested, stop_reason, answer_text, success, verdict, errors, false,"
        " timings, steps, 0, video, created_at, started_at, finished_at FROM rollouts_before"
    )
    op.execute(
        "INSERT INTO steps (rollout_id, attempt, number, content) SELECT rollout_id, 1, number, content FROM steps_before"
    )
    _name_environments()
    _say_what_failed()
    _queue_claimed_once_more()
    _count_seconds()
    _count_batch()


def _make_batch_of_all() -> None:
    agents = [row.agent for row in op.get_bind().execute(sa.text("SELECT DISTINCT agent FROM rollouts_before"))]
    choices = [{"agent": agent, "model": None, "parameters": {}} for agent in sorted(agents)]
    make = sa.text(
        "INSERT INTO batches (id, name, tags, priority, agents, tasks, repeats, limits, max_attempts, reuse, paused,"
        " total, live, claimed, completed, succeeded, reused, failed, retryable, cancelled, executed, seconds, created_at)"
        " SELECT min(id), 'Before batches', '[]', 0, :agents, count(DISTINCT task_id), 1, '{}', 3, false, false,"
        " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, min(created_at) FROM rollouts_before"
    )
    op.get_bind().execute(make, {"agents": json.dumps(choices)})


def _name_environments() -> None:
    change = sa.text(
        "UPDATE rollouts SET environment = :environment WHERE task_id = :task_id AND task_version = :version"
    )
    for row in _rows("SELECT task_id, version, content FROM task_versions"):
        environment = json.loads(row.content).get("environment", "superset")
        if environment != "superset":
            values = {"environment": environment, "task_id": row.task_id, "version": row.version}
            op.get_bind().execute(change, values)


def _say_what_failed() -> None:
    change = sa.text("UPDATE rollouts SET failure = :failure, failure_retryable = :retryable WHERE id = :id")
    for row in _rows("SELECT id, errors FROM rollouts_before WHERE status = 'failed' AND errors <> '[]'"):
        first = json.loads(row.errors)[0]
        values = {"id": row.id, "failure": first["kind"], "retryable": first["retryable"]}
        op.get_bind().execute(change, values)


def _queue_claimed_once_more() -> None:
    keep = sa.text(
        "INSERT INTO attempts (rollout_id, number, errors, timings, steps, video, started_at, ended_at)"  # noqa: S608 - constants
        f" SELECT id, 1, :errors, timings, steps, video, started_at, started_at FROM rollouts WHERE {_CLAIMED}"
    )
    op.get_bind().execute(keep, {"errors": f"[{_LOST}]"})
    op.execute(
        "UPDATE rollouts SET status = 'pending', attempt = 2, retries_left = 1, token = NULL, stop_reason = NULL,"  # noqa: S608 - constants
        " answer_text = NULL, errors = '[]', timings = '[]', steps = 0, video = NULL, started_at = NULL"
        f" WHERE {_CLAIMED}"
    )


def _count_seconds() -> None:
    seconds = (
        "extract(epoch FROM finished_at - started_at)"
        if op.get_bind().dialect.name == "postgresql"
        else "(julianday(finished_at) - julianday(started_at)) * 86400.0"
    )
    op.execute(f"UPDATE rollouts SET seconds = {seconds} WHERE started_at IS NOT NULL AND finished_at IS NOT NULL")  # noqa: S608 - constants


def _count_batch() -> None:
    def count(where: str) -> str:
        return f"(SELECT count(*) FROM rollouts WHERE {where})"  # noqa: S608 - constants

    ended = "status IN ('completed', 'failed') AND seconds IS NOT NULL"
    op.execute(
        f"UPDATE batches SET total = {count('id IS NOT NULL')}, live = {count(_is('pending'))},"  # noqa: S608 - constants
        f" completed = {count(_is('completed'))}, succeeded = {count(_is('completed') + ' AND success')},"
        f" failed = {count(_is('failed'))}, retryable = {count(_is('failed') + ' AND failure_retryable')},"
        f" cancelled = {count(_is('cancelled'))}, executed = {count(ended)},"
        f" seconds = (SELECT coalesce(sum(seconds), 0) FROM rollouts WHERE {ended})"
    )
    op.execute("UPDATE batches SET finished_at = (SELECT max(finished_at) FROM rollouts) WHERE live = 0")


def _is(status: str) -> str:
    return f"status = '{status}'"


def _rows(query: str) -> Iterator[sa.Row[tuple[object, ...]]]:
    return iter(op.get_bind().execute(sa.text(query)).all())
