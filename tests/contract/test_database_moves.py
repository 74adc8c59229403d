"""Installations that are upgraded, and moved to another database: nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select, text

from rolldeck.domain.action import Click
from rolldeck.domain.batch import AgentChoice, BatchCounts, BatchSpec, Quota
from rolldeck.domain.errors import Conflict
from rolldeck.domain.person import Order, QuestionAsked
from rolldeck.domain.rollout import Phase, Rollout, RolloutError, Step
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.database.engine import Transactions, open_transactions
from rolldeck.storage.database.models import metadata
from rolldeck.storage.port import Change, Claim, RolloutFilter, RolloutSort, TaskCounts

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BROKEN = RolloutError(phase=Phase.AGENT, kind="EnvironmentFailure", message="broken \x00", retryable=True)


@pytest.fixture
async def transactions(new_address: str) -> AsyncIterator[Transactions]:
    opened = open_transactions(new_address)
    yield opened
    await opened.close()


async def test_the_migrations_make_exactly_the_tables_of_the_models(address: str) -> None:
    database = await Database.open(address)

    def differences(connection: Connection) -> list[object]:
        def is_written(_: object, name: str | None, *__: object) -> bool:
            return not (name or "").startswith(("listed", "ix_listed"))  # what lists are read from has its own tests

        options = {"compare_type": True, "include_object": is_written}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert await database._transactions.read(differences) == []
    await database.close()


async def test_several_processes_may_open_a_new_database_at_once(new_address: str) -> None:
    opened = await asyncio.gather(*(Database.open(new_address) for _ in range(4)))
    assert len({each.installation_id for each in opened}) == 1
    assert sorted(each.migrated.before or "" for each in opened)[0] == ""
    for each in opened:
        await each.ping()
        await each.close()


def _make_m0001(connection: Connection) -> None:
    """Make a database as the first Rolldeck left it."""
    config = Config()
    config.set_main_option("script_location", "rolldeck.storage.database:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    task = Task(id="1", task="What?", answer=1, environment="metabase")
    moment = {"now": NOW.replace(tzinfo=None) if connection.dialect.name == "sqlite" else NOW}
    connection.execute(
        text(
            "INSERT INTO tasks (id, order_key, version, created_at, updated_at, live, completed, succeeded, failed, cancelled)"
            " VALUES ('1', '0011', :version, :now, :now, 2, 1, 1, 1, 0)"
        ),
        {**moment, "version": task.version},
    )
    connection.execute(
        text("INSERT INTO task_versions VALUES ('1', :version, :content, :now)"),
        {**moment, "version": task.version, "content": task.model_dump_json(by_alias=True)},
    )
    error = json.dumps([json.loads(BROKEN.model_dump_json())])
    verdict = '{"reward": 1.0, "success": true, "parsed": 1, "evidence": [], "reason": "right"}'
    for number, (status, success, errors, token) in enumerate(
        [
            ("completed", True, "[]", None),
            ("failed", None, error, None),
            ("running", None, "[]", "token"),
            ("pending", None, "[]", None),
        ]
    ):
        final = status in {"completed", "failed"}
        later = moment["now"] + timedelta(seconds=10)
        connection.execute(
            text(
                "INSERT INTO rollouts (id, task_id, task_version, agent, status, token, cancel_requested, answer_text,"
                " success, verdict, errors, timings, steps, video, created_at, started_at, finished_at) VALUES (:id, '1',"
                " :version, :agent, :status, :token, false, 'an answer', :success, :verdict, :errors, '[]', 1, 'v',"
                " :now, :started, :finished)"
            ),
            {
                **moment,
                "id": f"01m80000000000000000000{number:03}",
                "version": task.version,
                "agent": "oracle" if number else "noop",
                "status": status,
                "token": token,
                "success": success,
                "verdict": verdict if success else None,
                "errors": errors,
                "started": None if status == "pending" else moment["now"],
                "finished": later if final else None,
            },
        )
        step = Step(index=0, offset=0, url="http://x/", screenshot="s", at=NOW).model_dump_json()
        connection.execute(
            text("INSERT INTO steps VALUES (:id, 0, :content)"),
            {"id": f"01m80000000000000000000{number:03}", "content": step},
        )


async def test_an_installation_of_the_first_version_is_upgraded_with_nothing_lost(
    new_address: str, transactions: Transactions
) -> None:
    await transactions.write(_make_m0001)
    database = await Database.open(new_address, installation_id="mine")
    assert (database.migrated.before, database.installation_id) == ("0001", "mine")
    listed = await database.rollouts.list(RolloutFilter(), sort=RolloutSort.OLDEST)
    completed, failed, running, pending = listed.rollouts
    assert [each.status for each in listed.rollouts] == [
        Status.COMPLETED,
        Status.FAILED,
        Status.PENDING,
        Status.PENDING,
    ]
    assert completed.verdict is not None
    assert (completed.answer_text, completed.video, completed.seconds) == ("an answer", "v", 10)
    assert failed.errors == (BROKEN,)
    for each in (completed, failed, pending):
        assert len(await database.rollouts.steps(each.id)) == 1
    assert (running.attempt, running.retries_left, running.steps) == (2, 1, 0)
    (interrupted,) = await database.rollouts.attempts(running.id)
    assert (interrupted.errors[0].kind, interrupted.video, interrupted.steps) == ("WorkerLost", "v", 1)
    assert len(await database.rollouts.steps(running.id, 1)) == 1

    (batch,) = (await database.batches.list()).batches
    assert {each.agent for each in batch.agents} == {"noop", "oracle"}
    assert batch.counts == BatchCounts(total=4, live=2, completed=1, succeeded=1, failed=1, retryable=1)
    assert batch.mean_seconds == pytest.approx(10, abs=0.01)
    assert await database.rollouts.demand() == {"metabase": 2}
    assert (await database.tasks.get("1")).counts == TaskCounts(live=2, completed=1, succeeded=1, failed=1)
    assert await database.batches.retry(batch.id) == 1
    assert await database.batches.cancel(batch.id) == 3
    await database.close()


async def test_an_empty_installation_of_the_first_version_is_upgraded(
    new_address: str, transactions: Transactions
) -> None:
    def empty(connection: Connection) -> None:
        _make_m0001(connection)
        connection.execute(text("DELETE FROM steps"))
        connection.execute(text("DELETE FROM rollouts"))

    await transactions.write(empty)
    database = await Database.open(new_address)
    assert (await database.batches.list()).batches == []
    await database.close()


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[Database]:
    """An SQLite installation with something in every table."""
    database = await Database.open(tmp_path / "origin.db", installation_id="mine")
    now = datetime.now(UTC)
    report = WorkerReport(parallel=4)
    await database.workers.register(
        Worker(id="w1", host="here", pid=7, version="1", report=report, started_at=now, seen_at=now)
    )
    await database.quotas.set(Quota(name="gpt", requests_per_minute=1.5))
    await database.tasks.upload([Task(id=f"ä{number}", task="What?", answer=number) for number in range(5)])
    spec = BatchSpec(
        task_ids=tuple(f"ä{number}" for number in range(5)), agents=(AgentChoice(agent="noop"),), idempotency_key="k"
    )
    await database.batches.create(spec, {})
    for event in (Event.ERROR, Event.REQUEUED, Event.CANCEL):
        (claim,) = await database.rollouts.claim("w1")
        step = Step(index=0, offset=0, url="http://x/", screenshot="s", at=now)
        await database.rollouts.add_step(claim.rollout.id, claim.token, step)
        await let_a_person_act(database, claim)
        await database.rollouts.advance(claim.rollout.id, claim.token, event, Change(errors=(BROKEN,)))
    ended = await database.batches.create(spec.model_copy(update={"idempotency_key": None}), {})
    await database.batches.cancel(ended.batch.id)
    yield database
    await database.close()


async def let_a_person_act(database: Database, claim: Claim) -> None:
    rollout_id, token, click = claim.rollout.id, claim.token, Click(x=1, y=2)
    await database.rollouts.advance(rollout_id, token, Event.ENVIRONMENT_READY)
    await database.people.ask(rollout_id, token, QuestionAsked(id=token, action="pay", concern="It pays.", seconds=60))
    await database.people.take_over(rollout_id, "holder-of-a-page")
    await database.people.stand_aside(rollout_id, token)
    await database.people.order(rollout_id, "holder-of-a-page", Order(actions=(click,)))


async def all_rows(database: Database) -> dict[str, list[object]]:
    def read(connection: Connection) -> dict[str, list[object]]:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }

    return await database._transactions.read(read)


async def everything(database: Database) -> list[Rollout]:
    return list((await database.rollouts.list(RolloutFilter(), sort=RolloutSort.OLDEST)).rollouts)


@pytest.fixture
async def target(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    yield opened
    await opened.close()


async def test_a_copy_has_every_row_and_goes_on_where_the_original_stopped(origin: Database, target: Database) -> None:
    copied = await origin.copy_to(target)
    rows = await all_rows(origin)
    assert await all_rows(target) == rows
    assert copied == {name: len(some) for name, some in rows.items()}
    assert all(copied.values())
    assert await everything(target) == await everything(origin)
    before = await target.events.last()
    (claim,) = await target.rollouts.claim("w1")
    await target.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR)
    assert [each.seq for each in await target.events.after(before)] == [before + 1, before + 2]


async def test_a_database_that_is_not_empty_is_not_copied_to(origin: Database, target: Database) -> None:
    await target.tasks.upload([Task(id="1", task="?", answer=1)])
    before = await all_rows(target)
    with pytest.raises(Conflict, match="not empty"):
        await origin.copy_to(target)
    assert await all_rows(target) == before


async def test_nothing_is_copied_while_rollouts_are_executed(origin: Database, target: Database) -> None:
    await origin.rollouts.claim("w1")
    with pytest.raises(Conflict, match="being executed"):
        await origin.copy_to(target)
    assert (await target.tasks.list()) == []
