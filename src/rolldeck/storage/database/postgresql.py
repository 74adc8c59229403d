"""Transactions on PostgreSQL."""

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_Result = TypeVar("_Result")
_CONNECTIONS = 4
_MORE_CONNECTIONS = 6  # opened when all are in use, and closed again
_CONNECT_SECONDS = 10
_TRIES = 5
_PAUSE_SECONDS = 0.02
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"


class PostgresTransactions:
    """``Transactions`` on PostgreSQL.

    Writers see what is committed and lock what they read before they change it, in one order (worker, rollouts by id,
    batches by id, tasks by id, events), so that none waits for another crosswise. Readers see one snapshot.
    """

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_timeout=60,
            pool_use_lifo=True,  # those beyond the usual load grow old and are closed
            hide_parameters=True,  # a logged traceback shows no instructions and answers
            connect_args={
                "timeout": _CONNECT_SECONDS,
                # Planning just in time takes longer than these statements do.
                "server_settings": {"application_name": "rolldeck", "jit": "off", "timezone": "UTC"},
            },
        )
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run what only reads."""
        return await _run(self._reader, work)

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run what writes; again, where PostgreSQL gave up a run before its commit."""
        return await _run(self._engine, work)

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self._engine.dispose()


async def _run(engine: AsyncEngine, work: Callable[[Connection], _Result]) -> _Result:
    for tried in range(1, _TRIES + 1):
        async with engine.connect() as connection:
            try:
                result = await _uncommitted(connection, work)
            except DBAPIError as error:
                if tried == _TRIES or not _may_be_repeated(error):
                    raise
            else:
                await connection.commit()
                return result
        await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**tried))  # noqa: S311 - no secret
    raise AssertionError("the last try returns or raises")


async def _uncommitted(connection: AsyncConnection, work: Callable[[Connection], _Result]) -> _Result:
    await connection.begin()
    return await connection.run_sync(work)


def _may_be_repeated(error: DBAPIError) -> bool:
    """Return whether nothing happened and the same may succeed now: a connection of the pool was found dead, say."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {_SERIALIZATION_FAILURE, _DEADLOCK}
