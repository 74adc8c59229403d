"""Tasks with their versions, rollouts, steps."""

import sqlalchemy as sa
from alembic import op

_WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "tasks",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("order_key", _WORDS, nullable=False),
        sa.Column("version", _WORDS, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("order_key", name="uq_tasks_order_key"),
    )
    op.create_table(
        "task_versions",
        sa.Column("task_id", _WORDS, nullable=False),
        sa.Column("version", _WORDS, nullable=False),
        sa.Column("content", _WORDS, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_task_versions_tasks"),
        sa.PrimaryKeyConstraint("task_id", "version", name="pk_task_versions"),
    )
    op.create_table(
        "rollouts",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("task_id", _WORDS, nullable=False),
        sa.Column("task_version", _WORDS, nullable=False),
        sa.Column("agent", _WORDS, nullable=False),
        sa.Column("status", _WORDS, nullable=False),
        sa.Column("token", _WORDS, nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("stop_reason", _WORDS, nullable=True),
        sa.Column("answer_text", _WORDS, nullable=True),
        sa.Column("success", sa.Boolean(), nullable=True),
        sa.Column("verdict", _WORDS, nullable=True),
        sa.Column("errors", _WORDS, nullable=False),
        sa.Column("timings", _WORDS, nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("video", _WORDS, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["task_id", "task_version"],
            ["task_versions.task_id", "task_versions.version"],
            name="fk_rollouts_task_versions",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rollouts"),
    )
    op.create_index("ix_rollouts_agent_id", "rollouts", ["agent", "id"])
    op.create_index("ix_rollouts_status_id", "rollouts", ["status", "id"])
    op.create_index("ix_rollouts_success_id", "rollouts", ["success", "id"])
    op.create_index("ix_rollouts_task_id_id", "rollouts", ["task_id", "id"])
    op.create_table(
        "steps",
        sa.Column("rollout_id", _WORDS, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", _WORDS, nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollouts.id"], name="fk_steps_rollouts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rollout_id", "number", name="pk_steps"),
    )
