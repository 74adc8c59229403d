"""The models that read answers which are not written as asked: of batches, and of their rollouts."""

import sqlalchemy as sa
from alembic import op

_WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns. Nobody read the answers of what was executed before."""
    op.add_column("batches", sa.Column("extraction", _WORDS))
    op.add_column("rollouts", sa.Column("extraction", _WORDS))
