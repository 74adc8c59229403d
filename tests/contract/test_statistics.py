"""Counts of rollouts, on every database: what counting by hand gives."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolldeck.domain.status import Status
from rolldeck.storage.database import Database
from rolldeck.storage.database.engine import open_transactions
from rolldeck.storage.database.ids import least_ulid_at
from rolldeck.storage.tallies import Contestant, Scope, Tally

from .test_listing import TASKS, fill, rollout_row

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
ROLLOUTS = 600


def stored_rows() -> list[dict[str, Any]]:
    chance = random.Random(11)
    rows = []
    for number in range(ROLLOUTS):
        created = FIRST + timedelta(minutes=17 * number)
        rows.append(
            {**rollout_row(number, chance), "id": least_ulid_at(created), "created_at": created, "tokens": number}
        )
    return rows


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return stored_rows()


@pytest.fixture
async def database(address: str, rows: list[dict[str, Any]]) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    transactions = open_transactions(address)
    await transactions.write(lambda connection: fill(connection, rows))
    await transactions.close()
    yield opened
    await opened.close()


def is_in(row: dict[str, Any], scope: Scope) -> bool:
    equal = {"batch_id": scope.batch_id, "task_id": scope.task_id, "agent": scope.agent, "model": scope.model}
    since, until = scope.since or FIRST, scope.until or datetime.max.replace(tzinfo=UTC)
    return (
        scope.tag is None
        and since <= row["created_at"] < until
        and all(row[name] == value for name, value in equal.items() if value is not None)
    )


def alike(row: dict[str, Any]) -> tuple[Any, ...]:
    return (Contestant(row["agent"], row["model"]), Status(row["status"]), row["success"], row["failure"])


def counted(tallies: Any) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for tally in tallies:
        assert isinstance(tally, Tally)
        found[tally.task_id, (tally.contestant, tally.status, tally.success, tally.error)] += tally.rollouts
    return found


SCOPES = [
    Scope(),
    Scope(batch_id=f"{1:026d}"),
    Scope(batch_id=f"{2:026d}"),
    Scope(tag="nobody's"),
    Scope(task_id="t1"),
    Scope(task_id="nobody's"),
    Scope(agent="gemini"),
    Scope(model="nano", task_id="t2"),
    Scope(since=FIRST + timedelta(days=2), until=FIRST + timedelta(days=4)),
    Scope(since=FIRST + timedelta(days=100)),
    Scope(batch_id=f"{1:026d}", task_id="t2", agent="openai", until=FIRST + timedelta(days=3)),
]


@pytest.mark.parametrize("scope", SCOPES, ids=str)
async def test_tallies_are_what_counting_by_hand_gives(
    database: Database, rows: list[dict[str, Any]], scope: Scope
) -> None:
    expected = Counter((row["task_id"], alike(row)) for row in rows if is_in(row, scope))
    assert counted(await database.statistics.tallies(scope)) == expected


@pytest.mark.parametrize("scope", SCOPES, ids=str)
async def test_tallies_by_day_are_what_counting_by_hand_gives(
    database: Database, rows: list[dict[str, Any]], scope: Scope
) -> None:
    first, last = FIRST.date() + timedelta(days=1), FIRST.date() + timedelta(days=9)
    found = await database.statistics.tallies_by_day(scope, first, last)
    assert list(found) == [first + timedelta(days=number) for number in range(9)]
    for day, tallies in found.items():
        expected = Counter((None, alike(row)) for row in rows if row["created_at"].date() == day and is_in(row, scope))
        assert counted(tallies) == expected, day


@pytest.mark.parametrize("scope", SCOPES, ids=str)
async def test_samples_are_the_newest_completed_rollouts(
    database: Database, rows: list[dict[str, Any]], scope: Scope
) -> None:
    newest: dict[Contestant, list[int]] = {}
    for row in reversed(rows):
        if row["status"] == "completed" and is_in(row, scope):
            newest.setdefault(Contestant(row["agent"], row["model"]), []).append(row["tokens"])
    taken = await database.statistics.taken(scope, most=5)
    assert {who: [each.tokens for each in some] for who, some in taken.items() if some} == {
        who: tokens[:5] for who, tokens in newest.items()
    }
    by_tokens = {row["tokens"]: row for row in rows}
    for each in (each for some in taken.values() for each in some):
        assert (each.seconds, each.steps) == (by_tokens[each.tokens]["seconds"], by_tokens[each.tokens]["steps"])


async def test_the_newest_that_ended_of_each_task_are_told_over_its_versions(
    database: Database, rows: list[dict[str, Any]]
) -> None:
    wanted = ["t2", *TASKS, "nobody's"]
    found = await database.statistics.newest_ended(list(dict.fromkeys(wanted)), most=10)
    for task_id in wanted:
        of_task = [row for row in reversed(rows) if row["task_id"] == task_id and Status(row["status"]).is_final]
        expected = [(row["id"], row["status"], row["success"]) for row in of_task[:10]]
        assert [(each.rollout_id, each.status.value, each.success) for each in found[task_id]] == expected
