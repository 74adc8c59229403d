"""What an environment is, said so that any runtime can run it.

A recipe holds no code that starts anything: runtimes read it. It names the data that the application shows, the
application itself, and which of the application's own databases state checks may read.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class TableData(Protocol):
    """Tables of data, made the same every time (a module can be one)."""

    def write(self, directory: Path) -> None:
        """Write ``schema.sql``, one ``<table>.csv`` with a header per table, and ``tables.txt``: tables in load order."""

    def content_hash(self) -> str:
        """Return a hash of all that ``write`` writes."""


@dataclass(frozen=True)
class Database:
    """Data that lives in a PostgreSQL database called ``name``; the application may read it and nothing more."""

    name: str
    title: str
    tables: TableData


@dataclass(frozen=True)
class PythonApplication:
    """A WSGI application in a virtual environment of its own, given by a module that runs inside that.

    The module has five functions. ``data`` and ``instance["data"]`` say how to reach PostgreSQL: ``name`` of the
    data, ``host`` (the directory of a Unix socket), ``port``, ``database``, ``user``, ``password``.

    - ``build(directory, data, report)`` makes the template's files; calls ``report`` with each of ``build_steps``;
    - ``warm_up(template, scratch, data)`` returns the application with all loaded that a fork can inherit, and no
      thread and no connection left open;
    - ``adopt(application, instance)`` turns it, after the fork, into one environment (``directory`` holds a copy of
      the template's files; ``secret`` is its own) and returns the WSGI application and a dict of login cookies;
    - ``start_cold(template, instance)`` does the same without anything warm, to measure what the fork saves.
    """

    module: Path
    requirements: Path
    python_versions: tuple[str, ...]
    """Those that the locked requirements can be installed with, the best first."""
    sources: tuple[Path, ...]
    build_steps: tuple[str, ...]
    health_path: str
    pages: tuple[str, ...]
    """Paths that a user opens, the first one after the login first: what a measurement uses."""
    data_path: str
    """A path that the application answers from the data, each time anew: shows that it reaches what is its own."""
    sqlite_databases: Mapping[str, str] = field(default_factory=dict)
    """Databases of the application's own, by the name that state checks use: file names in its directory."""


@dataclass(frozen=True)
class Recipe:
    """One environment that tasks can name. State checks reach ``data`` under the name ``data``."""

    name: str
    title: str
    data: Database
    application: PythonApplication


def hash_of(*parts: str | bytes | Path) -> str:
    """Return one hash (hexadecimal, 16 characters) of texts and of the content of files, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]
