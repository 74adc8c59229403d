"""One rollout as a zip file, streamed: no more of it is in memory than a piece of a file."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC
from pathlib import PurePosixPath

from pydantic import JsonValue
from pydantic_core import to_json

from rolldeck.export.media import Beside
from rolldeck.export.records import record_of
from rolldeck.export.report import html_report
from rolldeck.export.whole import Part, WholeRollout, look_for
from rolldeck.storage.port import Artifacts

README = """One rollout of Rolldeck.

rollout.json           its record: status, answer, verdict's success and reward, errors, timings
task.json              the version of the task that it tried
verdict.json           the verdict field by field, where it has one
steps.json             its steps; "screenshot" is the path in here of what the agent saw before it acted
screenshots/           the screenshots, each different one once
video.mp4              the video; "offset" of a step is where in it the step is, in seconds
attempts/N/            steps, video and errors of earlier attempts, which ended for their infrastructure
report.html            the same to read, in a browser
missing.txt            files that should be in here and are lost, if any
"""


async def zip_archive(whole: WholeRollout, artifacts: Artifacts) -> AsyncIterator[bytes]:
    """Yield the zip file's bytes. ``README`` says what is in it. Raises ``StorageError``."""
    archive = _Archive(whole, artifacts)
    async for piece in archive.pieces():
        yield piece


class _Archive:
    def __init__(self, whole: WholeRollout, artifacts: Artifacts) -> None:
        self._whole = whole
        self._artifacts = artifacts
        self._outbox = _Outbox()
        self._zip = zipfile.ZipFile(self._outbox, "w", zipfile.ZIP_DEFLATED)
        self._time = whole.rollout.created_at.astimezone(UTC).timetuple()[:6]
        self._kept: set[str] = set()
        self._missing: list[str] = []

    async def pieces(self) -> AsyncIterator[bytes]:
        self._documents()
        async for piece in self._report():
            yield piece
        for part in self._whole.parts:
            self._document(_inside(part, "steps.json"), [_step_record(step) for step in _dumped(part)])
            for key in (*(step.screenshot for step in part.steps), *([part.video] if part.video else [])):
                async for piece in self._artifact(key, _place_of(key, part)):
                    yield piece
        if self._missing:
            self._text("missing.txt", "\n".join(self._missing) + "\n")
        self._zip.close()
        yield self._outbox.take()

    def _documents(self) -> None:
        whole, rollout = self._whole, self._whole.rollout
        self._text("README.txt", README)
        self._document("rollout.json", record_of(rollout, whole.task.answer))
        self._document("task.json", whole.task.model_dump(mode="json", by_alias=True))
        if rollout.verdict is not None:
            self._document("verdict.json", rollout.verdict.model_dump(mode="json"))
        for part in whole.parts:
            if part.earlier is not None:
                self._document(_inside(part, "attempt.json"), part.earlier.model_dump(mode="json", exclude={"video"}))

    async def _report(self) -> AsyncIterator[bytes]:
        present = self._whole.present
        media = Beside(self._artifacts, lambda key: _place_of(key, present))
        with self._zip.open(self._entry("report.html", zipfile.ZIP_DEFLATED), "w") as entry:
            async for piece in html_report(self._whole, media):
                entry.write(piece)
                yield self._outbox.take()

    async def _artifact(self, key: str, place: str) -> AsyncIterator[bytes]:
        if place in self._kept:
            return
        self._kept.add(place)
        stored = await look_for(self._artifacts, key)
        if stored is None:
            self._missing.append(place)
            return
        entry_of = self._entry(place, zipfile.ZIP_STORED)  # images and videos are compressed already
        entry_of.file_size = stored.size_bytes
        with self._zip.open(entry_of, "w") as entry:
            async for piece in self._artifacts.read(key):
                entry.write(piece)
                yield self._outbox.take()

    def _document(self, name: str, content: JsonValue) -> None:
        self._text(name, to_json(content, indent=2).decode() + "\n")

    def _text(self, name: str, text: str) -> None:
        self._zip.writestr(self._entry(name, zipfile.ZIP_DEFLATED), text)

    def _entry(self, name: str, compression: int) -> zipfile.ZipInfo:
        year, month, day, hour, minute, second = self._time
        entry = zipfile.ZipInfo(name, (max(1980, year), month, day, hour, minute, second))
        entry.compress_type = compression
        entry.external_attr = 0o644 << 16
        return entry


def _place_of(key: str, part: Part) -> str:
    """Return where an artifact is in the zip file: a screenshot by its content, whatever attempt it is of."""
    name = PurePosixPath(key).name
    return _inside(part, "video.mp4") if key == part.video else f"screenshots/{name}"


def _inside(part: Part, name: str) -> str:
    return name if part.earlier is None else f"attempts/{part.number}/{name}"


def _dumped(part: Part) -> Iterator[dict[str, JsonValue]]:
    return (step.model_dump(mode="json") for step in part.steps)


def _step_record(step: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {**step, "screenshot": f"screenshots/{PurePosixPath(str(step['screenshot'])).name}"}


class _Outbox(io.RawIOBase):
    """What the zip file's writer has written and nobody has taken yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """A zip file can be written to this; without a position, so that it never goes back."""
        return True

    def write(self, piece: object) -> int:
        """Keep bytes."""
        content = bytes(memoryview(piece))  # type: ignore[arg-type]  # typed as a Buffer, which Python 3.11 has no name for
        self._pieces.append(content)
        return len(content)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
