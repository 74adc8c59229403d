"""Locks that a transaction holds until it ends, on what is no row."""

import hashlib
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from rolldeck.storage.database.prepared import Prepared


class Lock(StrEnum):
    """What is done by one transaction at a time."""

    MIGRATIONS = "migrations"
    IDEMPOTENCY_KEY = "idempotency key"
    TASKS = "tasks"
    CLAIMS = "claims"
    QUOTAS = "quotas"


def take(connection: Connection, lock: Lock, name: str = "") -> None:
    """Wait for a lock and hold it. SQLite needs none: it has one transaction that writes at a time."""
    if connection.dialect.name == "postgresql":
        _LOCK.run(connection, [{"number": number_of(lock, name)}])


@lru_cache
def number_of(lock: Lock, name: str = "") -> int:
    """Return the number by which PostgreSQL knows a lock."""
    return int.from_bytes(hashlib.sha256(f"rolldeck {lock} {name}".encode()).digest()[:8], "big", signed=True)


_LOCK = Prepared(select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)).label("locked")))
