"""Values as JSON, and what a query on a SQLite file may do."""

import datetime
import sqlite3
import uuid
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from rolldeck.domain.errors import EnvironmentFailure, VerificationError
from rolldeck.environments.runtimes import queries
from rolldeck.environments.runtimes.queries import as_json, query_sqlite


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (float("nan"), "nan"),
        (Decimal("12.00"), 12),
        (Decimal("12.50"), 12.5),
        (Decimal("1E+3"), 1000),
        (Decimal("NaN"), "NaN"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime.fromisoformat("2024-02-29T01:02:03"), "2024-02-29T01:02:03"),
        (datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.UTC), "2024-02-29T01:02:03+00:00"),
        (datetime.timedelta(minutes=1.5), 90.0),
        (b"\x00\xff", "00ff"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([Decimal("1.5"), None], [1.5, None]),
        ({"a": (1, Decimal(2))}, {"a": [1, 2]}),
    ],
)
def test_a_database_value_becomes_json(value: object, expected: object) -> None:
    got = as_json(value)
    assert (got, type(got)) == (expected, type(expected))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE note (id INTEGER, text TEXT)")
        connection.executemany("INSERT INTO note VALUES (?, ?)", [(1, "one"), (2, "two")])
    return file


def test_rows_are_read_in_order(notes: Path) -> None:
    assert query_sqlite(notes, None, "SELECT id, upper(text) AS t FROM note ORDER BY id") == [
        {"id": 1, "t": "ONE"},
        {"id": 2, "t": "TWO"},
    ]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM note",
        "CREATE TABLE x (y)",
        "ATTACH ':memory:' AS other",
        "PRAGMA query_only=0",
        "SELECT 1; SELECT 2",
        "SELECT load_extension('x')",
        "nonsense",
    ],
)
def test_only_one_statement_that_reads_is_accepted(notes: Path, query: str) -> None:
    with pytest.raises(VerificationError, match="notes"):
        query_sqlite(notes, None, query)
    assert len(query_sqlite(notes, None, "SELECT * FROM note")) == 2


def test_a_query_without_end_is_stopped(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_QUERY_SECONDS", 0.05)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(VerificationError, match="interrupted"):
        query_sqlite(notes, None, endless)


def test_a_result_without_measure_is_refused(notes: Path) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with pytest.raises(VerificationError, match="more than"):
        query_sqlite(notes, None, many)


def test_a_link_that_the_environment_put_in_the_databases_place_is_not_followed(notes: Path, tmp_path: Path) -> None:
    link = tmp_path / "metadata.sqlite"
    link.symlink_to(notes)
    with pytest.raises(VerificationError, match="replaced"):
        query_sqlite(link, None, "SELECT * FROM note")
    link.unlink()
    link.hardlink_to(notes)
    with pytest.raises(VerificationError, match="replaced"):
        query_sqlite(link, None, "SELECT * FROM note")


def test_a_file_of_another_user_is_not_read(notes: Path) -> None:
    with pytest.raises(VerificationError, match="replaced"):
        query_sqlite(notes, notes.stat().st_uid + 1, "SELECT * FROM note")


def test_a_file_that_is_gone_is_a_failure_of_the_environment(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure):
        query_sqlite(tmp_path / "gone.sqlite", None, "SELECT 1")
