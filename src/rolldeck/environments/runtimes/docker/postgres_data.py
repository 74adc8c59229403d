"""Data for a PostgreSQL: as files that its own commands load, and which command that is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from rolldeck.environments.composition import SqlDump, Tables
from rolldeck.environments.dumps import DumpKind, kind_of, roles_in, unpacked

PLACE = PurePosixPath("/tmp/rolldeck-load")  # noqa: S108 - in a container
"""Where the files are put."""

PSQL = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1")
_PG_RESTORE = ("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error")
# What newer versions of pg_dump write for newer versions of psql and PostgreSQL; without it older ones load the same.
_NEWER = re.compile(rb"^(?:\\(?:un)?restrict [^\n]*|SET transaction_timeout = 0;)\n", re.MULTILINE)


@dataclass(frozen=True)
class Loading:
    """Files, the command that loads them from ``PLACE``, the roles that must be there before, and what to call it."""

    directory: Path
    command: tuple[str, ...]
    roles: tuple[str, ...]
    title: str


@contextmanager
def loading_of(data: SqlDump | Tables) -> Iterator[Loading]:
    """Write the files, which are removed at the end. Raises ``TemplateError`` for a dump that cannot be loaded."""
    with TemporaryDirectory(prefix="rolldeck-data-") as directory:
        yield _of_dump(data, Path(directory)) if isinstance(data, SqlDump) else _of_tables(data, Path(directory))


def _of_dump(dump: SqlDump, directory: Path) -> Loading:
    kind, file = kind_of(dump.source), directory / "dump"
    is_sql = kind is DumpKind.SQL
    with file.open("wb") as content:
        content.writelines(_without_newer(unpacked(dump.source)) if is_sql else unpacked(dump.source))
    command = (*PSQL, "-f", str(PLACE / file.name)) if is_sql else (*_PG_RESTORE, str(PLACE / file.name))
    roles = tuple(sorted(roles_in(dump.source))) if is_sql else ()
    return Loading(directory, command, roles, f"the dump {dump.source}")


def _of_tables(data: Tables, directory: Path) -> Loading:
    data.tables.write(directory)
    tables = (directory / "tables.txt").read_text().split()
    script = ["\\i schema.sql", *(_copy(directory / f"{table}.csv", table) for table in tables)]
    (directory / "load.sql").write_text("\n".join(script))
    there = f'cd {PLACE} && exec "$@" -f load.sql'
    return Loading(directory, ("sh", "-c", there, "load", *PSQL), (), "the tables")


def _copy(file: Path, table: str) -> str:
    with file.open(encoding="utf-8") as lines:
        columns = lines.readline().strip()
    return f"\\copy {table} ({columns}) FROM '{file.name}' WITH (FORMAT csv, HEADER)"


def _without_newer(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        yield _NEWER.sub(b"", lines + newline)
    yield rest
