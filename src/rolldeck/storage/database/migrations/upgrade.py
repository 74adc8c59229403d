"""Bringing a database to the version of this code."""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from rolldeck.domain.errors import StorageError
from rolldeck.storage.database.locks import Lock, take


@dataclass(frozen=True)
class Migrated:
    """From which revision of the tables to which a database was brought; None: it had none."""

    before: str | None
    now: str


def upgrade(connection: Connection) -> Migrated:
    """Run the migrations that the database lacks, all or none; two processes that do so at once wait for each other.

    Raises ``StorageError`` for a database that a newer Rolldeck has written.
    """
    take(connection, Lock.MIGRATIONS)
    config = _config(connection)
    before, newest = _revisions(connection, config)
    if before != newest:
        command.upgrade(config, "head")
    return Migrated(before, newest)


def expect_newest(connection: Connection) -> Migrated:
    """Return the revision of a database's tables. Raises ``StorageError`` unless it is this code's."""
    before, newest = _revisions(connection, _config(connection))
    if before != newest:
        raise StorageError("The database has no tables of this version yet: run `rolldeck db upgrade`")
    return Migrated(before, newest)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "rolldeck.storage.database:migrations")
    config.attributes["connection"] = connection
    return config


def _revisions(connection: Connection, config: Config) -> tuple[str | None, str]:
    """Return the database's revision and the newest one. Raises ``StorageError`` for one that this code does not know."""
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    if newest is None:
        raise StorageError("This installation of Rolldeck lacks its migrations: install it again")
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise StorageError(
            "The database was written by a newer Rolldeck than this one. "
            "Install that version, or start with another data directory (ROLLDECK_DATA_DIR)"
        )
    return present, newest
