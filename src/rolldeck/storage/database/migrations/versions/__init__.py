"""One module per step; Alembic finds them here."""
