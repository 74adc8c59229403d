"""What all repositories have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from rolldeck.storage.database.engine import Transactions, storage_errors
from rolldeck.storage.database.repositories.ledger import Ledger

_Result = TypeVar("_Result")


class Repository:
    """Reads and writes in transactions; what happens in one is a function of the connection."""

    def __init__(self, transactions: Transactions, now: Callable[[], datetime]) -> None:
        self._transactions = transactions
        self._now = now

    async def _read(self, doing: str, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:
        with storage_errors(doing):
            return await self._transactions.read(work, one_statement=one_statement)

    async def _write(self, doing: str, work: Callable[[Connection, Ledger], _Result]) -> _Result:
        """Run ``work``, then write what it told the ledger, all in one transaction."""
        now = self._now()

        def run(connection: Connection) -> _Result:
            ledger = Ledger(now)
            result = work(connection, ledger)
            ledger.write(connection)
            return result

        with storage_errors(doing):
            return await self._transactions.write(run)
