"""Locks that a transaction holds until it ends, on what is no row."""

import hashlib
from enum import StrEnum

from sqlalchemy import Connection, func, select


class Lock(StrEnum):
    """What is done by one transaction at a time."""

    MIGRATIONS = "migrations"
    IDEMPOTENCY_KEY = "idempotency key"
    TASKS = "tasks"
    CLAIMS = "claims"
    QUOTAS = "quotas"
    EVENTS = "events"


def take(connection: Connection, lock: Lock, name: str = "") -> None:
    """Wait for a lock and hold it. SQLite needs none: it has one transaction that writes at a time."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"rolldeck {lock} {name}".encode()).digest()[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))
