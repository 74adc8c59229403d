"""The figures for Prometheus, and their documentation."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import JsonValue

from rolldeck.domain.event import EventKind, LoggedEvent, Outcome, RolloutChange
from rolldeck.domain.rollout import Phase, StopReason
from rolldeck.domain.status import Event, Status
from rolldeck.domain.worker import PoolReport, Worker, WorkerReport, WorkerState
from rolldeck.events.feed import EventFeed
from rolldeck.events.metrics import Metrics, Situation

from .conftest import MemoryLog

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "metrics.md"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

COMPLETED = RolloutChange(
    status=Status.COMPLETED,
    event=Event.VERIFIED,
    attempt=1,
    agent="noop",
    outcome=Outcome(success=False, reward=0, stop_reason=StopReason.ANSWERED),
    seconds=7,
    timings={Phase.PROVISION: 0.3, Phase.AGENT: 6},
    steps=4,
    tokens=120,
    cost=0.25,
)
REQUEUED = RolloutChange(
    status=Status.PENDING,
    event=Event.REQUEUED,
    attempt=1,
    agent="gemini",
    model="gemini-3.6-flash",
    outcome=Outcome(error="EnvironmentFailure"),
    seconds=2,
    timings={Phase.PROVISION: 2},
)


def change(status: RolloutChange) -> dict[str, JsonValue]:
    return status.model_dump(mode="json", exclude_none=True)


def event(seq: int, kind: EventKind, data: dict[str, JsonValue]) -> LoggedEvent:
    return LoggedEvent(seq=seq, at=NOW, kind=kind, data=data)


def worker(worker_id: str, report: WorkerReport, *, state: WorkerState = WorkerState.WORKING, pid: int = 1) -> Worker:
    return Worker(id=worker_id, host="h", pid=pid, version="1", state=state, report=report, started_at=NOW, seen_at=NOW)


def situation(*workers: Worker) -> Situation:
    return Situation(
        live={Status.PENDING: 5, Status.RUNNING: 2}, demand={"superset": 5}, live_batches=1, workers=workers
    )


def samples(metrics: Metrics, now: Situation | None) -> dict[str, float]:
    """Read all figures as Prometheus does, by name and labels."""
    return {
        sample.name + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render(now).decode())
        for sample in family.samples
    }


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def test_outcomes_are_counted_and_an_infrastructure_failure_is_no_wrong_answer(metrics: Metrics) -> None:
    metrics.count(event(1, EventKind.ROLLOUT_STATUS, change(COMPLETED)))
    metrics.count(event(2, EventKind.ROLLOUT_STATUS, change(REQUEUED)))
    failed = REQUEUED.model_copy(update={"status": Status.FAILED, "event": Event.ERROR, "attempt": 2})
    metrics.count(event(3, EventKind.ROLLOUT_STATUS, change(failed)))
    found = samples(metrics, None)
    ended = {name: value for name, value in found.items() if name.startswith("rolldeck_rollouts_ended")}
    assert ended == {
        "rolldeck_rollouts_ended_total agent=noop model= status=completed success=false": 1,
        "rolldeck_rollouts_ended_total agent=gemini model=gemini-3.6-flash status=failed success=": 1,
    }
    assert found["rolldeck_attempts_failed_total error=EnvironmentFailure requeued=true"] == 1
    assert found["rolldeck_attempts_failed_total error=EnvironmentFailure requeued=false"] == 1
    assert found["rolldeck_attempts_ended_total event=verified"] == 1
    assert found["rolldeck_tokens_total agent=noop model="] == 120
    assert found["rolldeck_phase_seconds_sum phase=provision"] == pytest.approx(4.3)
    assert found["rolldeck_attempt_seconds_count"] == 3
    assert found["rolldeck_last_event"] == 3


def test_steps_claims_and_reused_rollouts_are_counted(metrics: Metrics) -> None:
    claimed = RolloutChange(status=Status.PROVISIONING, event=Event.CLAIMED, attempt=1, agent="noop")
    reused = RolloutChange(
        status=Status.COMPLETED, event=Event.REUSED, attempt=1, agent="noop", outcome=Outcome(success=True, reward=1)
    )
    metrics.count(event(1, EventKind.ROLLOUT_STATUS, change(claimed)))
    metrics.count(event(2, EventKind.ROLLOUT_STEP, {"attempt": 1, "index": 0}))
    metrics.count(event(3, EventKind.ROLLOUT_STATUS, change(reused)))
    found = samples(metrics, None)
    assert found["rolldeck_attempts_started_total agent=noop model="] == 1
    assert found["rolldeck_steps_total"] == 1
    assert found["rolldeck_rollouts_reused_total agent=noop model="] == 1
    assert found["rolldeck_rollouts_ended_total agent=noop model= status=completed success=true"] == 1
    assert found["rolldeck_attempt_seconds_count"] == 0


async def test_the_log_is_followed_as_it_grows(metrics: Metrics, log: MemoryLog) -> None:
    feed = EventFeed(log)
    async with feed.running(), asyncio.timeout(10):
        following = asyncio.create_task(metrics.follow(await feed.follow()))
        log.write(3)
        feed.wake()
        while samples(metrics, None)["rolldeck_steps_total"] < 3:
            await asyncio.sleep(0)
        following.cancel()


def test_the_situation_is_that_of_the_moment_and_missing_where_it_is_unknown(metrics: Metrics) -> None:
    working = worker("a", WorkerReport(parallel=4, running=2, blocked="full", pool=PoolReport(ready=3)))
    lost = worker("b", WorkerReport(parallel=4, running=4), state=WorkerState.LOST, pid=2)
    found = samples(metrics, situation(working, lost))
    assert found["rolldeck_rollouts status=pending"] == 5
    assert found["rolldeck_rollouts status=verifying"] == 0
    assert found["rolldeck_demand environment=superset"] == 5
    assert (found["rolldeck_workers state=working"], found["rolldeck_workers state=lost"]) == (1, 1)
    assert (found["rolldeck_workers_places"], found["rolldeck_workers_running"]) == (4, 2)
    assert (found["rolldeck_workers_blocked"], found["rolldeck_pool_ready"]) == (1, 3)
    assert found["rolldeck_database_up"] == 1
    later = samples(metrics, None)
    assert later["rolldeck_database_up"] == 0
    assert "rolldeck_rollouts status=pending" not in later


def test_what_workers_count_is_added_up_over_all_there_were(metrics: Metrics) -> None:
    def report(hits: int, reaped: int) -> WorkerReport:
        return WorkerReport(parallel=1, pool=PoolReport(hits=hits), reaped=reaped)

    first, second = worker("a", report(3, 1)), worker("b", report(2, 0), pid=2)
    samples(metrics, situation(first, second))
    lost_its_lease = worker("c", report(4, 1))
    samples(metrics, situation(first, second, lost_its_lease))
    same_number_again = worker("d", report(1, 5))
    found = samples(metrics, situation(same_number_again))
    assert found["rolldeck_pool_hits_total"] == 3 + 2 + 1 + 1
    assert found["rolldeck_reaped_total"] == 1 + 4


def test_many_names_of_models_do_not_make_many_series(metrics: Metrics) -> None:
    for number in range(1000):
        claimed = RolloutChange(
            status=Status.PROVISIONING, event=Event.CLAIMED, attempt=1, agent="noop", model=f"m{number}"
        )
        metrics.count(event(number + 1, EventKind.ROLLOUT_STATUS, change(claimed)))
    found = {name: value for name, value in samples(metrics, None).items() if "attempts_started" in name}
    assert len(found) == 201
    assert found["rolldeck_attempts_started_total agent=noop model=other"] == 800


def test_the_documentation_lists_exactly_the_figures_that_exist(metrics: Metrics) -> None:
    families = text_string_to_metric_families(metrics.render(situation()).decode())
    existing = {(family.name, family.type) for family in families}
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", DOCUMENTATION.read_text(), flags=re.MULTILINE)
    documented = {(name.removesuffix("_total") if kind == "counter" else name, kind) for name, kind in rows}
    assert documented == existing


def test_the_documentation_names_every_label(metrics: Metrics) -> None:
    metrics.count(event(1, EventKind.ROLLOUT_STATUS, change(COMPLETED)))
    metrics.count(event(2, EventKind.ROLLOUT_STATUS, change(REQUEUED)))
    reused = COMPLETED.model_copy(update={"event": Event.REUSED})
    metrics.count(event(3, EventKind.ROLLOUT_STATUS, change(reused)))
    claimed = COMPLETED.model_copy(update={"event": Event.CLAIMED, "status": Status.PROVISIONING})
    metrics.count(event(4, EventKind.ROLLOUT_STATUS, change(claimed)))
    labels = {
        family.name: frozenset(sample.labels) - {"le"}
        for family in text_string_to_metric_families(metrics.render(situation()).decode())
        for sample in family.samples
    }
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*) \|", DOCUMENTATION.read_text(), flags=re.MULTILINE)
    documented = {name.removesuffix("_total"): frozenset(re.findall(r"`(\w+)`", names)) for name, names in rows}
    assert documented == labels
