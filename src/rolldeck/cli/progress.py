"""What a person sees while something goes on: moving on a terminal, a line per event elsewhere. Always on stderr."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from rolldeck.cli.report import result_of
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.environments.port import BuildProgress, ProgressListener

_STATUS_COLOURS = {
    Status.PENDING: "dim",
    Status.PROVISIONING: "cyan",
    Status.RUNNING: "blue",
    Status.VERIFYING: "magenta",
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "dim",
}
_LINES_AROUND_THE_TABLE = 5


def make_console() -> Console:
    """Return the console that progress is shown on."""
    return Console(stderr=True, highlight=False)


@contextmanager
def build_progress(console: Console, title: str) -> Iterator[ProgressListener]:
    """Show how a template's build goes on; nothing appears where there is nothing to build."""
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as bars:
            yield _Bars(bars, title)
    else:
        yield _Lines(console, title)


class _Bars:
    """A bar per step, on a terminal."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._step = 0
        self._bar: TaskID | None = None

    def __call__(self, progress: BuildProgress) -> None:
        if self._bar is None:
            self._progress.console.print(f"Building the environment [bold]{self._title}[/bold], once:")
        if progress.step != self._step or self._bar is None:
            if self._bar is not None:
                self._progress.update(self._bar, total=1, completed=1)
            self._step = progress.step
            self._bar = self._progress.add_task(f"{progress.step}/{progress.steps} {progress.name}", total=None)
        if progress.fraction is not None:
            self._progress.update(self._bar, total=1, completed=progress.fraction)


class _Lines:
    """A line per step, where no terminal is."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._step = 0

    def __call__(self, progress: BuildProgress) -> None:
        if progress.step != self._step:
            self._step = progress.step
            line = f"{self._title}: step {progress.step} of {progress.steps}: {progress.name}"
            self._console.print(line, markup=False, soft_wrap=True)


class RolloutsListener(Protocol):
    """Is told every change of a rollout."""

    def __call__(self, rollout: Rollout) -> None:
        """Take a rollout's record."""


@contextmanager
def rollouts_progress(console: Console, rollouts: Sequence[Rollout]) -> Iterator[RolloutsListener]:
    """Show how these rollouts go on."""
    if console.is_terminal:
        table = _LiveTable(console, rollouts)
        with Live(get_renderable=table.render, console=console, refresh_per_second=4, transient=True):
            yield table
    else:
        yield _EndLines(console, len(rollouts))


class _LiveTable:
    """The rollouts that are live, and as many of the others as the terminal has room for."""

    def __init__(self, console: Console, rollouts: Sequence[Rollout]) -> None:
        self._console = console
        self._rollouts = {rollout.id: rollout for rollout in rollouts}

    def __call__(self, rollout: Rollout) -> None:
        self._rollouts[rollout.id] = rollout

    def render(self) -> RenderableType:
        rollouts = list(self._rollouts.values())
        ended = sum(rollout.status.is_final for rollout in rollouts)
        room = max(1, self._console.size.height - _LINES_AROUND_THE_TABLE)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column, justify in (("task", "left"), ("status", "left"), ("steps", "right"), ("seconds", "right")):
            table.add_column(column, justify="right" if justify == "right" else "left", no_wrap=True)
        table.add_column("result", no_wrap=True, overflow="ellipsis")
        for rollout in _most_interesting(rollouts, room):
            table.add_row(*_row(rollout))
        return Group(table, Text(f"{ended} of {len(rollouts)} rollouts have ended", style="dim"))


def _most_interesting(rollouts: Sequence[Rollout], room: int) -> Sequence[Rollout]:
    """Return the live ones, the last ended and the next queued, so many as there is room for, in their order."""
    if len(rollouts) <= room:
        return rollouts
    live = [rollout for rollout in rollouts if rollout.status is not Status.PENDING and not rollout.status.is_final]
    ended = [rollout for rollout in rollouts if rollout.status.is_final]
    queued = [rollout for rollout in rollouts if rollout.status is Status.PENDING]
    ended_room = max(1, (room - len(live)) // 2)
    return [*ended[-ended_room:], *live, *queued][:room]


def _row(rollout: Rollout) -> tuple[RenderableType, ...]:
    words, colour = result_of(rollout)
    seconds = rollout.seconds
    if seconds is None and rollout.started_at is not None:
        seconds = (datetime.now(UTC) - rollout.started_at).total_seconds()
    return (
        Text(rollout.task_id),
        Text(rollout.status.value, style=_STATUS_COLOURS[rollout.status]),
        str(rollout.steps),
        "" if seconds is None else f"{seconds:.0f}",
        Text(words, style=colour),
    )


class _EndLines:
    """A line per rollout that ends."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._ended = 0

    def __call__(self, rollout: Rollout) -> None:
        if not rollout.status.is_final:
            return
        self._ended += 1
        words, _ = result_of(rollout)
        seconds = "" if rollout.seconds is None else f", {rollout.seconds:.1f} s"
        line = (
            f"[{self._ended}/{self._total}] {rollout.task_id}: {rollout.status.value}, {rollout.steps} steps{seconds}"
        )
        self._console.print(line + (f": {words}" if words else ""), markup=False, soft_wrap=True)
