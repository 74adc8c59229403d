"""The database as one object: opened, migrated, and closed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from sqlalchemy import Connection, insert, select, text

from rolldeck.storage.database.copying import copy_everything
from rolldeck.storage.database.engine import Transactions, open_transactions, storage_errors
from rolldeck.storage.database.ids import MonotonicUlids
from rolldeck.storage.database.migrations.upgrade import Migrated, expect_newest, upgrade
from rolldeck.storage.database.models import installation
from rolldeck.storage.database.repositories.batches import DatabaseBatches
from rolldeck.storage.database.repositories.deliveries import DatabaseDeliveries
from rolldeck.storage.database.repositories.events import DatabaseEvents
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.people import DatabasePeople
from rolldeck.storage.database.repositories.quotas import DatabaseQuotas
from rolldeck.storage.database.repositories.rollouts import DatabaseRollouts
from rolldeck.storage.database.repositories.statistics import DatabaseStatistics
from rolldeck.storage.database.repositories.tasks import DatabaseTasks
from rolldeck.storage.database.repositories.workers import DatabaseWorkers


def _now() -> datetime:
    return datetime.now(UTC)


class Database:
    """All that is stored beside artifacts. Made with ``open``."""

    def __init__(
        self, transactions: Transactions, now: Callable[[], datetime], migrated: Migrated, installation_id: str
    ) -> None:
        self._transactions = transactions
        known = KnownTasks()
        self.tasks = DatabaseTasks(transactions, now, known)
        self.batches = DatabaseBatches(transactions, now, MonotonicUlids(now))
        self.rollouts = DatabaseRollouts(transactions, now, known)
        self.workers = DatabaseWorkers(transactions, now)
        self.people = DatabasePeople(transactions, now)
        self.quotas = DatabaseQuotas(transactions, now)
        self.statistics = DatabaseStatistics(transactions, now)
        self.events = DatabaseEvents(transactions, now)
        self.deliveries = DatabaseDeliveries(transactions, now)
        self.migrated = migrated
        self.installation_id = installation_id

    @classmethod
    async def open(
        cls,
        address: str | Path,
        *,
        installation_id: str | None = None,
        migrate: bool = True,
        now: Callable[[], datetime] = _now,
    ) -> Self:
        """Open a database by URL (or an SQLite file by path), making or upgrading its tables.

        ``installation_id`` becomes the id of a database that has none yet. Without ``migrate`` nothing is changed, and
        tables that are missing or old are an error. Raises ``StorageError`` where it cannot be opened, also one that a
        newer Rolldeck has written.
        """
        transactions = open_transactions(address)
        try:
            with storage_errors("opening it"):
                if migrate:
                    new_id = installation_id or uuid4().hex
                    migrated, stored_id = await transactions.write(lambda connection: _prepare(connection, new_id))
                else:
                    migrated, stored_id = await transactions.read(_look_at)
        except BaseException:
            await transactions.close()
            raise
        return cls(transactions, now, migrated, stored_id)

    async def ping(self) -> None:
        """Ask the database something. Raises ``StorageError`` where it does not answer."""
        with storage_errors("being asked whether it works"):
            await self._transactions.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())

    async def copy_to(self, other: "Database") -> Mapping[str, int]:
        """Copy everything into an empty database, all or nothing; returns the rows copied, by table.

        Raises ``Conflict`` where the other is not empty, or while workers execute rollouts of this one.
        """
        with storage_errors("being copied"):
            return await copy_everything(self._transactions, other._transactions)  # noqa: SLF001 - a database's own

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self._transactions.close()


def _prepare(connection: Connection, new_id: str) -> tuple[Migrated, str]:
    """Bring the tables to this version, and see that the installation has an id."""
    migrated = upgrade(connection)
    if connection.scalar(select(installation.c.id)) is None:
        connection.execute(insert(installation).values(number=1, id=new_id))
    return migrated, _installation_id(connection)


def _look_at(connection: Connection) -> tuple[Migrated, str]:
    return expect_newest(connection), _installation_id(connection)


def _installation_id(connection: Connection) -> str:
    return str(connection.execute(select(installation.c.id)).scalar_one())
