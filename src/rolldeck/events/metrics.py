"""Figures for Prometheus: counted from the event log, and read from what the workers tell."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from rolldeck.domain.event import EventKind, LoggedEvent, RolloutChange
from rolldeck.domain.status import Event, Status
from rolldeck.domain.worker import Worker, WorkerReport, WorkerState

_PHASE_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_ATTEMPT_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_MODELS = 200  # people name models freely, and each one's series stay: later ones are counted together
_OTHER = "other"
_NOTHING = WorkerReport(parallel=1)


@dataclass(frozen=True)
class Situation:
    """What is true now. ``demand`` counts pending rollouts of unpaused batches by the environment that they need."""

    live: Mapping[Status, int]
    demand: Mapping[str, int]
    live_batches: int
    workers: Sequence[Worker]


class Metrics:
    """All figures of one server. Counters begin with it: what happened before is in the database."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._registry = CollectorRegistry()
        self._counted = _Counted(self._registry)
        self._reported = _Reported(self._registry)
        self._last_event = 0

    async def follow(self, feed: AsyncIterator[Sequence[LoggedEvent]]) -> None:
        """Count the events of a feed, as they come."""
        async for events in feed:
            for event in events:
                self.count(event)

    def count(self, event: LoggedEvent) -> None:
        """Count one event of the log."""
        self._last_event = event.seq
        if event.kind is EventKind.ROLLOUT_STEP:
            self._counted.steps.inc()
        elif event.kind is EventKind.ROLLOUT_STATUS:
            self._counted.change(RolloutChange.model_validate(event.data))

    def render(self, situation: Situation | None) -> bytes:
        """Return everything in Prometheus' text format; without a situation where the database cannot tell it now."""
        if situation is not None:
            self._reported.add(situation.workers)
        return generate_latest(_Everything(self._registry, self._now(situation)))

    def _now(self, situation: Situation | None) -> Iterable[Metric]:
        yield _gauges("build_info", "Version of the server", "version", {self._version: 1})
        yield _gauge("database_up", "Whether the database answered this request", situation is not None)
        yield _gauge("last_event", "Number of the newest event of the log that is counted here", self._last_event)
        if situation is not None:
            yield from _families(situation)


@dataclass(frozen=True)
class _Everything(Collector):
    """What one request for the figures shows."""

    registry: CollectorRegistry
    now: Iterable[Metric]

    def collect(self) -> Iterator[Metric]:
        yield from self.now
        for metric in self.registry.collect():
            # Beside each series is one of when it was first seen, that nobody asks for.
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"rolldeck_{name}", documentation, value=value)


def _gauges(name: str, documentation: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"rolldeck_{name}", documentation, labels=(label,))
    for labelled, value in values.items():
        family.add_metric((labelled,), value)
    return family


def _families(situation: Situation) -> Iterator[Metric]:
    workers = situation.workers
    reports = [worker.report for worker in workers if worker.state.is_alive]
    states = {state.value: sum(worker.state is state for worker in workers) for state in WorkerState}
    live = {status.value: situation.live.get(status, 0) for status in Status if not status.is_final}
    yield _gauges("rollouts", "Rollouts that are not final yet", "status", live)
    yield _gauges("demand", "Pending rollouts of unpaused batches, at most 1,000 each", "environment", situation.demand)
    yield _gauge("batches_live", "Batches with rollouts that are not final yet", situation.live_batches)
    yield _gauges("workers", "Workers of the last day", "state", states)
    yield _gauge("workers_blocked", "Workers that claim nothing", sum(each.blocked is not None for each in reports))
    yield _gauge("workers_places", "Rollouts that workers execute at most", sum(each.parallel for each in reports))
    yield _gauge("workers_running", "Rollouts that workers execute", sum(each.running for each in reports))
    yield _gauge("pool_ready", "Environments ready ahead of demand", sum(each.pool.ready for each in reports))


class _Counted:
    """What the log tells, counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        who = ("agent", "model")
        self.ended = _counter(registry, "rollouts_ended", "Rollouts that ended", (*who, "status", "success"))
        self.reused = _counter(registry, "rollouts_reused", "Rollouts that an earlier one answered for", who)
        self.started = _counter(registry, "attempts_started", "Attempts that workers began", who)
        self.attempts = _counter(registry, "attempts_ended", "Attempts that ended, by what ended them", ("event",))
        self.failures = _counter(
            registry, "attempts_failed", "Attempts that failed, by the error that decided", ("error", "requeued")
        )
        self.tokens = _counter(registry, "tokens", "Tokens that models took, in and out", who)
        self.cost = _counter(registry, "cost_dollars", "What models cost, as far as their prices are known", who)
        self.steps = _counter(registry, "steps", "Steps of agents")
        self.phases = _histogram(registry, "phase_seconds", "Phases of attempts", _PHASE_SECONDS, ("phase",))
        self.seconds = _histogram(registry, "attempt_seconds", "Attempts, from claim to end", _ATTEMPT_SECONDS)
        self._models: set[str] = set()

    def change(self, change: RolloutChange) -> None:
        who = (change.agent, self._known(change.model))
        if change.event is Event.CLAIMED:
            self.started.labels(*who).inc()
        if change.event is Event.REUSED:
            self.reused.labels(*who).inc()
        if change.status.is_final:
            success = None if change.outcome is None else change.outcome.success
            self.ended.labels(*who, change.status.value, "" if success is None else str(success).lower()).inc()
        if change.seconds is not None:
            self._attempt(change, change.seconds)
        if change.tokens:
            self.tokens.labels(*who).inc(change.tokens)
        if change.cost:
            self.cost.labels(*who).inc(change.cost)

    def _attempt(self, change: RolloutChange, seconds: float) -> None:
        self.attempts.labels(change.event.value).inc()
        self.seconds.observe(seconds)
        for phase, spent in (change.timings or {}).items():
            self.phases.labels(phase.value).observe(spent)
        if change.outcome is not None and change.outcome.error is not None:
            self.failures.labels(change.outcome.error, str(change.event is Event.REQUEUED).lower()).inc()

    def _known(self, model: str | None) -> str:
        """Return the label of a model; so that names that people choose do not grow the memory for ever."""
        if model is None or model in self._models:
            return model or ""
        if len(self._models) >= _MOST_MODELS:
            return _OTHER
        self._models.add(model)
        return model


class _Reported:
    """What workers count since their own start, added up over all workers there were."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._known: dict[tuple[str, int], WorkerReport] = {}
        self._hits = _counter(registry, "pool_hits", "Environments that were ready when they were wanted")
        self._misses = _counter(registry, "pool_misses", "Environments that were not")
        self._discarded = _counter(registry, "pool_discarded", "Environments that were ready and thrown away")
        self._reaped = _counter(registry, "reaped", "Leftovers that were removed")

    def add(self, workers: Sequence[Worker]) -> None:
        # By process: one that lost its lease goes on under a new id, and counts on. The newest is the last one.
        reports = {(worker.host, worker.pid): worker.report for worker in workers}
        for process, now in reports.items():
            before = self._known.get(process, _NOTHING)
            self._hits.inc(_increase(before.pool.hits, now.pool.hits))
            self._misses.inc(_increase(before.pool.misses, now.pool.misses))
            self._discarded.inc(_increase(before.pool.discarded, now.pool.discarded))
            self._reaped.inc(_increase(before.reaped, now.reaped))
        self._known = reports


def _increase(before: int, now: int) -> int:
    return now - before if now >= before else now  # less than before: another process that got the same number


def _counter(registry: CollectorRegistry, name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
    return Counter(f"rolldeck_{name}", documentation, labels, registry=registry)


def _histogram(
    registry: CollectorRegistry, name: str, documentation: str, buckets: Sequence[float], labels: Sequence[str] = ()
) -> Histogram:
    return Histogram(f"rolldeck_{name}", documentation, labels, buckets=buckets, registry=registry)
