"""``rolldeck batch``: the batches of a server that runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rolldeck.api.schemas import BatchAction, BatchList, BatchView
from rolldeck.cli.remote import connect
from rolldeck.cli.running import OK, say
from rolldeck.settings import Settings


@dataclass(frozen=True)
class ListBatches:
    """``rolldeck batch list``."""

    live: bool
    limit: int
    server: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """List them, newest first."""
        live = "&live=true" if self.live else ""
        async with connect(settings, self.server) as server:
            found = BatchList.model_validate_json(await server.ask("GET", f"/api/batches?limit={self.limit}{live}"))
        if self.as_json:
            _print_json(found)
        else:
            Console().print(_table(found.batches))
        return OK


@dataclass(frozen=True)
class ShowBatch:
    """``rolldeck batch show``."""

    batch_id: str
    server: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Show one."""
        async with connect(settings, self.server) as server:
            batch = BatchView.model_validate_json(await server.ask("GET", _path(self.batch_id)))
        if self.as_json:
            _print_json(batch)
        else:
            Console().print(_details(batch))
        return OK


@dataclass(frozen=True)
class PauseBatch:
    """``rolldeck batch pause`` and ``resume``."""

    batch_id: str
    paused: bool
    server: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Let nothing more of it begin, or let it go on."""
        async with connect(settings, self.server) as server:
            answer = await server.ask("PATCH", _path(self.batch_id), {"paused": self.paused})
        batch = BatchView.model_validate_json(answer)
        if self.as_json:
            _print_json(batch)
        else:
            state = "is paused: what runs is finished, nothing more begins" if batch.paused else "goes on"
            say(f"{_name(batch)} {state}; {batch.counts.live} rollouts are left")
        return OK


@dataclass(frozen=True)
class CancelBatch:
    """``rolldeck batch cancel``."""

    batch_id: str
    server: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Cancel what has not ended of it."""
        async with connect(settings, self.server) as server:
            answer = await server.ask("POST", f"{_path(self.batch_id)}/cancel")
        done = BatchAction.model_validate_json(answer)
        if self.as_json:
            _print_json(done)
        else:
            say(f"{_name(done.batch)}: {done.rollouts} rollouts are cancelled")
        return OK


@dataclass(frozen=True)
class RetryBatch:
    """``rolldeck batch retry``."""

    batch_id: str
    server: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Queue what failed for its infrastructure once more."""
        async with connect(settings, self.server) as server:
            answer = await server.ask("POST", f"{_path(self.batch_id)}/retry")
        done = BatchAction.model_validate_json(answer)
        if self.as_json:
            _print_json(done)
        else:
            say(f"{_name(done.batch)}: {done.rollouts} rollouts are queued once more")
        return OK


def _path(batch_id: str) -> str:
    return f"/api/batches/{quote(batch_id, safe='')}"


def _print_json(document: BaseModel) -> None:
    print(document.model_dump_json(indent=2))


def _name(batch: BatchView) -> str:
    return f"{batch.name} ({batch.id})" if batch.name else batch.id


def _table(batches: Sequence[BatchView]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("name", overflow="ellipsis")
    table.add_column("state", no_wrap=True)
    for column in ("ended", "right", "failed", "left"):
        table.add_column(column, justify="right", no_wrap=True)
    for batch in batches:
        counts = batch.counts
        table.add_row(
            batch.id,
            Text(batch.name or ""),
            _state(batch),
            f"{counts.total - counts.live}/{counts.total}",
            _rate(counts.success_rate),
            str(counts.failed or ""),
            _remaining(batch),
        )
    return table


def _details(batch: BatchView) -> Table:
    counts = batch.counts
    agents = ", ".join(f"{each.agent} {each.model or ''}".strip() for each in batch.agents)
    rows = {
        "id": batch.id,
        "name": batch.name or "",
        "tags": ", ".join(batch.tags),
        "state": _state(batch),
        "rollouts": f"{counts.total}: {batch.tasks} tasks × {agents} × {batch.repeats}",
        "priority": str(batch.priority),
        "waiting": str(counts.live - counts.claimed),
        "executed now": str(counts.claimed),
        "completed": f"{counts.completed}, {counts.succeeded} of them right, {counts.reused} answered by earlier ones",
        "failed": f"{counts.failed}, {counts.retryable} of them for their infrastructure",
        "cancelled": str(counts.cancelled),
        "right": _rate(counts.success_rate),
        "time left": _remaining(batch),
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def _state(batch: BatchView) -> str:
    if not batch.counts.live:
        return "ended"
    if batch.paused:
        return "paused"
    return "running" if batch.counts.claimed else "waiting"


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0%}"


def _remaining(batch: BatchView) -> str:
    if not batch.counts.live or batch.eta_seconds is None:
        return ""
    return str(timedelta(seconds=round(batch.eta_seconds)))
