"""Whatever happens to rollouts, in whatever order: statuses follow the state machine, counters are true, no event lacks."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, text

from rolldeck.domain.batch import AgentChoice, BatchSpec, BatchUpdate, Quota
from rolldeck.domain.errors import Conflict, InvalidTransition, RolldeckError
from rolldeck.domain.event import EventKind, RolloutChange
from rolldeck.domain.rollout import Phase, Rollout, RolloutError, Step, StopReason
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.port import Change

_Result = TypeVar("_Result")
_RECOUNT = {
    "total": "true",
    "live": "status IN ('pending', 'provisioning', 'running', 'verifying')",
    "claimed": "token IS NOT NULL",
    "completed": "status = 'completed'",
    "succeeded": "status = 'completed' AND success",
    "reused": "status = 'completed' AND reused_from IS NOT NULL",
    "failed": "status = 'failed'",
    "retryable": "status = 'failed' AND failure_retryable",
    "cancelled": "status = 'cancelled'",
}
_OF_TASKS = ("live", "completed", "succeeded", "failed", "cancelled")
_OF_WORKERS = [
    *(Event.ENVIRONMENT_READY, Event.AGENT_STOPPED, Event.VERIFIED),
    *(Event.ERROR, Event.CANCEL, Event.REQUEUED, Event.RELEASED),
]
_ERRORS = st.sampled_from(
    [
        RolloutError(phase=Phase.AGENT, kind="EnvironmentFailure", message="broken", retryable=True),
        RolloutError(phase=Phase.AGENT, kind="AgentError", message="confused", retryable=False),
    ]
)
_CHANGES = st.builds(
    Change,
    stop_reason=st.sampled_from([None, StopReason.ANSWERED, StopReason.STEP_LIMIT]),
    errors=st.lists(_ERRORS, max_size=2).map(tuple),
    video=st.sampled_from([None, "v"]),
    template=st.sampled_from([None, "t"]),
)


class RolloutsOfManyWorkers(RuleBasedStateMachine):
    """Batches, workers that claim, write, die and come back, and people who cancel, retry and delete."""

    def __init__(self, make_address: Callable[[], str]) -> None:
        super().__init__()
        self._make_address = make_address
        self._runner = asyncio.Runner()
        self.tokens: list[tuple[str, str]] = []  # every claim that ever was
        self.workers: list[str] = []
        self.statuses: dict[str, Status] = {}  # as the log of events tells them
        self.seen = 0

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return self._runner.run(work)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.run(self.database.close())
        self._runner.close()

    @initialize(max_attempts=st.integers(1, 3))
    def open(self, max_attempts: int) -> None:
        self.database = self.run(Database.open(self._make_address()))
        tasks = [Task(id=str(number), task="?", answer=1) for number in range(2)]
        self.run(self.database.tasks.upload(tasks))
        self.register()
        self.make_batch(repeats=2, max_attempts=max_attempts)
        self.claim(limit=3)

    # --- what happens ---

    @rule(repeats=st.integers(1, 3), max_attempts=st.integers(1, 3), priority=st.integers(0, 1), reuse=st.booleans())
    def create(self, repeats: int, max_attempts: int, priority: int, *, reuse: bool) -> None:
        self.make_batch(repeats=repeats, max_attempts=max_attempts, priority=priority, reuse=reuse)

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        claims = self.run(self.database.rollouts.claim(self.workers[-1], limit=limit))
        self.tokens += [(claim.rollout.id, claim.token) for claim in claims]

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), event=st.sampled_from(_OF_WORKERS), change=_CHANGES, success=st.booleans())
    def advance(self, data: st.DataObject, event: Event, change: Change, *, success: bool) -> None:
        """Write under any claim that ever was, and expect what the state machine says."""
        if event is Event.VERIFIED:
            verdict = Verdict(reward=float(success), success=success, parsed=1, evidence=(), reason="compared")
            change = Change(verdict=verdict)
        self.write_under(*self.some_claim(data), event, change)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), steps=st.integers(0, 3))
    def go_through(self, data: st.DataObject, steps: int) -> None:
        """Do what a worker does when nothing goes wrong, or the first of it."""
        rollout_id, token = self.some_claim(data)
        verdict = Verdict(reward=1, success=True, parsed=1, evidence=(), reason="compared")
        life = (
            (Event.ENVIRONMENT_READY, Change(template="t")),
            (Event.AGENT_STOPPED, Change(stop_reason=StopReason.ANSWERED)),
            (Event.VERIFIED, Change(verdict=verdict)),
        )
        self.add_step(rollout_id, token)
        for event, change in life[:steps]:
            self.write_under(rollout_id, token, event, change)

    @precondition(lambda self: self.statuses)
    @rule(data=st.data(), what=st.sampled_from(["request_cancel", "request_cancel", "retry", "retry", "delete"]))
    def ask_of_rollout(self, data: st.DataObject, what: str) -> None:
        rollout_id = data.draw(st.sampled_from(sorted(self.statuses)))
        self.attempt(getattr(self.database.rollouts, what)(rollout_id))

    @rule(
        data=st.data(), what=st.sampled_from(["cancel", "retry", "retry", "retry", "delete", "pause", "go on", "go on"])
    )
    def ask_of_batch(self, data: st.DataObject, what: str) -> None:
        batches = self.run(self.database.batches.list()).batches
        if not batches:
            return
        batch = data.draw(st.sampled_from([each.id for each in batches]))
        if what in {"pause", "go on"}:
            self.run(self.database.batches.update(batch, BatchUpdate(paused=what == "pause")))
        else:
            self.attempt(getattr(self.database.batches, what)(batch))

    @rule(most=st.sampled_from([None, None, 3]), error=st.none() | _ERRORS)
    def limit_or_lose_worker(self, most: int | None, error: RolloutError | None) -> None:
        self.run(self.database.quotas.set(Quota(name="noop", max_running=most)))
        if error is None:
            return
        worker = self.workers[-1]
        self.run(self.database.workers.release(worker, error))
        assert self.one(f"SELECT count(*) FROM rollouts WHERE token IS NOT NULL AND worker_id = '{worker}'") == 0
        self.register()

    # --- what must hold ---

    @invariant()
    def events_have_no_gap_and_statuses_follow_the_state_machine(self) -> None:
        if not hasattr(self, "database"):
            return
        events = self.run(self.database.events.after(self.seen))
        assert [event.seq for event in events] == list(range(self.seen + 1, self.seen + 1 + len(events)))
        self.seen += len(events)
        stored = dict(self.all("SELECT id, status FROM rollouts"))
        for event in events:
            if event.kind is EventKind.ROLLOUT_STATUS and event.rollout_id is not None:
                change = RolloutChange.model_validate(event.data)
                before = self.statuses.get(event.rollout_id, Status.PENDING)
                assert change.status is next_status(before, change.event)
                self.statuses[event.rollout_id] = change.status
        assert {key: self.statuses.get(key, Status.PENDING).value for key in stored} == stored
        self.statuses = {key: Status(status) for key, status in stored.items()}

    @invariant()
    def counters_equal_a_recount(self) -> None:
        if not hasattr(self, "database"):
            return
        for table, key, names in (("batches", "batch_id", _RECOUNT), ("tasks", "task_id", _OF_TASKS)):
            for name in names:
                recount = f"(SELECT count(*) FROM rollouts WHERE {key} = {table}.id AND {_RECOUNT[name]})"
                wrong = self.all(f"SELECT id, {name}, {recount} FROM {table} WHERE {name} <> {recount}")
                assert wrong == [], (table, name)
        ended = "status IN ('completed', 'failed') AND seconds IS NOT NULL"
        recount = f"(SELECT count(*) FROM rollouts WHERE batch_id = batches.id AND {ended})"
        assert self.all(f"SELECT id FROM batches WHERE executed <> {recount}") == []
        assert self.all("SELECT id FROM batches WHERE (live = 0) <> (finished_at IS NOT NULL)") == []

    @invariant()
    def who_is_claimed_has_a_living_worker(self) -> None:
        if hasattr(self, "database"):
            claimed = "status IN ('provisioning', 'running', 'verifying')"
            assert self.one(f"SELECT count(*) FROM rollouts WHERE ({claimed}) <> (token IS NOT NULL)") == 0
            lost = "worker_id IN (SELECT id FROM workers WHERE state = 'lost')"
            assert self.one(f"SELECT count(*) FROM rollouts WHERE token IS NOT NULL AND {lost}") == 0

    # --- helpers ---

    def register(self) -> None:
        now = datetime.now(UTC)
        name = f"w{len(self.workers)}"
        report = WorkerReport(parallel=4)
        worker = Worker(id=name, host="here", pid=1, version="1", report=report, started_at=now, seen_at=now)
        self.run(self.database.workers.register(worker))
        self.workers.append(name)

    def make_batch(self, **others: Any) -> None:
        spec = BatchSpec(task_ids=("0", "1"), agents=(AgentChoice(agent="noop"),), **others)
        self.run(self.database.batches.create(spec, {"superset": "t"}))

    def add_step(self, rollout_id: str, token: str) -> None:
        before = self.look(rollout_id)
        index = 0 if before is None else before.steps
        step = Step(index=index, offset=0, url="http://x/", screenshot="s", at=datetime.now(UTC))
        self.attempt(self.database.rollouts.add_step(rollout_id, token, step))
        after = self.look(rollout_id)
        if before is not None and after is not None:
            assert after.steps == before.steps + (1 if self.holds(rollout_id, token) else 0)

    def write_under(self, rollout_id: str, token: str, event: Event, change: Change) -> None:
        before, holds, last = (
            self.look(rollout_id),
            self.holds(rollout_id, token),
            self.run(self.database.events.last()),
        )
        error = self.error_of(self.database.rollouts.advance(rollout_id, token, event, change))
        after = self.look(rollout_id)
        if before is None or after is None:
            assert error is not None
        elif not holds:
            assert isinstance(error, Conflict)
            assert (after, self.run(self.database.events.last())) == (before, last)
        elif error is None:
            again = event in {Event.REQUEUED, Event.RELEASED} and before.cancel_requested
            assert after.status is next_status(before.status, Event.CANCEL if again else event)
        else:
            assert isinstance(error, InvalidTransition)
            assert after == before

    def some_claim(self, data: st.DataObject) -> tuple[str, str]:
        """Draw a claim, mostly one that holds."""
        lost = self.run(self.database.rollouts.standing(dict(self.tokens))).lost
        held = [claim for claim in dict(self.tokens).items() if claim[0] not in lost]
        return data.draw(st.sampled_from(held if held and data.draw(st.integers(0, 4)) else self.tokens))

    def look(self, rollout_id: str) -> Rollout | None:
        return self.attempt(self.database.rollouts.get(rollout_id))

    def holds(self, rollout_id: str, token: str) -> bool:
        return rollout_id not in self.run(self.database.rollouts.standing({rollout_id: token})).lost

    def attempt(self, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        try:
            return self.run(work)
        except RolldeckError:
            return None

    def error_of(self, work: Coroutine[Any, Any, object]) -> RolldeckError | None:
        try:
            self.run(work)
        except RolldeckError as error:
            return error
        return None

    def all(self, query: str) -> list[Any]:
        def read(connection: Connection) -> list[Any]:
            return [tuple(row) for row in connection.execute(text(query))]

        return self.run(self.database._transactions.read(read))

    def one(self, query: str) -> object:
        return self.all(query)[0][0]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "rolldeck.db"

    async def make() -> None:
        await (await Database.open(file)).close()

    asyncio.run(make())
    return file


def check(make_address: Callable[[], str], examples: int) -> None:
    """Try as many histories, each of up to 25 things that happen."""
    run_state_machine_as_test(
        lambda: RolloutsOfManyWorkers(make_address),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_history_on_sqlite(template: Path, tmp_path: Path) -> None:
    numbers: Iterator[int] = iter(range(10**9))

    def make_address() -> str:
        file = tmp_path / f"{next(numbers)}.db"
        shutil.copy(template, file)
        return f"sqlite:///{file}"

    check(make_address, examples=40)


def test_any_history_on_postgresql(postgres_server: Any) -> None:
    def make_address() -> str:
        name = postgres_server.new_name()
        asyncio.run(postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY file_copy"))
        return str(postgres_server.url(name))

    check(make_address, examples=8)
