"""Lists of rollouts, on every database: any filter, order and depth gives what filtering and sorting by hand gives."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import InvalidInput, NotFound
from rolldeck.domain.rollout import Phase, RolloutError, Step
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.database.engine import Transactions, open_transactions
from rolldeck.storage.database.ids import least_ulid_at
from rolldeck.storage.database.models import batches, rollouts, task_versions, tasks
from rolldeck.storage.database.repositories import finding, listing, searching, wanted
from rolldeck.storage.database.repositories.list_order import Cursor
from rolldeck.storage.database.repositories.neighbours import neighbours_of
from rolldeck.storage.database.repositories.text_sample import TextSample
from rolldeck.storage.port import Change, Claim, RolloutFilter, RolloutPage, RolloutSort

_Result = TypeVar("_Result")

ROLLOUTS = 2000
A_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
AGENTS = {"gemini": ("flash", "pro"), "openai": ("nano",), "oracle": (None,)}
TASKS = {
    f"t{number}": f"How many {noun} were sold?" for number, noun in enumerate(["Hats", "Äpfel", "cars", "hats or caps"])
}
WORDS = ["42", "Hats and coats", "ЗНАЧЕНИЕ", "50 % off_", 'said "yes"', "Straße", "timeout", "a b c d e f g h"]


def environment_of(task_id: str) -> str:
    return "shop" if task_id == "t2" else "superset"


def tags_of(task_id: str, version: str) -> tuple[str, ...]:
    return ('a "b"', "ß") if version == "2" else ("a",) if task_id in {"t0", "t2"} else ()


def rollout_row(number: int, chance: random.Random) -> dict[str, Any]:
    agent = chance.choice(list(AGENTS))
    status = chance.choices(list(Status), weights=[3, 1, 1, 1, 20, 6, 2])[0]
    task_id = chance.choice(["t0", "t1", "t1", "t2", "t2", "t2", "t3"])
    row: dict[str, Any] = {
        "id": least_ulid_at(A_MOMENT + timedelta(seconds=number)),
        "batch_id": f"{chance.choice([0, 1, 1, 1]):026d}",
        "task_id": task_id,
        "task_version": "2" if task_id == "t1" and number % 2 else "1",
        "environment": environment_of(task_id),
        "agent": agent,
        "model": chance.choice(AGENTS[agent]),
        "quota": agent,
        "seed": 0,
        "status": status.value,
        "retries_left": 0,
        "created_at": A_MOMENT + timedelta(seconds=number),
        "steps": chance.randrange(4),
        "answer_text": None,
        "success": None,
        "verdict": None,
        "errors": "[]",
        "failure": None,
        "seconds": None,
        "cost": None,
    }
    if status.is_final:
        row["cost"] = chance.choice([None, 0.0, 0.25, chance.random()])
        row["seconds"] = chance.choice([None, 1.5, 2.0, chance.random() * 10])
    if status is Status.COMPLETED:
        row["success"] = chance.random() < 0.5
        row["answer_text"] = chance.choice(WORDS)
        row["verdict"] = Verdict(
            reward=0, success=row["success"], parsed=None, evidence=(), reason="compared"
        ).model_dump_json()
    if status is Status.FAILED:
        row["failure"] = chance.choice(["EnvironmentFailure", "ModelError"])
        message = RolloutError(phase=Phase.AGENT, kind=row["failure"], message=chance.choice(WORDS), retryable=True)
        row["errors"] = f"[{message.model_dump_json()}]"
    return row


def fill(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write tasks, batches and rollouts, with nothing but the schema's own triggers behind."""
    stamps = {"created_at": A_MOMENT, "updated_at": A_MOMENT}
    connection.execute(insert(tasks), [{"id": name, "order_key": name, "version": "1", **stamps} for name in TASKS])
    versions = [(name, "1", instruction) for name, instruction in TASKS.items()] + [("t1", "2", "Count the pears")]
    connection.execute(
        insert(task_versions),
        [
            {
                "task_id": name,
                "version": version,
                "content": Task(
                    id=name,
                    task=instruction,
                    answer=1,
                    environment=environment_of(name),
                    tags=tags_of(name, version),
                ).model_dump_json(by_alias=True),
                "created_at": A_MOMENT,
            }
            for name, version, instruction in versions
        ],
    )
    batch = {"tags": "[]", "priority": 0, "agents": "[]", "tasks": 1, "repeats": 1, "limits": "{}", "max_attempts": 1}
    connection.execute(
        insert(batches),
        [{"id": f"{number:026d}", "reuse": False, "created_at": A_MOMENT, **batch} for number in range(3)],
    )
    connection.execute(insert(rollouts), list(rows))


@dataclass(repr=False)
class Stored:
    """A database with rollouts, and their rows."""

    rows: Sequence[dict[str, Any]]
    transactions: Transactions
    runner: asyncio.Runner

    def page(
        self, where: RolloutFilter, sort: RolloutSort, after: str | None = None, limit: int = 50, *, count: bool = False
    ) -> RolloutPage:
        asked = listing.Asked(where, sort, after, limit, count)
        return self.do(lambda connection: listing.rollouts_page(connection, asked=asked, sample=TextSample()))

    def do(self, work: Callable[[Connection], _Result]) -> _Result:
        return self.runner.run(self.transactions.read(work))


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    chance = random.Random(7)
    rows = [rollout_row(number, chance) for number in range(ROLLOUTS)]
    with asyncio.Runner() as runner:
        if request.param == "sqlite":
            address = f"sqlite:///{tmp_path_factory.mktemp('listing') / 'rolldeck.db'}"
        else:
            server = request.getfixturevalue("postgres_server")
            name = server.new_name()
            runner.run(server.execute(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY file_copy"))
            address = server.url(name)
        runner.run(_migrate(address))
        transactions = open_transactions(address)
        runner.run(transactions.write(lambda connection: fill(connection, rows)))
        yield Stored(rows, transactions, runner)
        runner.run(transactions.close())


async def _migrate(address: str) -> None:
    await (await Database.open(address)).close()


def text_of(row: dict[str, Any]) -> str:
    own = ""
    if Status(row["status"]).is_final:
        own = (row["answer_text"] or "") + row["errors"]
    return own.lower()


def naive(rows: Sequence[dict[str, Any]], where: RolloutFilter, sort: RolloutSort) -> list[str]:
    """Filter and sort by hand; returns ids."""
    found = [row for row in rows if matches(row, where)]
    name = {"lo": "seconds", "sh": "seconds", "mo": "steps", "fe": "steps"}.get(sort.value[:2])
    descending = sort in {RolloutSort.NEWEST, RolloutSort.LONGEST, RolloutSort.MOST_STEPS}
    if name is None:
        return sorted((row["id"] for row in found), reverse=descending)

    def value(row: dict[str, Any]) -> float | None:
        return row[name] if Status(row["status"]).is_final else None

    having = sorted((row for row in found if value(row) is not None), key=lambda row: (value(row), row["id"]))
    lacking = sorted((row for row in found if value(row) is None), key=lambda row: row["id"])
    parts = (having[::-1], lacking[::-1]) if descending else (having, lacking)
    return [row["id"] for part in parts for row in part]


def matches(row: dict[str, Any], where: RolloutFilter) -> bool:
    equal = {
        "task_id": where.task_id,
        "batch_id": where.batch_id,
        "agent": where.agent,
        "model": where.model,
        "success": where.success,
        "failure": where.error,
        "environment": where.environment,
    }
    if any(row[name] != value for name, value in equal.items() if value is not None):
        return False
    if where.statuses and row["status"] not in where.statuses:
        return False
    if where.tag is not None and where.tag not in tags_of(row["task_id"], row["task_version"]):
        return False
    if where.since is not None and row["created_at"] < where.since:
        return False
    if where.until is not None and row["created_at"] >= where.until:
        return False
    for name, least, most in (
        ("seconds", where.min_seconds, where.max_seconds),
        ("cost", where.min_cost, where.max_cost),
    ):
        if least is None and most is None:
            continue
        if row[name] is None or not (least or 0) <= row[name] <= (1e9 if most is None else most):
            return False
    if not where.text:
        return True
    words = where.text.lower()
    instruction = "Count the pears" if row["task_version"] == "2" else TASKS[row["task_id"]]
    in_task = words in f"{row['task_id']}\n{instruction}".lower()
    return in_task or (len(words) >= 3 and words in text_of(row).replace('\\"', '"'))


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


@pytest.fixture(scope="module", params=("many are few here", "few are many here"))
def sizes(request: pytest.FixtureRequest) -> Iterator[None]:
    """With the real bounds, these rollouts are always few; with small ones, every way of finding a page is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_LOOKED_AT", 20)
        if request.param == "few are many here":
            patch.setattr(wanted, "_MANY", 100)
            patch.setattr(wanted, "_MOST_RANGES", 2)
        if request.param == "few are many here":
            patch.setattr(searching, "_FEW_TEXTS", 20)
            patch.setattr(searching, "_CANDIDATES", 200)
            patch.setattr(finding, "_RANGES_AT_ONCE", 2)
        yield


FILTERS = st.builds(
    RolloutFilter,
    task_id=maybe(*TASKS, "unknown"),
    batch_id=maybe(*(f"{number:026d}" for number in range(3))),
    statuses=st.frozensets(st.sampled_from(Status), max_size=3),
    agent=maybe(*AGENTS, "unknown"),
    model=maybe("flash", "pro", "nano"),
    success=maybe(True, False),
    error=maybe("EnvironmentFailure", "ModelError"),
    text=maybe(
        "", "hats", "HATS", "значение", "50 %", "_", '"yes"', "straße", "t1", "a b", "coats t", "ÄPFEL", "never"
    ),
)
DESCRIBED = st.builds(
    replace,
    FILTERS,
    environment=maybe("shop", "superset", "unknown"),
    tag=maybe("a", 'a "b"', "ß", "unknown"),
    since=maybe(A_MOMENT, A_MOMENT + timedelta(seconds=150.5), A_MOMENT + timedelta(days=1)),
    until=maybe(A_MOMENT, A_MOMENT + timedelta(seconds=200), A_MOMENT + timedelta(days=1)),
    min_seconds=maybe(0.0, 1.5, 9.9),
    max_seconds=maybe(0.0, 2.0, 100.0),
    min_cost=maybe(0.0, 0.25, 2.0),
    max_cost=maybe(0.0, 0.5),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=FILTERS | DESCRIBED,
    sort=st.sampled_from(RolloutSort),
    limit=st.sampled_from([1, 7, 50, 200]),
    first=st.booleans(),
)
def test_pages_are_what_filtering_and_sorting_by_hand_gives(
    stored: Stored, sizes: None, where: RolloutFilter, sort: RolloutSort, limit: int, *, first: bool
) -> None:
    expected = naive(stored.rows, where, sort)
    listed: list[str] = []
    after: str | None = None
    for _ in range(6):
        page = stored.page(where, sort, after, limit, count=first)
        if page.total is not None or not where.text:  # a text that many may have is not counted
            assert page.total == (len(expected) if first else None)
        listed += [rollout.id for rollout in page.rollouts]
        after = page.next
        if after is None:
            break
    assert listed == expected[: len(listed)]
    if after is None or not where.text:  # a search goes on until all have been looked at
        assert (after is None) == (len(listed) == len(expected))


@pytest.mark.parametrize("sort", RolloutSort)
def test_every_page_of_a_list_together_is_the_whole_list_once(stored: Stored, sort: RolloutSort) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        page = stored.page(RolloutFilter(), sort, after, 190)
        seen += [rollout.id for rollout in page.rollouts]
        if (after := page.next) is None:
            break
    assert seen == naive(stored.rows, RolloutFilter(), sort)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=(FILTERS | DESCRIBED).filter(lambda where: where.text), sort=st.sampled_from(RolloutSort))
def test_a_search_that_goes_on_from_page_to_page_finds_everything_once(
    stored: Stored, sizes: None, where: RolloutFilter, sort: RolloutSort
) -> None:
    found: list[str] = []
    after: str | None = None
    for _ in range(ROLLOUTS):
        page = stored.page(where, sort, after, 190)
        found += [rollout.id for rollout in page.rollouts]
        if (after := page.next) is None:
            break
    assert found == naive(stored.rows, where, sort)


def test_a_page_of_a_search_ends_where_many_texts_may_have_it_and_none_of_those_asked_for_does(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_LOOKED_AT", 20)
    monkeypatch.setattr(searching, "_FEW_TEXTS", 20)
    monkeypatch.setattr(searching, "_CANDIDATES", 20)
    where = RolloutFilter(text="hats and coats", statuses=frozenset({Status.CANCELLED}))
    page = stored.page(where, RolloutSort.NEWEST, count=True)
    assert (page.rollouts, page.next is None, page.total) == ([], False, None)


BAD_CURSORS = (
    "",
    "x",
    "ä",
    f"{5:026d}",
    Cursor(sort=RolloutSort.LONGEST, value=1.0, number=1).encode(),
    base64.urlsafe_b64encode(b'{"sort":"newest","value":null,"number":-1}').decode(),
    base64.urlsafe_b64encode(b'{"sort":"newest","value":1e400,"number":1}').decode(),
    base64.urlsafe_b64encode(b'{"sort":"newest","value":null,"number":99999999999999999999}').decode(),
)


@pytest.mark.parametrize("after", BAD_CURSORS)
def test_a_cursor_that_no_such_list_returned_is_refused(stored: Stored, after: str) -> None:
    with pytest.raises(InvalidInput, match="after"):
        stored.page(RolloutFilter(), RolloutSort.NEWEST, after)


LEADING = {
    "a tag": RolloutFilter(tag="a"),
    "a few minutes": RolloutFilter(since=A_MOMENT, until=A_MOMENT + timedelta(minutes=5)),
    "few that took long": RolloutFilter(min_seconds=9.9, environment="shop"),
    "few that cost much": RolloutFilter(min_cost=0.99),
    "agent": RolloutFilter(agent="gemini"),
    "task": RolloutFilter(task_id="t1"),
    "batch": RolloutFilter(batch_id=f"{1:026d}"),
    "nothing": RolloutFilter(),
    "several": RolloutFilter(task_id="t1", statuses=frozenset({Status.COMPLETED}), success=True),
}


@pytest.mark.parametrize("sort", RolloutSort)
@pytest.mark.parametrize("where", LEADING.values(), ids=LEADING)
def test_no_page_on_sqlite_is_found_by_reading_everything(
    stored: Stored, where: RolloutFilter, sort: RolloutSort
) -> None:
    def plans(connection: Connection) -> list[str]:
        if connection.dialect.name != "sqlite":
            return []
        driver: Any = connection.connection.driver_connection
        statements: list[str] = []
        driver.set_trace_callback(statements.append)
        asked = listing.Asked(where, sort, None, 50, count=True)
        listing.rollouts_page(connection, asked=asked, sample=TextSample())
        driver.set_trace_callback(None)
        return [row[3] for statement in statements for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]

    unindexed = {"SCAN listed", "SCAN rollouts", "SCAN first"}
    in_order_of_numbers = {"SCAN listed"} if where == RolloutFilter() else set()
    assert not (set(stored.do(plans)) & unindexed) - in_order_of_numbers


class Told:
    """Rollouts of one task, made to happen things to through the ports."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def begin(self) -> None:
        now = datetime.now(UTC)
        report = WorkerReport(parallel=4)
        await self.database.workers.register(
            Worker(id="w", host="here", pid=1, version="1", report=report, started_at=now, seen_at=now)
        )
        await self.database.tasks.upload([Task(id="t", task="Count the pears", answer=1)])
        spec = BatchSpec(task_ids=("t",), agents=(AgentChoice(agent="noop"),), repeats=2)
        await self.database.batches.create(spec, {})

    async def claim(self) -> Claim:
        (claim,) = await self.database.rollouts.claim("w")
        return claim

    async def found(self, **where: Any) -> list[str]:
        page = await self.database.rollouts.list(RolloutFilter(**where), count=True)
        assert page.total == len(page.rollouts)
        return [rollout.id for rollout in page.rollouts]


@pytest.fixture
async def told(address: str) -> AsyncIterator[Told]:
    database = await Database.open(address)
    yield Told(database)
    await database.close()


@pytest.mark.parametrize("sort", RolloutSort)
@pytest.mark.parametrize(
    "where",
    [RolloutFilter(), RolloutFilter(task_id="t1", success=False), RolloutFilter(text="hats")],
    ids=["all", "wrong ones of a task", "a text"],
)
def test_a_rollout_stands_between_the_same_two_as_in_the_whole_list(
    stored: Stored, where: RolloutFilter, sort: RolloutSort
) -> None:
    ids = naive(stored.rows, where, sort)
    places = {*range(0, len(ids), max(1, len(ids) // 12)), len(ids) - 1}
    for place in places:
        found = stored.do(partial(neighbours_of, rollout_id=ids[place], where=where, sort=sort, sample=TextSample()))
        assert (found.previous, found.following) == (
            ids[place - 1] if place > 0 else None,
            ids[place + 1] if place + 1 < len(ids) else None,
        )


def test_what_is_not_there_has_no_neighbours(stored: Stored) -> None:
    missing = partial(
        neighbours_of, rollout_id="gone", where=RolloutFilter(), sort=RolloutSort.NEWEST, sample=TextSample()
    )
    with pytest.raises(NotFound, match="There is no rollout gone"):
        stored.do(missing)


async def test_a_list_follows_what_happens_to_a_rollout(told: Told) -> None:
    await told.begin()
    claim = await told.claim()
    rollout_id, token = claim.rollout.id, claim.token
    assert await told.found(statuses=frozenset({Status.PROVISIONING})) == [rollout_id]
    error = RolloutError(phase=Phase.PROVISION, kind="EnvironmentFailure", message="The Näher died", retryable=True)
    rollouts_port = told.database.rollouts
    await rollouts_port.advance(rollout_id, token, Event.ERROR, Change(errors=(error,)))
    assert await told.found(error="EnvironmentFailure") == [rollout_id]
    assert await told.found(text="näher DIED") == [rollout_id]
    await rollouts_port.retry(rollout_id)
    assert await told.found(error="EnvironmentFailure") == []
    assert await told.found(text="näher died") == []
    assert len(await told.found(statuses=frozenset({Status.PENDING}))) == 2
    await rollouts_port.request_cancel(rollout_id)
    assert await told.found(statuses=frozenset({Status.CANCELLED})) == [rollout_id]
    await rollouts_port.delete(rollout_id)
    assert rollout_id not in await told.found()
    assert len(await told.found(text="pears")) == 1


async def test_what_the_agent_said_in_the_attempt_that_decided_is_found_once_it_has_ended(told: Told) -> None:
    await told.begin()
    claim = await told.claim()
    rollout_id, token = claim.rollout.id, claim.token
    now = datetime.now(UTC)
    said = ("I open the Pivot\x00 table", "Ähnlich as before")
    for index, message in enumerate(said):
        step = Step(index=index, offset=0, url="http://x/", screenshot="s", message=message, at=now)
        await told.database.rollouts.add_step(rollout_id, token, step)
    assert await told.found(text="pivot") == []
    error = RolloutError(phase=Phase.AGENT, kind="ModelError", message="gone", retryable=False)
    await told.database.rollouts.advance(rollout_id, token, Event.ERROR, Change(errors=(error,)))
    assert await told.found(text="open the PIVOT") == [rollout_id]
    assert await told.found(text="ähnlich as") == [rollout_id]
    await told.database.rollouts.retry(rollout_id)
    assert await told.found(text="open the pivot") == []


async def test_what_no_text_can_hold_is_found_as_what_stands_for_it(told: Told) -> None:
    await told.begin()
    claim = await told.claim()
    error = RolloutError(phase=Phase.AGENT, kind="AgentError", message='a\x00b "quoted" \\u0000 50%', retryable=False)
    change = Change(errors=(error,), answer_text="x" * 20_000 + "too far")
    await told.database.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR, change)
    assert await told.found(text="xxxx") == [claim.rollout.id]
    assert await told.found(text="too far") == []
