"""Bringing a database to the version of this code."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from rolldeck.domain.errors import StorageError


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that the database lacks, all or none; two processes that do so at once wait for each other.

    Raises ``StorageError`` for a database that a newer Rolldeck has written.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "rolldeck.storage.database:migrations")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = set(MigrationContext.configure(connection).get_current_heads())
    if present - known:
        raise StorageError(
            "The database was written by a newer Rolldeck than this one. "
            "Install that version, or start with another data directory (ROLLDECK_DATA_DIR)"
        )
    command.upgrade(config, "head")
