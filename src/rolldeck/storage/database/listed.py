"""The tables that lists are read from: narrow ones, kept by triggers (migration 0003) and written by nothing else.

What a rollout can be filtered by is in two numbers: that of its task's version, and that of its *facets*, the
combination of agent, model, status, success and deciding error. There are few combinations, so that any filter of
those is a handful of ranges of the index ``(facets, <what is sorted by>)``, and its first page is the merge of theirs.

Numbers of rollouts follow time. ``copy_to`` leaves these tables out: the triggers of the target fill its own.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, MetaData, Table

from rolldeck.storage.database.models import Words

listed_metadata = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

listed_tasks = Table(
    "listed_tasks",
    listed_metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("task_id", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("tags", Words, nullable=False),
)
"""Versions of tasks, with what of them is searched; ``tags`` are a list as JSON."""

listed_facets = Table(
    "listed_facets",
    listed_metadata,
    Column("number", Integer, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("agent", Words, nullable=False),
    Column("model", Words),
    Column("status", Words, nullable=False),
    Column("success", Boolean),
    Column("failure", Words),
)
"""The combinations that there are or were; only ever appended to. ``key`` is the combination in one value."""

listed = Table(
    "listed",
    listed_metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("rollout_id", Words, nullable=False, unique=True),
    Column("batch_id", Words, nullable=False),
    Column("task", Integer, nullable=False),
    Column("facets", Integer, nullable=False),
    Column("seconds", Float),
    Column("steps", Integer),
    Column("cost", Float),
)
"""Rollouts. ``seconds``, ``steps`` and ``cost`` are null until the rollout has ended."""

listed_texts = Table(
    "listed_texts",
    listed_metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("text", Words, nullable=False),
)
"""What of rollouts that have ended is searched: their answers, the messages of their errors, and of their agents."""

listed_trigrams = Table(
    "listed_trigrams",
    listed_metadata,
    Column("rowid", Integer, primary_key=True),
    Column("listed_trigrams", Words),
)
"""On SQLite only: the trigrams of ``listed_texts``, an FTS5 table, in which one searches by the column of its own name.
PostgreSQL has an index instead."""
