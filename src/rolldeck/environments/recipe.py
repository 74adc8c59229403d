"""What an environment is, said so that any runtime can run it.

A recipe holds no code that starts anything: runtimes read it. It says how the application is put together, once for
each way in which it can be run, and which of its databases state checks may read.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rolldeck.environments.composition import Composition, TableData


@dataclass(frozen=True)
class Database:
    """Data that lives in a PostgreSQL database called ``name``; the application may read it and nothing more."""

    name: str
    title: str
    tables: TableData


@dataclass(frozen=True)
class PythonApplication:
    """A WSGI application in a virtual environment of its own, over data in PostgreSQL, forked from one that is warm.

    It is given by a module that runs inside its virtual environment. State checks reach ``data`` as ``data``.

    The module has five functions. ``data`` and ``instance["data"]`` say how to reach PostgreSQL: ``name`` of the
    data, ``host`` (the directory of a Unix socket), ``port``, ``database``, ``user``, ``password``.

    - ``build(directory, data, report)`` makes the template's files; calls ``report`` with each of ``build_steps``;
    - ``warm_up(template, scratch, data)`` returns the application with all loaded that a fork can inherit, and no
      thread and no connection left open;
    - ``adopt(application, instance)`` turns it, after the fork, into one environment (``directory`` holds a copy of
      the template's files; ``secret`` is its own) and returns the WSGI application and a dict of login cookies;
    - ``start_cold(template, instance)`` does the same without anything warm, to measure what the fork saves.
    """

    data: Database
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
    """One environment that tasks can name, as a forked Python application, as services, or as both.

    Both are the same application with the same data: the same tasks have the same answers in either.
    """

    name: str
    title: str
    forked: PythonApplication | None = None
    composition: Composition | None = None

    def __post_init__(self) -> None:
        """Refuse a recipe of nothing."""
        if self.forked is None and self.composition is None:
            raise ValueError(f"the recipe {self.name} says nothing of what its application is")


def hash_of(*parts: str | bytes | Path) -> str:
    """Return one hash (hexadecimal, 16 characters) of texts and of the content of files, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]
