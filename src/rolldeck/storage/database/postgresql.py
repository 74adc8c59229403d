"""Transactions on PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg
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
_Errors = (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class PostgresTransactions:
    """``Transactions`` on PostgreSQL.

    Writers see what is committed and lock what they read before they change it, in one order (worker, rollouts by id,
    batches by id, tasks by id, events), so that none waits for another crosswise. Readers see one snapshot.
    """

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            isolation_level="AUTOCOMMIT",  # transactions are the driver's own, as are most statements
            pool_size=_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_timeout=60,
            pool_use_lifo=True,  # those beyond the usual load grow old and are closed
            hide_parameters=True,  # a logged traceback shows no instructions and answers
            connect_args={
                "timeout": _CONNECT_SECONDS,
                # Compiling a statement, and starting processes for it, takes longer than these statements do.
                "server_settings": {
                    "application_name": "rolldeck",
                    "jit": "off",
                    "max_parallel_workers_per_gather": "0",
                    "timezone": "UTC",
                },
            },
        )

    async def read(self, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:
        """Run what only reads."""
        begin = None if one_statement else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return await _run(self._engine, work, begin)

    async def write(self, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:
        """Run what writes; again, where PostgreSQL gave up a run before its commit."""
        return await _run(self._engine, work, None if one_statement else "BEGIN")

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self._engine.dispose()


async def _run(engine: AsyncEngine, work: Callable[[Connection], _Result], begin: str | None) -> _Result:
    for tried in range(1, _TRIES + 1):
        async with engine.connect() as connection, _usable(connection) as driver:
            try:
                if begin is not None:
                    await driver.execute(begin)
                result = await connection.run_sync(work)
            except _Errors as error:
                if tried == _TRIES or not _may_be_repeated(error, driver):
                    raise
            else:
                if begin is not None:
                    await driver.execute("COMMIT")
                return result
        await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**tried))  # noqa: S311 - no secret
    raise AssertionError("the last try returns or raises")


@asynccontextmanager
async def _usable(connection: AsyncConnection) -> AsyncIterator[asyncpg.Connection]:
    """Give the driver's connection, and see that none goes back to the pool that is dead or inside a transaction."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError("the pool gave a connection that is no PostgreSQL one")
    try:
        yield driver
    finally:
        ended = False
        try:
            if not driver.is_closed() and driver.is_in_transaction():
                await driver.execute("ROLLBACK")
            ended = not driver.is_closed()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            ended = False  # what it failed with before says why
        finally:
            if not ended:
                await connection.invalidate()


def _may_be_repeated(error: BaseException, driver: asyncpg.Connection) -> bool:
    """Return whether nothing happened and the same may succeed now: a connection of the pool was found dead, say."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return driver.is_closed() or state in {_SERIALIZATION_FAILURE, _DEADLOCK}
