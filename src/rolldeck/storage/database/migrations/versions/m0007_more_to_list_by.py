"""Lists by environment, tag and cost, and texts with what agents said.

The environment and the tags are of a task's version, the cost of a rollout that has ended. Of what agents said in the steps
of the attempt that decided, the first characters are searched, after the answer and the errors.
"""

import sqlalchemy as sa
from alembic import op

from rolldeck.storage.database.migrations.versions.m0003_lists import (
    _ENDED,
    _MOST_CHARACTERS,
    _WORDS,
    _ended,
    _sqlite_add_facets,
    _sqlite_facets,
    _sqlite_listed,
    _sqlite_task,
    _sqlite_text,
)

revision = "0007"
down_revision = "0006"

_MOST_SAID = 4_000
"""Characters of what an agent said that are searched."""
_HAVE_STEPS = (
    f"SELECT id FROM rollouts WHERE status IN {_ENDED} AND EXISTS (SELECT 1 FROM steps WHERE rollout_id = rollouts.id)"  # noqa: S608 - constants
)


def upgrade() -> None:
    """Add the columns, fill them from what is stored, and have the triggers keep them."""
    op.add_column("listed_tasks", sa.Column("environment", _WORDS, nullable=False, server_default=""))
    op.add_column("listed_tasks", sa.Column("tags", _WORDS, nullable=False, server_default="[]"))
    op.add_column("listed", sa.Column("cost", sa.Float()))
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()
    op.execute(
        "UPDATE listed SET cost = (SELECT cost FROM rollouts WHERE id = rollout_id)"  # noqa: S608 - constants
        f" WHERE rollout_id IN (SELECT id FROM rollouts WHERE cost IS NOT NULL AND status IN {_ENDED})"
    )
    has_cost = sa.text("cost IS NOT NULL")
    op.create_index("ix_listed_cost", "listed", ["cost"], sqlite_where=has_cost, postgresql_where=has_cost)


# --- SQLite ---------------------------------------------------------------------------------------------------------


def _keep_on_sqlite() -> None:
    content = "(SELECT content FROM task_versions AS of_it WHERE of_it.task_id = listed_tasks.task_id AND of_it.version = listed_tasks.version)"
    op.execute(
        f"UPDATE listed_tasks SET environment = json_extract({content}, '$.environment'),"  # noqa: S608 - constants
        f" tags = json_extract({content}, '$.tags')"
    )
    op.execute("DROP TRIGGER listed_task_added")
    described = "json_extract(new.content, '$.environment'), json_extract(new.content, '$.tags')"
    op.execute(
        "CREATE TRIGGER listed_task_added AFTER INSERT ON task_versions BEGIN"
        f" INSERT INTO listed_tasks(task_id, version, text, environment, tags) {_sqlite_task('new')}, {described}; END"
    )
    op.execute(
        f"DELETE FROM listed_texts WHERE number IN (SELECT number FROM listed WHERE rollout_id IN ({_HAVE_STEPS}))"  # noqa: S608 - constants
    )
    op.execute(
        _sqlite_add_text("rollouts", f"JOIN rollouts ON rollouts.id = rollout_id WHERE rollouts.id IN ({_HAVE_STEPS})")
    )
    facets = f"{_sqlite_add_facets('new')};"
    op.execute("DROP TRIGGER listed_rollout_added")
    op.execute(
        f"CREATE TRIGGER listed_rollout_added AFTER INSERT ON rollouts BEGIN {facets}"
        f" INSERT INTO listed(rollout_id, batch_id, task, facets, seconds, steps, cost)"
        f" {_sqlite_listed('new')}, {_ended('new', 'cost')}; {_sqlite_add_text_of_new()}; END"
    )
    op.execute("DROP TRIGGER listed_rollout_changed")
    op.execute(
        "CREATE TRIGGER listed_rollout_changed AFTER UPDATE OF status ON rollouts WHEN"  # noqa: S608 - constants
        f" old.status IN {_ENDED} OR new.status IN {_ENDED} BEGIN {facets}"
        f" UPDATE listed SET facets = {_sqlite_facets('new')}, seconds = {_ended('new', 'seconds')},"
        f" steps = {_ended('new', 'steps')}, cost = {_ended('new', 'cost')} WHERE rollout_id = new.id;"
        f" DELETE FROM listed_texts WHERE old.status IN {_ENDED}"
        " AND number = (SELECT number FROM listed WHERE rollout_id = new.id);"
        f" {_sqlite_add_text_of_new()}; END"
    )


def _sqlite_add_text_of_new() -> str:
    return _sqlite_add_text("new", f"WHERE rollout_id = new.id AND new.status IN {_ENDED}")


def _sqlite_add_text(row: str, which: str) -> str:
    said = (
        "(SELECT group_concat(json_extract(content, '$.message'), char(10)) FROM"  # noqa: S608 - constants
        f" (SELECT content FROM steps WHERE rollout_id = {row}.id AND attempt = {row}.attempt ORDER BY number))"
    )
    text = f"{_sqlite_text(row)} || char(10) || substr(coalesce({said}, ''), 1, {_MOST_SAID})"
    return (
        "INSERT INTO listed_texts(number, text) SELECT number, text FROM (SELECT number,"  # noqa: S608 - constants
        f" substr(trim({text}, char(10)), 1, {_MOST_CHARACTERS}) AS text FROM listed {which}) WHERE text <> ''"
    )


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def _keep_on_postgresql() -> None:
    op.execute(
        _escaped(
            "UPDATE listed_tasks SET environment = content ->> 'environment', tags = content ->> 'tags'"
            " FROM (SELECT task_id, version, replace(content, '\\u0000', '\\ufffd')::json AS content FROM task_versions) AS of_it"
            " WHERE of_it.task_id = listed_tasks.task_id AND of_it.version = listed_tasks.version"
        )
    )
    op.execute(_escaped(_WHOLE_TEXT))
    op.execute(
        f"DELETE FROM listed_texts WHERE number IN (SELECT number FROM listed WHERE rollout_id IN ({_HAVE_STEPS}))"  # noqa: S608 - constants
    )
    op.execute(
        "INSERT INTO listed_texts(number, text) SELECT number, text FROM (SELECT number,"  # noqa: S608 - constants
        " listed_whole_text(rollouts) AS text FROM listed JOIN rollouts ON rollouts.id = rollout_id"
        f" WHERE rollouts.id IN ({_HAVE_STEPS})) AS texts WHERE text <> ''"
    )
    for name, body in (
        ("listed_task_added", _TASK_ADDED),
        ("listed_rollout_added", _ROLLOUT_ADDED),
        ("listed_rollout_changed", _ROLLOUT_CHANGED),
    ):
        op.execute(_escaped(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))


def _escaped(statement: str) -> sa.TextClause:
    """Return a statement whose colons begin no parameter."""
    return sa.text(statement.replace(":", "\\:"))


_WHOLE_TEXT = f"""
CREATE FUNCTION listed_whole_text(rollout rollouts) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT left(concat_ws(E'\\n', nullif(listed_text(rollout.answer_text, rollout.errors), ''), (
        SELECT listed_lower(left(string_agg(replace(content, '\\u0000', '\\ufffd')::json ->> 'message', E'\\n' ORDER BY number), {_MOST_SAID}))
        FROM steps WHERE steps.rollout_id = rollout.id AND steps.attempt = rollout.attempt
    )), {_MOST_CHARACTERS})
$$
"""  # noqa: S608 - constants

_TASK_ADDED = """
BEGIN
    INSERT INTO listed_tasks(task_id, version, text, environment, tags)
    SELECT NEW.task_id, NEW.version, listed_task_text(NEW.task_id, NEW.content), content ->> 'environment', content ->> 'tags'
    FROM (SELECT replace(NEW.content, '\\u0000', '\\ufffd')::json AS content) AS parsed;
    RETURN NULL;
END
"""

_ADD_TEXT = f"""
    IF NEW.status IN {_ENDED} THEN
        INSERT INTO listed_texts(number, text)
        SELECT listed_number, text FROM (SELECT listed_whole_text(NEW) AS text) AS texts WHERE text <> '';
    END IF;
"""  # noqa: S608 - constants

_ROLLOUT_ADDED = f"""
DECLARE
    listed_number bigint;
BEGIN
    INSERT INTO listed(rollout_id, batch_id, task, facets, seconds, steps, cost)
    SELECT NEW.id, NEW.batch_id, number,
        listed_facets_number(NEW.agent, NEW.model, NEW.status, NEW.success, NEW.failure),
        {_ended("NEW", "seconds")}, {_ended("NEW", "steps")}, {_ended("NEW", "cost")}
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
        seconds = {_ended("NEW", "seconds")}, steps = {_ended("NEW", "steps")}, cost = {_ended("NEW", "cost")}
    WHERE rollout_id = NEW.id RETURNING number INTO listed_number;
    IF OLD.status IN {_ENDED} THEN
        DELETE FROM listed_texts WHERE number = listed_number;
    END IF;
    {_ADD_TEXT}
    RETURN NULL;
END
"""  # noqa: S608 - constants
