"""Limits of models in the database."""

from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import Connection, Float, bindparam, case, delete, extract, func, insert, select, text, update

from rolldeck.domain.batch import Quota
from rolldeck.domain.event import EventKind
from rolldeck.storage.database.locks import Lock, take
from rolldeck.storage.database.models import CLAIMED, quotas, rollouts
from rolldeck.storage.database.repositories.fetching import fetch_all
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.records import quota_of
from rolldeck.storage.database.repositories.repository import Repository

_MORE_WAITING = 10  # beside one request for each rollout that runs


class DatabaseQuotas(Repository):
    """``storage.port.Quotas`` on a database."""

    async def list(self) -> Sequence[Quota]:
        """Return all quotas, by name."""
        query = select(quotas).order_by(quotas.c.name)
        return await self._read(
            "listing quotas", lambda connection: [quota_of(row) for row in fetch_all(connection, query)]
        )

    async def set(self, quota: Quota) -> None:
        """Make or replace a quota; one without any limit is removed."""
        limits = {"max_running": quota.max_running, "requests_per_minute": quota.requests_per_minute}
        unlimited = quota.max_running is None and quota.requests_per_minute is None

        def work(connection: Connection, ledger: Ledger) -> None:
            take(connection, Lock.QUOTAS)
            named = quotas.c.name == quota.name
            if unlimited:
                connection.execute(delete(quotas).where(named))
            elif connection.execute(update(quotas).where(named).values(limits)).rowcount == 0:
                connection.execute(insert(quotas).values(name=quota.name, **limits))
            told: dict[str, JsonValue] = {"name": quota.name, **limits}
            ledger.log(EventKind.QUOTA_CHANGED, told)

        await self._write("changing a quota", work)

    async def reserve(self, name: str) -> float:
        """Take the next request's place; returns the seconds to wait before it is made, 0 where nothing limits it."""

        def work(connection: Connection, ledger: Ledger) -> float:
            # One clock decides: PostgreSQL's own, or that of the one machine whose processes use the SQLite file.
            on_postgresql = connection.dialect.name == "postgresql"
            now = connection.scalar(_DATABASE_TIME) if on_postgresql else ledger.now.timestamp()
            following = connection.execute(_RESERVE, {"key": name, "now": now}).one_or_none()
            return 0.0 if following is None else max(0.0, following.next_request_at - following.interval - now)

        return await self._write("taking a request's place", work)


_DATABASE_TIME = select(extract("epoch", func.clock_timestamp()).cast(Float))
_NOW = bindparam("now", type_=Float)
_INTERVAL = 60.0 / quotas.c.requests_per_minute
_RUNNING = (
    select(func.count())
    .select_from(rollouts)
    .where(text(CLAIMED), rollouts.c.quota == bindparam("key"))
    .scalar_subquery()
)
# A turn further away than all who may wait can fill was taken before the clock was set back.
_LAST_TURN = _NOW + _INTERVAL * (_RUNNING + _MORE_WAITING)
_TURN = case(
    (quotas.c.next_request_at <= _NOW, _NOW),
    (quotas.c.next_request_at > _LAST_TURN, _LAST_TURN),
    else_=quotas.c.next_request_at,
)
_RESERVE = (
    update(quotas)
    .where(quotas.c.name == bindparam("key"), quotas.c.requests_per_minute.is_not(None))
    .values(next_request_at=_TURN + _INTERVAL)
    .returning(quotas.c.next_request_at, _INTERVAL.label("interval"))
)
