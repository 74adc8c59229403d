"""What ``rolldeck doctor`` finds of the queue and of those who execute it. Changes nothing."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from rolldeck.api.situation import what_holds_the_queue
from rolldeck.diagnosis import Finding
from rolldeck.domain.errors import StorageError
from rolldeck.domain.worker import Worker
from rolldeck.installation import holder_of
from rolldeck.settings import Settings
from rolldeck.wiring import artifacts_dir_of, database_address, headroom_of, look_into_database


async def examine_execution(settings: Settings) -> Sequence[Finding]:
    """Look at the database, the workers in it, and what limits them here."""
    return [*await _database_and_workers(settings), _headroom(settings), _limits(settings), _pool(settings)]


async def _database_and_workers(settings: Settings) -> Sequence[Finding]:
    address = database_address(settings, settings.data_dir)
    where = _in_words(address)
    if isinstance(address, Path) and not address.exists():
        return [Finding(name="database", state="ok", found=f"{where}: made at the first start")]
    try:
        async with look_into_database(settings) as database:
            await database.ping()
            workers = await database.workers.list(alive=True)
            held = await what_holds_the_queue(database.batches, database.quotas)
    except StorageError as error:
        todo = "start `rolldeck serve`, or `rolldeck db upgrade`, if its tables are old; else see ROLLDECK_DATABASE_URL"
        return [Finding(name="database", state="missing", found=f"{where}: {error}", todo=todo)]
    return [Finding(name="database", state="ok", found=where), _workers(workers, settings), _queue(held)]


def _in_words(address: str | Path) -> str:
    """Return what is used as a database and where it is, without who uses it and the password."""
    if isinstance(address, Path):
        return f"SQLite ({address})"
    url = urlsplit(address)
    if url.scheme.startswith("sqlite"):
        return f"SQLite ({url.path})"
    return f"PostgreSQL ({url.hostname or 'local socket'}{url.path})"


def _workers(alive: Sequence[Worker], settings: Settings) -> Finding:
    name = "workers"
    if not alive:
        served = holder_of(settings.data_dir) is not None
        todo = "the server's log says why they end, if it starts any (--workers); or start `rolldeck worker`"
        return Finding(name=name, state="warn" if served else "ok", found="none alive", todo=todo if served else None)
    running = sum(worker.report.running for worker in alive)
    places = sum(worker.report.parallel for worker in alive)
    found = f"{len(alive)} alive, {running} of {places} places taken"
    blocked = [worker for worker in alive if worker.report.blocked is not None]
    if not blocked:
        return Finding(name=name, state="ok", found=found)
    reasons = "; ".join(dict.fromkeys(f"{worker.host}: {worker.report.blocked}" for worker in blocked))
    todo = f"{len(blocked)} of them claim nothing: {reasons}"
    return Finding(name=name, state="warn", found=found, todo=todo)


def _queue(held: str | None) -> Finding:
    if held is None:
        return Finding(name="queue", state="ok", found="what waits may be claimed")
    todo = "`rolldeck batch resume`, or a higher quota (PUT /api/quotas/{model}), lets it go on"
    return Finding(name="queue", state="warn", found=held, todo=todo)


def _headroom(settings: Settings) -> Finding:
    wanted = f"at least {settings.min_free_disk_mb} MB of disk and {settings.min_free_memory_mb} MB of memory are free"
    reason = headroom_of(settings, settings.data_dir, artifacts_dir_of(settings, settings.data_dir))()
    if reason is None:
        return Finding(name="headroom", state="ok", found=wanted)
    todo = "no rollout begins here: make room, or see ROLLDECK_MIN_FREE_DISK_MB and ROLLDECK_MIN_FREE_MEMORY_MB"
    return Finding(name="headroom", state="warn", found=reason, todo=todo)


def _limits(settings: Settings) -> Finding:
    found = f"{settings.workers} worker processes, {settings.parallel} rollouts at once each"
    return Finding(name="rollouts at once", state="ok", found=found)


def _pool(settings: Settings) -> Finding:
    if settings.pool_mb == 0:
        return Finding(name="warm pool", state="ok", found="off (ROLLDECK_POOL_MB is 0)")
    found = f"{settings.pool_mb} MB for each worker; the last one is kept for {settings.pool_idle_seconds:g} s"
    return Finding(name="warm pool", state="ok", found=found)
