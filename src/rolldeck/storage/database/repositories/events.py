"""The log of events in the database. It is written by ``Ledger``."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import Connection, func, select

from rolldeck.domain.event import EventKind, LoggedEvent
from rolldeck.storage.database.models import events
from rolldeck.storage.database.repositories.fetching import fetch_all
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.records import event_of
from rolldeck.storage.database.repositories.repository import Repository


class DatabaseEvents(Repository):
    """``storage.port.Events`` on a database."""

    async def after(self, seq: int, *, limit: int = 1000) -> Sequence[LoggedEvent]:
        """Return the events that follow ``seq``, in order."""
        query = select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)
        return await self._read(
            "reading events",
            lambda connection: [event_of(row) for row in fetch_all(connection, query)],
            one_statement=True,
        )

    async def last(self) -> int:
        """Return the newest event's number; 0 where there is none."""
        newest = select(func.max(events.c.seq))
        return await self._read("reading events", lambda connection: connection.scalar(newest) or 0, one_statement=True)

    async def tell(self, kind: EventKind, data: Mapping[str, JsonValue]) -> None:
        """Append an event of something that is in no table."""

        def work(_: Connection, ledger: Ledger) -> None:
            ledger.log(kind, data)

        await self._write("writing an event", work)
