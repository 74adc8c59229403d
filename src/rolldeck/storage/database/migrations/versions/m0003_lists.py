"""The tables that lists are read from, the triggers that keep them, and the indexes of words."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOST_CHARACTERS = 10_000
"""Of a rollout's answer and errors that are searched."""
_FACETS = ("agent", "model", "status", "success", "failure")
_ENDED = "('completed', 'failed', 'cancelled')"


def upgrade() -> None:
    """Make the tables, fill them from what is stored, and have triggers keep them."""
    _make_tables()
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()
    _make_indexes()


def _make_tables() -> None:
    op.create_table(
        "listed_tasks",
        sa.Column("number", _NUMBER, sa.Identity(), primary_key=True),
        sa.Column("task_id", _WORDS, nullable=False),
        sa.Column("version", _WORDS, nullable=False),
        sa.Column("text", _WORDS, nullable=False),
    )
    op.create_index("ix_listed_tasks_task_id", "listed_tasks", ["task_id", "version"], unique=True)
    op.create_table(
        "listed_facets",
        sa.Column("number", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("key", _WORDS, nullable=False, unique=True),
        sa.Column("agent", _WORDS, nullable=False),
        sa.Column("model", _WORDS),
        sa.Column("status", _WORDS, nullable=False),
        sa.Column("success", sa.Boolean()),
        sa.Column("failure", _WORDS),
    )
    op.create_table(
        "listed",
        sa.Column("number", _NUMBER, sa.Identity(), primary_key=True),
        sa.Column("rollout_id", _WORDS, nullable=False, unique=True),
        sa.Column("batch_id", _WORDS, nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("facets", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float()),
        sa.Column("steps", sa.Integer()),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "listed_texts",
        sa.Column("number", _NUMBER, autoincrement=False, primary_key=True),
        sa.Column("text", _WORDS, nullable=False),
    )


def _make_indexes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # On ``number + 0``, the order of no other index: else PostgreSQL might walk the primary key until it has met
        # enough rollouts of a task, which can be the whole table.
        _make_led_indexes("({} + 0)")
        op.create_index("ix_listed_seconds", "listed", ["seconds", "number"])
        op.create_index("ix_listed_steps", "listed", ["steps", "number"])
    else:
        # SQLite, which is told what index to use, ends every one with the number of the row by itself.
        _make_led_indexes("{}")
        op.create_index("ix_listed_seconds", "listed", ["seconds"])
        op.create_index("ix_listed_steps", "listed", ["steps"])


def _make_led_indexes(spelling: str) -> None:
    for leading in ("task", "batch_id", "facets"):
        number = [spelling.format("number")] if op.get_bind().dialect.name == "postgresql" else []
        for values in ([], ["seconds"], ["steps"]):
            name = "_".join(["ix_listed", leading, *values])
            columns = [leading, *(spelling.format(value) for value in values), *number]
            op.create_index(name, "listed", [sa.text(column) for column in columns])


# --- SQLite ---------------------------------------------------------------------------------------------------------


def _keep_on_sqlite() -> None:
    # Words of rollouts by their trigrams. Without positions (detail=none) it is a quarter as large; what has all the
    # trigrams of a text is looked at once more. The texts themselves stay in listed_texts.
    op.execute(
        "CREATE VIRTUAL TABLE listed_trigrams USING fts5(text, content='listed_texts', content_rowid='number',"
        " tokenize='trigram', detail='none', columnsize=0)"
    )
    task = "INSERT INTO listed_tasks(task_id, version, text) "
    op.execute(task + _sqlite_task("task_versions") + " FROM task_versions ORDER BY created_at")
    op.execute(f"CREATE TRIGGER listed_task_added AFTER INSERT ON task_versions BEGIN {task}{_sqlite_task('new')}; END")
    _fill_on_sqlite()
    op.execute(
        "CREATE TRIGGER listed_texts_added AFTER INSERT ON listed_texts BEGIN"
        " INSERT INTO listed_trigrams(rowid, text) VALUES (new.number, new.text); END"
    )
    op.execute(
        "CREATE TRIGGER listed_texts_removed AFTER DELETE ON listed_texts BEGIN"
        " INSERT INTO listed_trigrams(listed_trigrams, rowid, text) VALUES ('delete', old.number, old.text); END"
    )
    facets = f"{_sqlite_add_facets('new')};"
    op.execute(
        f"CREATE TRIGGER listed_rollout_added AFTER INSERT ON rollouts BEGIN {facets}"
        f" INSERT INTO listed(rollout_id, batch_id, task, facets, seconds, steps) {_sqlite_listed('new')};"
        f" {_sqlite_add_text('new')}; END"
    )
    # One that goes on as before has no values and no text: fewer indexes are written for each of its changes.
    goes_on = f"old.status NOT IN {_ENDED} AND new.status NOT IN {_ENDED}"
    changed = "AFTER UPDATE OF status ON rollouts WHEN"
    op.execute(
        f"CREATE TRIGGER listed_rollout_went_on {changed} {goes_on} BEGIN {facets}"  # noqa: S608 - constants
        f" UPDATE listed SET facets = {_sqlite_facets('new')} WHERE rollout_id = new.id; END"
    )
    op.execute(
        f"CREATE TRIGGER listed_rollout_changed {changed} NOT ({goes_on}) BEGIN {facets}"  # noqa: S608 - constants
        f" UPDATE listed SET facets = {_sqlite_facets('new')}, seconds = {_ended('new', 'seconds')},"
        f" steps = {_ended('new', 'steps')} WHERE rollout_id = new.id;"
        f" DELETE FROM listed_texts WHERE old.status IN {_ENDED}"
        " AND number = (SELECT number FROM listed WHERE rollout_id = new.id);"
        f" {_sqlite_add_text('new')}; END"
    )
    op.execute(
        "CREATE TRIGGER listed_rollout_removed AFTER DELETE ON rollouts BEGIN"
        " DELETE FROM listed_texts WHERE number = (SELECT number FROM listed WHERE rollout_id = old.id);"
        " DELETE FROM listed WHERE rollout_id = old.id; END"
    )


def _fill_on_sqlite() -> None:
    op.execute(_sqlite_add_facets("rollouts", " FROM rollouts WHERE true GROUP BY 1"))
    op.execute(
        "INSERT INTO listed(rollout_id, batch_id, task, facets, seconds, steps)"
        f" {_sqlite_listed('rollouts')} FROM rollouts ORDER BY id"
    )
    op.execute(
        f"INSERT INTO listed_texts(number, text) SELECT number, text FROM (SELECT listed.number, {_sqlite_text('rollouts')} AS text"  # noqa: S608 - constants
        f" FROM listed JOIN rollouts ON rollouts.id = listed.rollout_id WHERE rollouts.status IN {_ENDED}) WHERE text <> ''"
    )
    op.execute("INSERT INTO listed_trigrams(listed_trigrams) VALUES ('rebuild')")


def _sqlite_task(row: str) -> str:
    return f"SELECT {row}.task_id, {row}.version, {row}.task_id || char(10) || json_extract({row}.content, '$.task')"


def _sqlite_key(row: str) -> str:
    return "json_array(" + ", ".join(f"{row}.{name}" for name in _FACETS) + ")"


def _sqlite_add_facets(row: str, source: str = " WHERE true") -> str:
    columns = ", ".join(f"{row}.{name}" for name in _FACETS)
    return (
        f"INSERT INTO listed_facets(key, {', '.join(_FACETS)}) SELECT {_sqlite_key(row)}, {columns}{source}"
        " ON CONFLICT (key) DO NOTHING"
    )


def _sqlite_facets(row: str) -> str:
    return f"(SELECT number FROM listed_facets WHERE key = {_sqlite_key(row)})"  # noqa: S608 - constants


def _sqlite_listed(row: str) -> str:
    task = f"(SELECT number FROM listed_tasks WHERE task_id = {row}.task_id AND version = {row}.task_version)"  # noqa: S608 - constants
    return (
        f"SELECT {row}.id, {row}.batch_id, {task}, {_sqlite_facets(row)},"
        f" {_ended(row, 'seconds')}, {_ended(row, 'steps')}"
    )


def _sqlite_text(row: str) -> str:
    messages = f"(SELECT group_concat(json_extract(value, '$.message'), char(10)) FROM json_each({row}.errors))"  # noqa: S608 - constants
    return (
        f"substr(trim(coalesce({row}.answer_text, '') || char(10) || coalesce({messages}, ''), char(10)),"
        f" 1, {_MOST_CHARACTERS})"
    )


def _sqlite_add_text(row: str) -> str:
    return (
        "INSERT INTO listed_texts(number, text) SELECT number, text FROM (SELECT number,"  # noqa: S608 - constants
        f" {_sqlite_text(row)} AS text FROM listed WHERE rollout_id = {row}.id AND {row}.status IN {_ENDED})"
        " WHERE text <> ''"
    )


def _ended(row: str, column: str) -> str:
    return f"CASE WHEN {row}.status IN {_ENDED} THEN {row}.{column} END"


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def _keep_on_postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for function in (_LOWER.format(collation=_collation()), _TASK_TEXT, _TEXT, _FACETS_NUMBER):
        op.execute(sa.text(function.replace(":", "\\:")))
    op.execute(
        "INSERT INTO listed_tasks(task_id, version, text) SELECT task_id, version, listed_task_text(task_id, content)"
        " FROM task_versions ORDER BY created_at"
    )
    op.execute(
        "INSERT INTO listed(rollout_id, batch_id, task, facets, seconds, steps) SELECT id, batch_id, number,"  # noqa: S608 - constants
        f" listed_facets_number(agent, model, status, success, failure), {_ended('rollouts', 'seconds')}, {_ended('rollouts', 'steps')}"
        " FROM rollouts JOIN listed_tasks ON listed_tasks.task_id = rollouts.task_id AND version = task_version ORDER BY id"
    )
    op.execute(
        "INSERT INTO listed_texts(number, text) SELECT number, text FROM (SELECT number,"  # noqa: S608 - constants
        " listed_text(answer_text, errors) AS text FROM listed JOIN rollouts ON rollouts.id = rollout_id"
        f" WHERE status IN {_ENDED}) AS texts WHERE text <> ''"
    )
    op.execute(
        "CREATE INDEX ix_listed_texts_trigrams ON listed_texts USING gin (text gin_trgm_ops) WITH (gin_pending_list_limit = 256)"
    )
    for name, event, table, body in (
        ("listed_task_added", "INSERT", "task_versions", _TASK_ADDED),
        ("listed_rollout_added", "INSERT", "rollouts", _ROLLOUT_ADDED),
        ("listed_rollout_changed", "UPDATE OF status", "rollouts", _ROLLOUT_CHANGED),
        ("listed_rollout_removed", "DELETE", "rollouts", _ROLLOUT_REMOVED),
    ):
        function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
        op.execute(sa.text(function.replace(":", "\\:")))
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _collation() -> str:
    """Return the collation that knows most letters' other case, of those that this PostgreSQL has."""
    known = {
        name
        for (name,) in op.get_bind().execute(
            sa.text(
                "SELECT collname FROM pg_collation WHERE collencoding IN"
                " (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))"
            )
        )
    }
    best = ("pg_unicode_fast", "pg_c_utf8", "und-x-icu", "C.utf8", "en_US.utf8", "default")
    return next(name for name in best if name in known)


_LOWER = """
CREATE FUNCTION listed_lower(words text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT lower(words COLLATE "{collation}")
$$
"""

# JSON can hold NUL as \u0000, which no text of PostgreSQL can.
_TASK_TEXT = """
CREATE FUNCTION listed_task_text(task_id text, content text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT listed_lower(task_id || E'\\n' || (replace(content, '\\u0000', '\\ufffd')::json ->> 'task'))
$$
"""

_TEXT = f"""
CREATE FUNCTION listed_text(answer_text text, errors text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT left(listed_lower(concat_ws(E'\\n', answer_text, (
        SELECT string_agg(error ->> 'message', E'\\n')
        FROM json_array_elements(replace(errors, '\\u0000', '\\ufffd')::json) AS error
    ))), {_MOST_CHARACTERS})
$$
"""  # noqa: S608 - constants

_FACETS_NUMBER = """
CREATE FUNCTION listed_facets_number(agent text, model text, status text, success boolean, failure text)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    found_number integer;
    wanted text := json_build_array(agent, model, status, success, failure)::text;
BEGIN
    SELECT number INTO found_number FROM listed_facets WHERE key = wanted;
    IF found_number IS NULL THEN
        INSERT INTO listed_facets(key, agent, model, status, success, failure)
        VALUES (wanted, agent, model, status, success, failure) ON CONFLICT (key) DO NOTHING;
        SELECT number INTO found_number FROM listed_facets WHERE key = wanted;
    END IF;
    RETURN found_number;
END
$$
"""

_TASK_ADDED = """
BEGIN
    INSERT INTO listed_tasks(task_id, version, text)
    VALUES (NEW.task_id, NEW.version, listed_task_text(NEW.task_id, NEW.content));
    RETURN NULL;
END
"""

_ADD_TEXT = f"""
    IF NEW.status IN {_ENDED} AND (NEW.answer_text IS NOT NULL OR NEW.errors <> '[]') THEN
        INSERT INTO listed_texts(number, text) VALUES (listed_number, listed_text(NEW.answer_text, NEW.errors));
    END IF;
"""  # noqa: S608 - constants

_ROLLOUT_ADDED = f"""
DECLARE
    listed_number bigint;
BEGIN
    INSERT INTO listed(rollout_id, batch_id, task, facets, seconds, steps)
    SELECT NEW.id, NEW.batch_id, number,
        listed_facets_number(NEW.agent, NEW.model, NEW.status, NEW.success, NEW.failure),
        {_ended("NEW", "seconds")}, {_ended("NEW", "steps")}
    FROM listed_tasks WHERE task_id = NEW.task_id AND version = NEW.task_version
    RETURNING number INTO listed_number;
    {_ADD_TEXT}
    RETURN NULL;
END
"""  # noqa: S608 - constants

_ROLLOUT_CHANGED = f"""
DECLARE
    listed_number bigint;
BEGIN
    UPDATE listed SET facets = listed_facets_number(NEW.agent, NEW.model, NEW.status, NEW.success, NEW.failure),
        seconds = {_ended("NEW", "seconds")}, steps = {_ended("NEW", "steps")}
    WHERE rollout_id = NEW.id RETURNING number INTO listed_number;
    IF OLD.status IN {_ENDED} THEN
        DELETE FROM listed_texts WHERE number = listed_number;
    END IF;
    {_ADD_TEXT}
    RETURN NULL;
END
"""  # noqa: S608 - constants

_ROLLOUT_REMOVED = """
DECLARE
    listed_number bigint;
BEGIN
    DELETE FROM listed WHERE rollout_id = OLD.id RETURNING number INTO listed_number;
    DELETE FROM listed_texts WHERE number = listed_number;
    RETURN NULL;
END
"""
