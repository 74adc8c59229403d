"""What is to be told to others, in the database. ``Ledger`` writes a row with each end of a batch."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, select, text, update

from rolldeck.domain.delivery import Delivery
from rolldeck.storage.database.models import OPEN_DELIVERY, deliveries
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.repository import Repository


class DatabaseDeliveries(Repository):
    """``storage.port.Deliveries`` on a database."""

    async def claim(self, *, for_default: bool, hold: timedelta, newest: timedelta) -> Delivery | None:
        """Take the delivery that is due first, so that nobody else does for as long as ``hold``."""

        def work(connection: Connection, ledger: Ledger) -> Delivery | None:
            due = (
                select(deliveries.c.id)
                .where(text(OPEN_DELIVERY), deliveries.c.next_at <= ledger.now)
                .where(deliveries.c.created_at > ledger.now - newest)
            )
            if not for_default:
                due = due.where(deliveries.c.url.is_not(None))
            first = due.order_by(deliveries.c.next_at).limit(1).with_for_update(skip_locked=True)
            taking = update(deliveries).where(deliveries.c.id == first.scalar_subquery())
            values = {"attempts": deliveries.c.attempts + 1, "next_at": ledger.now + hold}
            row = connection.execute(taking.values(values).returning(deliveries)).one_or_none()
            return None if row is None else Delivery(row.id, row.batch_id, row.url, row.content, row.attempts)

        return await self._write("taking a delivery", work)

    async def done(self, delivery: Delivery, error: str | None = None) -> None:
        """Note that a delivery arrived, or with an error that it is given up."""

        def work(connection: Connection, ledger: Ledger) -> None:
            change = update(deliveries).where(_taken(delivery)).values(done_at=ledger.now, error=error)
            connection.execute(change)

        await self._write("ending a delivery", work)

    async def put_off(self, delivery: Delivery, delay: timedelta, error: str) -> None:
        """Note that a delivery did not arrive, and is to be tried again after a while."""

        def work(connection: Connection, ledger: Ledger) -> None:
            change = update(deliveries).where(_taken(delivery)).values(next_at=ledger.now + delay, error=error)
            connection.execute(change)

        await self._write("putting a delivery off", work)


def _taken(delivery: Delivery) -> ColumnElement[bool]:
    """Return the condition that nobody else has taken it since."""
    return (
        (deliveries.c.id == delivery.id) & (deliveries.c.attempts == delivery.attempt) & deliveries.c.done_at.is_(None)
    )
