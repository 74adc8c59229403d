"""What persons are asked, which pages they have taken over, and what they order there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TIME = sa.DateTime(timezone=True)
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "questions",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("rollout_id", _WORDS, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("token", _WORDS, nullable=False),
        sa.Column("content", _WORDS, nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("allowed", sa.Boolean()),
        sa.Column("closed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        _of_rollout("questions"),
    )
    op.create_index("ix_questions_rollout_id", "questions", ["rollout_id"])
    op.create_index("ix_questions_open", "questions", ["asked_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_table(
        "takeovers",
        sa.Column("rollout_id", _WORDS, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("token", _WORDS, nullable=False),
        sa.Column("state", _WORDS, nullable=False),
        sa.Column("is_agent", sa.Boolean(), nullable=False),
        sa.Column("holder", _WORDS),
        sa.Column("signs", sa.BigInteger(), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("rollout_id", name="pk_takeovers"),
        _of_rollout("takeovers"),
    )
    op.create_table(
        "orders",
        sa.Column("rollout_id", _WORDS, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", _WORDS, nullable=False),
        sa.Column("result", _WORDS),
        sa.PrimaryKeyConstraint("rollout_id", "number", name="pk_orders"),
        _of_rollout("orders"),
    )


def _of_rollout(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["rollout_id"], ["rollouts.id"], name=f"fk_{table}_rollouts", ondelete="CASCADE")
