"""What is told to others: each end of a batch, until it has arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TIME = sa.DateTime(timezone=True)
_OPEN = sa.text("done_at IS NULL")


def upgrade() -> None:
    """Make the table. Batches that ended before are told to nobody."""
    op.add_column("batches", sa.Column("webhook", _WORDS))
    op.create_table(
        "deliveries",
        sa.Column("id", _WORDS, nullable=False),
        sa.Column("batch_id", _WORDS, nullable=False),
        sa.Column("url", _WORDS),
        sa.Column("content", _WORDS, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", _WORDS),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("done_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_open", "deliveries", ["next_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
