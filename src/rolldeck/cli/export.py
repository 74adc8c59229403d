"""``rolldeck export``: what is stored, as files."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import quote

from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn

from rolldeck.cli.progress import make_console
from rolldeck.cli.running import OK, say
from rolldeck.domain.errors import StorageError
from rolldeck.export.archive import zip_archive
from rolldeck.export.media import MOST_INLINE_VIDEO_BYTES, Inside
from rolldeck.export.records import rollout_records
from rolldeck.export.report import html_report
from rolldeck.export.tables import TableFormat, table
from rolldeck.export.whole import WholeRollout, look_for, read_whole
from rolldeck.settings import Settings
from rolldeck.storage.port import Artifacts, RolloutFilter
from rolldeck.wiring import look_into_results

_MOST_COUNTED = 10_000  # storage counts no further

_Piece = TypeVar("_Piece", bound=Sized)


@dataclass(frozen=True)
class ExportRollouts:
    """``rolldeck export rollouts``. Without ``output``, to stdout."""

    format: TableFormat
    where: RolloutFilter
    output: Path | None

    async def __call__(self, settings: Settings) -> int:
        """Write all rollouts that match."""
        async with look_into_results(settings) as results:
            rollouts, tasks = results.database.rollouts, results.database.tasks
            total = (await rollouts.list(self.where, limit=1, count=True)).total
            known = total if total is not None and total <= _MOST_COUNTED else None
            with _progress("rollouts", known, MofNCompleteColumn()) as count:
                pages = _counted(rollout_records(rollouts, tasks, self.where), count)
                await _write(table(pages, self.format), self.output)
        if self.output is not None:
            say(f"The rollouts are in {self.output}")
        return OK


@dataclass(frozen=True)
class ExportRollout:
    """``rolldeck export rollout``: as a zip file, or as a page with a large video beside it."""

    rollout_id: str
    as_page: bool
    output: Path | None

    async def __call__(self, settings: Settings) -> int:
        """Write one rollout."""
        output = self.output or Path(f"rollout-{self.rollout_id}{'.html' if self.as_page else '.zip'}")
        async with look_into_results(settings) as results:
            whole = await read_whole(self.rollout_id, results.database.rollouts, results.database.tasks)
            with _progress(output.name, None, DownloadColumn()) as count:
                if self.as_page:
                    await _write_page(whole, results.artifacts, output, count)
                else:
                    await _write(_counted(zip_archive(whole, results.artifacts), count), output)
        say(f"The rollout is in {output}")
        return OK


async def _write_page(whole: WholeRollout, artifacts: Artifacts, output: Path, count: "_Count") -> None:
    """Write a page, and beside it the video that is too large to be in it."""
    video, beside = whole.present.video, output.with_suffix(".mp4")
    media = Inside(artifacts, video_beside=quote(beside.name))
    await _write(_counted(html_report(whole, media), count), output)
    stored = None if video is None else await look_for(artifacts, video)
    if stored is not None and stored.size_bytes > MOST_INLINE_VIDEO_BYTES:
        await _write(_counted(artifacts.read(stored.key), count), beside)
        say(f"Its video is in {beside}: keep the two together")


async def _write(pieces: AsyncIterator[bytes], output: Path | None) -> None:
    """Write to stdout, or a file that appears once it is whole. Raises ``StorageError`` where it cannot be written."""
    if output is None:
        await _write_to_stdout(pieces)
        return
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            await _copy(pieces, file)
        partial.replace(output)
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


async def _write_to_stdout(pieces: AsyncIterator[bytes]) -> None:
    try:
        await _copy(pieces, sys.stdout.buffer)
    except BrokenPipeError:  # `rolldeck export … | head`: what is still buffered has no reader either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _copy(pieces: AsyncIterator[bytes], file: BinaryIO) -> None:
    async for piece in pieces:
        await asyncio.to_thread(file.write, piece)
    await asyncio.to_thread(file.flush)


_Count = Callable[[int], None]
"""Is told how much more is done."""


@contextmanager
def _progress(what: str, total: int | None, figure: ProgressColumn) -> Iterator[_Count]:
    """Show how far it is, on a terminal. ``total``: None where that is not known."""
    console = make_console()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), figure)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda more: bars.advance(bar, more)


async def _counted(pieces: AsyncIterator[_Piece], count: _Count) -> AsyncIterator[_Piece]:
    async for piece in pieces:
        yield piece
        count(len(piece))
