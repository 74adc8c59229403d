"""One rollout as a page that opens from a file: without scripts, without a request to anywhere.

Everything in it that people, models and pages wrote is shown as text: the template escapes all of it, and the page's own
content security policy allows its one style sheet, by hash, and the media, nothing else.
"""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from pydantic import JsonValue
from pydantic_core import to_json

from rolldeck.domain.action import Action
from rolldeck.domain.rollout import Rollout, Step
from rolldeck.domain.status import Status
from rolldeck.export.media import Media, Picture
from rolldeck.export.records import deciding_error
from rolldeck.export.whole import WholeRollout

_PIECE = 64 * 1024  # characters that are sent at once

# Control characters but tab and line feed, as their pictures: an escape sequence in an answer is seen, and does nothing.
_PICTURES: Mapping[int, int] = {code: 0x2400 + code for code in range(32) if code not in {9, 10}} | {0x7F: 0x2421}


@dataclass(frozen=True)
class Summary:
    """How a rollout ended: in a word, whether that is good, bad or neither (``tone``), and why, in a sentence."""

    word: str
    tone: str
    sentence: str


@dataclass(frozen=True)
class Point:
    """Where on a screenshot an action took place."""

    x: int
    y: int


@dataclass(frozen=True)
class Done:
    """An action in words, and what became of it."""

    kind: str
    arguments: str
    error: str | None
    notice: str | None


@dataclass(frozen=True)
class ShownStep:
    """A step with its picture."""

    step: Step
    picture: Picture | None
    actions: Sequence[Done]
    points: Sequence[Point]


async def html_report(whole: WholeRollout, media: Media) -> AsyncIterator[bytes]:
    """Yield the page, of which no more than one screenshot is in memory. Raises ``StorageError``."""
    present = whole.present
    style = _style()
    texts = _template().generate_async(
        rollout=whole.rollout,
        task=whole.task,
        summary=summarize(whole.rollout),
        parts=whole.parts,
        film=None if present.video is None else await media.film(present.video),
        steps=_shown(present.steps, media),
        style=style,
        policy=(
            f"default-src 'none'; style-src 'sha256-{_hash(style)}'; img-src {media.sources}; "
            f"media-src {media.sources}; base-uri 'none'; form-action 'none'"
        ),
    )
    held: list[str] = []
    size = 0
    async for text in texts:
        held.append(text)
        size += len(text)
        if size >= _PIECE:
            yield _encoded(held)
            held, size = [], 0
    yield _encoded(held)


def summarize(rollout: Rollout) -> Summary:
    """Say how a rollout ended. What failed or was cancelled has no verdict: it is neither right nor wrong."""
    verdict = rollout.verdict
    if verdict is not None:
        return Summary("Right" if verdict.success else "Wrong", "good" if verdict.success else "bad", verdict.reason)
    error = deciding_error(rollout)
    if error is not None:
        return Summary("Failed", "neutral", f"{error.kind} in the phase {error.phase.value}: {error.message}")
    sentences = {
        Status.FAILED: "It has no verdict.",
        Status.CANCELLED: "It was cancelled, and has no verdict.",
    }
    return Summary(
        rollout.status.value.capitalize(),
        "neutral",
        sentences.get(rollout.status, "It had not ended when this was made."),
    )


async def _shown(steps: Sequence[Step], media: Media) -> AsyncIterator[ShownStep]:
    for step in steps:
        yield ShownStep(
            step=step,
            picture=await media.picture(step.screenshot),
            actions=[Done(each.action.kind, _arguments(each.action), each.error, each.notice) for each in step.actions],
            points=[point for each in step.actions if (point := _point(each.action)) is not None],
        )


def _arguments(action: Action) -> str:
    given = action.model_dump(mode="json", exclude={"kind"}, exclude_defaults=True)
    return ", ".join(f"{name} {_in_words(value)}" for name, value in given.items())


def _point(action: Action) -> Point | None:
    x, y = getattr(action, "x", None), getattr(action, "y", None)
    return Point(x, y) if isinstance(x, int) and isinstance(y, int) else None


def _in_words(value: JsonValue) -> str:
    return to_json(value, indent=2).decode() if isinstance(value, dict | list) else to_json(value).decode()


def _visible(text: object) -> str:
    """Return a text whose control characters can be seen."""
    return str(text).translate(_PICTURES)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rolldeck.export"),
        autoescape=True,
        undefined=StrictUndefined,
        enable_async=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
    )
    environment.filters["json"] = _in_words
    return environment


def _template() -> Template:
    return _environment().get_template("report.html")


@cache
def _style() -> str:
    return (files("rolldeck.export") / "templates" / "report.css").read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _encoded(texts: Sequence[str]) -> bytes:
    # Half of a surrogate pair, which a text may hold, is in no encoding.
    return "".join(texts).encode("utf-8", "replace")
