"""``rolldeck db upgrade`` and ``rolldeck db copy``, from a real SQLite installation to a real PostgreSQL."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from rolldeck.cli.db import CopyDatabase, UpgradeDatabase
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import Conflict, InvalidInput, StorageError
from rolldeck.domain.task import Task
from rolldeck.installation import InstallationInUse, hold_installation
from rolldeck.settings import Settings
from rolldeck.storage.database import Database
from rolldeck.storage.port import RolloutFilter

from .conftest import PostgresServer

SPEC = BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),), repeats=3)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
async def installed(settings: Settings) -> str:
    """An SQLite installation with three rollouts; returns its id."""
    with hold_installation(settings.data_dir) as installation:
        database = await Database.open(settings.data_dir / "rolldeck.db", installation_id=installation.id)
        await database.tasks.upload([Task(id="1", task="?", answer=1)])
        await database.batches.create(SPEC, {})
        await database.close()
        return installation.id


@pytest.fixture
async def target(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database."""
    name = postgres_server.new_name()
    await postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    yield postgres_server.url(name)
    await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_an_installation_is_copied_whole_and_goes_on_under_its_id(
    settings: Settings, installed: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await CopyDatabase(target, as_json=False)(settings) == 0
    told = capsys.readouterr().err
    assert "3 rollouts" in told
    assert "ROLLDECK_DATABASE_URL" in told
    assert str(settings.data_dir / "artifacts") in told
    assert "not-a-secret" not in told
    database = await Database.open(target)
    assert database.installation_id == installed
    assert len((await database.rollouts.list(RolloutFilter())).rollouts) == 3
    before = await database.events.last()
    assert (await database.batches.create(SPEC, {})).created
    assert await database.events.last() == before + 1
    await database.close()


async def test_copying_again_is_refused_and_changes_nothing(settings: Settings, installed: str, target: str) -> None:
    await CopyDatabase(target, as_json=True)(settings)
    with pytest.raises(Conflict, match="not empty"):
        await CopyDatabase(target, as_json=True)(settings)


async def test_nothing_is_copied_or_upgraded_under_a_running_server(
    settings: Settings, installed: str, target: str
) -> None:
    with hold_installation(settings.data_dir):
        for command in (CopyDatabase(target, as_json=True), UpgradeDatabase(as_json=True)):
            with pytest.raises(InstallationInUse):
                await command(settings)


async def test_a_copy_needs_an_sqlite_installation_and_a_postgresql_url(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no database"):
        await CopyDatabase("postgresql://u:p@h/d", as_json=True)(settings)
    assert not settings.data_dir.exists()
    settings.data_dir.mkdir()
    (settings.data_dir / "rolldeck.db").touch()
    with pytest.raises(InvalidInput, match="--to"):
        await CopyDatabase(str(tmp_path / "other.db"), as_json=True)(settings)
    already = settings.model_copy(update={"database_url": SecretStr("postgresql://u:p@h/d")})
    with pytest.raises(InvalidInput, match="already"):
        await CopyDatabase("postgresql://u:p@h/d", as_json=True)(already)


async def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    settings: Settings, installed: str, tmp_path: Path
) -> None:
    command = CopyDatabase(f"postgresql://u:xyzzy@/d?host={tmp_path}", as_json=True)
    with pytest.raises(StorageError) as failed:
        await command(settings)
    assert "xyzzy" not in str(failed.value) + repr(command)


async def test_an_upgrade_says_from_where_to_where(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    async def upgrade(*, as_json: bool) -> str:
        assert await UpgradeDatabase(as_json)(settings) == 0
        captured = capsys.readouterr()
        return captured.out if as_json else captured.err

    assert "is new" in await upgrade(as_json=False)
    assert "already" in await upgrade(as_json=False)
    told = json.loads(await upgrade(as_json=True))
    assert told["before"] == told["now"]
