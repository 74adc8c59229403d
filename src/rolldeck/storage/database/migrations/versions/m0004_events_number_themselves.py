"""On PostgreSQL the log of events numbers itself, as it does on SQLite, where ``seq`` is the number of the row."""

from alembic import op

revision = "0004"
down_revision = "0003"

# Whoever logs waits here until the transaction that logged before has ended: numbers become visible in their order,
# and those of a transaction that fails are given anew. Each statement of the function sees what was committed before it.
_NUMBER_EVENT = """
CREATE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('rolldeck events', 0));
    SELECT coalesce(max(seq), 0) + 1 INTO NEW.seq FROM events;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    """Add the trigger. Rows that bring their number, as those of another database do, keep it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_NUMBER_EVENT)
        op.execute(
            "CREATE TRIGGER event_added BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.seq IS NULL)"
            " EXECUTE FUNCTION number_event()"
        )
