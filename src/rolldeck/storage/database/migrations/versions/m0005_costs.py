"""What models took: costs of rollouts, of attempts, and of batches, which may have a budget."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns. What was executed before had no cost that is known."""
    op.add_column("rollouts", sa.Column("cost", sa.Float()))
    op.add_column("attempts", sa.Column("tokens", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("attempts", sa.Column("cost", sa.Float()))
    op.add_column("batches", sa.Column("tokens", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("cost", sa.Float(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("unpriced", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("budget_tokens", sa.BigInteger()))
    op.add_column("batches", sa.Column("budget_cost", sa.Float()))
