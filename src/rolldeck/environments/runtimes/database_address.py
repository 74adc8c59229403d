"""How a PostgreSQL database is reached, whatever runs it."""

from dataclasses import dataclass, field

import asyncpg

from rolldeck.domain.errors import EnvironmentFailure

FAILURES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # of a connection whose server dies while it answers
)
"""What asyncpg raises where PostgreSQL cannot be reached, or refuses."""


@dataclass(frozen=True)
class DatabaseAddress:
    """How to reach one database as one role; ``host`` is a name, an address or the directory of a Unix socket."""

    host: str
    database: str
    user: str
    password: str = field(repr=False)
    port: int

    async def connect(self, *, timeout: float = 10) -> asyncpg.Connection:
        """Open a connection. Raises ``EnvironmentFailure`` where that fails."""
        try:
            return await asyncpg.connect(
                host=self.host,
                port=self.port,
                database=self.database,
                user=self.user,
                password=self.password,
                timeout=timeout,
            )
        except FAILURES as error:
            raise EnvironmentFailure(f"PostgreSQL's database {self.database} cannot be reached: {error}") from error
