"""The database as one object: opened, migrated, and closed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import text

from rolldeck.storage.database.engine import Sessions, open_sessions, storage_errors
from rolldeck.storage.database.ids import MonotonicUlids
from rolldeck.storage.database.migrations.upgrade import upgrade
from rolldeck.storage.database.repositories.rollouts import DatabaseRollouts
from rolldeck.storage.database.repositories.tasks import DatabaseTasks


def _now() -> datetime:
    return datetime.now(UTC)


class Database:
    """The stored tasks and rollouts. Made with ``open``."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self.tasks = DatabaseTasks(sessions, now)
        self.rollouts = DatabaseRollouts(sessions, now, MonotonicUlids(now))

    @classmethod
    async def open(cls, address: str | Path, *, now: Callable[[], datetime] = _now) -> Self:
        """Open a database by URL (or an SQLite file by path), making or upgrading its tables.

        Raises ``StorageError`` where it cannot be opened, also one that a newer Rolldeck has written.
        """
        sessions = open_sessions(address)
        try:
            with storage_errors("opening it"):
                await upgrade(sessions.writer)
        except BaseException:
            await sessions.close()
            raise
        return cls(sessions, now)

    async def ping(self) -> None:
        """Ask the database something. Raises ``StorageError`` where it does not answer."""
        with storage_errors("being asked whether it works"):
            async with self._sessions.read() as session:
                await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self._sessions.close()
