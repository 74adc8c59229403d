"""``rolldeck db``: the database's version, and the way from SQLite to PostgreSQL."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rolldeck.cli.running import OK, say
from rolldeck.domain.errors import InvalidInput
from rolldeck.installation import hold_installation
from rolldeck.settings import Settings
from rolldeck.storage.database import Database
from rolldeck.wiring import artifacts_dir_of, database_address


@dataclass(frozen=True)
class UpgradeDatabase:
    """``rolldeck db upgrade``."""

    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Bring the database's tables to this version. Refuses while a server uses the data directory."""
        with hold_installation(settings.data_dir) as installation:
            address = database_address(settings, settings.data_dir)
            database = await Database.open(address, installation_id=installation.id)
            await database.close()
        migrated = database.migrated
        if self.as_json:
            print(json.dumps(asdict(migrated), indent=2))
        elif migrated.before == migrated.now:
            say(f"The database is at revision {migrated.now} already: nothing to do.")
        elif migrated.before is None:
            say(f"The database is new: its tables were made, at revision {migrated.now}.")
        else:
            say(f"The database was brought from revision {migrated.before} to {migrated.now}.")
        return OK


@dataclass(frozen=True)
class CopyDatabase:
    """``rolldeck db copy``. ``to`` is a URL, which may hold a password: it is never shown."""

    to: str = field(repr=False)
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Copy all of an SQLite installation into an empty PostgreSQL database. Refuses while a server uses it."""
        address = _sqlite_address(settings)
        if not self.to.startswith(("postgresql", "postgres:")):
            raise InvalidInput(
                "--to names the PostgreSQL database to copy to: postgresql://user:password@host/database"
            )
        with hold_installation(settings.data_dir) as installation:
            source = await Database.open(address, installation_id=installation.id)
            try:
                target = await Database.open(self.to)
                try:
                    say("Copying …")
                    rows = await source.copy_to(target)
                finally:
                    await target.close()
            finally:
                await source.close()
        self._report(dict(rows), settings)
        return OK

    def _report(self, rows: dict[str, int], settings: Settings) -> None:
        if self.as_json:
            print(json.dumps({"copied": rows}, indent=2))
            return
        for table, count in rows.items():
            say(f"  {count:>9,} {table.replace('_', ' ')}")
        say(
            "Everything was copied; the SQLite database stays as it was.\n"
            "Next: set ROLLDECK_DATABASE_URL to the URL that you gave here, and start `rolldeck serve`.\n"
            f"Videos and screenshots are not in the database: they stay in {artifacts_dir_of(settings, settings.data_dir)}."
        )


def _sqlite_address(settings: Settings) -> str | Path:
    """Return where the installation's SQLite database is. Raises ``InvalidInput`` where there is none."""
    address = database_address(settings, settings.data_dir)
    if isinstance(address, Path) and not address.exists():
        raise InvalidInput(f"there is no database in {settings.data_dir}: name the directory with --data-dir")
    if isinstance(address, str) and not address.startswith("sqlite"):
        raise InvalidInput(
            "ROLLDECK_DATABASE_URL names a PostgreSQL database already: unset it to copy the data directory's own"
        )
    return address
