"""The database file: migrated, durable, and never left locked."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import NotFound, StorageError
from rolldeck.domain.task import Task
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.port import BatchCreated, RolloutFilter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rolldeck.db"


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    opened = await Database.open(file)
    yield opened
    await opened.close()


def task(task_id: str) -> Task:
    return Task(id=task_id, task="?", answer=1)


WORKER = "w1"


async def queue(database: Database, repeats: int) -> BatchCreated:
    return await database.batches.create(
        BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),), repeats=repeats), {}
    )


async def register(database: Database) -> None:
    now = datetime.now(UTC)
    report = WorkerReport(parallel=1)
    await database.workers.register(
        Worker(id=WORKER, host="here", pid=1, version="1", report=report, started_at=now, seen_at=now)
    )


async def test_a_database_can_be_opened_again_by_path_and_by_url(database: Database, file: Path) -> None:
    await database.tasks.upload([task("1")])
    await database.close()
    for address in (file, f"sqlite:///{file}", f"sqlite+aiosqlite:///{file}"):
        again = await Database.open(address)
        assert (await again.tasks.get("1")).task == task("1")
        await again.close()


async def test_two_processes_may_open_a_new_database_at_once(file: Path) -> None:
    opened = await asyncio.gather(*(Database.open(file) for _ in range(4)))
    for each in opened:
        await each.ping()
        await each.close()


async def test_a_database_of_a_newer_rolldeck_is_refused_in_words(database: Database, file: Path) -> None:
    await database.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="newer Rolldeck"):
        await Database.open(file)


async def test_looking_at_a_database_without_migrating_it_changes_nothing(database: Database, file: Path) -> None:
    looking = await Database.open(file, migrate=False)
    assert looking.installation_id == database.installation_id
    assert looking.migrated.before == looking.migrated.now
    await looking.close()
    empty = file.with_name("empty.db")
    with pytest.raises(StorageError, match="rolldeck db upgrade"):
        await Database.open(empty, migrate=False)


async def test_an_installation_keeps_the_id_that_it_had_first(file: Path) -> None:
    for given, kept in (("first", "first"), ("second", "first"), (None, "first")):
        opened = await Database.open(file, installation_id=given)
        assert opened.installation_id == kept
        await opened.close()


async def test_a_closed_database_says_so(file: Path) -> None:
    opened = await Database.open(file)
    await opened.close()
    await opened.close()
    with pytest.raises(StorageError, match="closed"):
        await opened.ping()


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "postgresql://user:secret@localhost:1/x",
        "postgres://user:secret@:a/x",
        "mysql://user:secret@host/x",
        "sqlite:////nowhere/at/all/x.db",
    ],
)
async def test_a_database_that_cannot_be_opened_is_an_error_that_keeps_passwords(address: str) -> None:
    with pytest.raises(StorageError) as refused:
        await Database.open(address)
    assert "secret" not in str(refused.value)


@pytest.fixture
def no_database(file: Path) -> Path:
    file.write_bytes(b"no database at all" * 100)
    return file


async def test_a_file_that_is_no_database_is_refused(no_database: Path) -> None:
    with pytest.raises(StorageError, match="not a database"):
        await Database.open(no_database)


async def test_readers_go_on_while_another_process_writes(database: Database, file: Path) -> None:
    await database.tasks.upload([task("1")])
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE tasks SET failed = 7")
        assert (await database.tasks.get("1")).counts.failed == 0
        other.execute("COMMIT")
    assert (await database.tasks.get("1")).counts.failed == 7


async def test_a_write_waits_for_another_process_and_succeeds(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        upload = asyncio.create_task(database.tasks.upload([task("1")]))
        await database.ping()
        assert not upload.done()
        other.execute("COMMIT")
        assert (await upload).added == 1


async def test_many_databases_write_at_once_without_being_locked_out(file: Path) -> None:
    databases = [await Database.open(file) for _ in range(4)]
    await databases[0].tasks.upload([task("1")])
    await queue(databases[0], 40)
    await register(databases[0])

    async def claim_all(database: Database) -> list[str]:
        claimed = []
        while claims := await database.rollouts.claim(WORKER):
            claimed += [claim.rollout.id for claim in claims]
        return claimed

    claimed = await asyncio.gather(*(claim_all(database) for database in databases))
    for database in databases:
        await database.close()
    ids = [each for some in claimed for each in some]
    assert len(ids) == len(set(ids)) == 40


async def test_an_upload_that_fails_in_the_middle_stores_nothing(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON task_versions WHEN new.task_id = '3' "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(StorageError, match="disk full"):
        await database.tasks.upload([task(str(number)) for number in range(5)])
    assert await database.tasks.list() == []


@pytest.mark.parametrize("turns", range(0, 24, 2))
async def test_a_write_that_is_cancelled_at_any_point_leaves_the_database_usable(
    database: Database, turns: int
) -> None:
    await database.tasks.upload([task("1")])
    await register(database)
    writes: list[Callable[[], asyncio.Task[object]]] = [
        lambda: asyncio.create_task(database.rollouts.claim(WORKER)),
        lambda: asyncio.create_task(queue(database, 1)),
    ]
    for write in writes * 3:
        running = write()
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await asyncio.wait_for(queue(database, 1), timeout=20)
    listed = (await database.rollouts.list(RolloutFilter())).rollouts
    assert (await database.tasks.get("1")).counts.live == len(listed)


async def test_what_this_version_cannot_read_any_more_is_an_error_of_storage(database: Database, file: Path) -> None:
    await database.tasks.upload([task("1")])
    await queue(database, 1)
    rollout = (await database.rollouts.list(RolloutFilter())).rollouts[0]
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("""UPDATE rollouts SET errors = '[{"phase": "unheard of"}]'""")
        other.execute("""UPDATE task_versions SET content = '{"id": "1"}'""")
    with pytest.raises(StorageError, match=rollout.id):
        await database.rollouts.get(rollout.id)
    with pytest.raises(StorageError, match="'1'"):
        await database.tasks.get("1")


async def test_errors_do_not_repeat_what_was_to_be_stored(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("DROP TABLE task_versions")
    with pytest.raises(StorageError) as failed:
        await database.tasks.upload([Task(id="1", task="the secret is xyzzy", answer=1)])
    assert "xyzzy" not in str(failed.value)
    with pytest.raises(NotFound):
        await database.rollouts.get("0" * 26)
