"""A rollout's model traffic, kept in a file and played again: the same actions without a key, for tests and demonstrations.

A file of JSON lines: first whose traffic it is, then every exchange in order. There are no headers, so no keys. Pictures are
there by their SHA-256 (the names of the rollout's stored screenshots), and the environment's origin, which is another one
each time, by a name.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import httpx2
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from rolldeck.agents.models.answers import Answer
from rolldeck.agents.models.redaction import Secrets
from rolldeck.domain.errors import AgentError, InvalidInput

ORIGIN = "environment://"
"""Stands for the environment's origin."""

_IMAGE = re.compile(r"(?:data:image/[\w.+-]+;base64,)?(?P<content>(?:iVBORw0KGgo|/9j/|_9j_)[\w+/=-]{100,})")
_QUERY = re.compile(rf"({ORIGIN}[^\s?#\"]*)[?#][^\s\"]*")
_MOST_SHOWN = 200


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CassetteLabel(_Part):
    """Whose traffic a cassette holds."""

    cassette: Literal[1] = 1
    agent: str
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    task_id: str
    task_version: str

    def is_of(self, agent: str, task_id: str, task_version: str) -> bool:
        """Whether it is the traffic of an agent's rollout of this version of a task."""
        return (self.agent, self.task_id, self.task_version) == (agent, task_id, task_version)


class ReplayDiffers(AgentError):
    """What is asked in a replay is not what was asked then."""


class Exchange(_Part):
    """A request, by the last part of its path and its body, and the answer that it had in the end.

    ``reader`` names the model where it was not the agent's own, but asked to read the agent's answer.
    """

    reader: str | None = None
    to: str
    request: JsonValue
    answer: JsonValue


class Cassette(_Part):
    """A cassette that was read."""

    label: CassetteLabel
    exchanges: tuple[Exchange, ...]

    @property
    def readers(self) -> set[str]:
        """The models that were asked to read the agent's answer."""
        return {exchange.reader for exchange in self.exchanges if exchange.reader is not None}

    @classmethod
    def read(cls, path: Path) -> "Cassette":
        """Read a file. Raises ``InvalidInput`` that names the line."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the cassette {path} cannot be read: {error}") from error
        number = 1
        try:
            label = CassetteLabel.model_validate_json(lines[0] if lines else "")
            exchanges = []
            for number, line in enumerate(lines[1:], start=2):  # noqa: B007 - told where it fails
                exchanges.append(Exchange.model_validate_json(line))
        except ValidationError as error:
            raise InvalidInput(f"{path} is no cassette: line {number}: {error.errors()[0]['msg']}") from error
        return cls(label=label, exchanges=tuple(exchanges))


class Recorder:
    """Writes a cassette while a rollout goes on; what was written is whole whenever it ends."""

    def __init__(
        self, path: Path, label: CassetteLabel, origin: str, secrets: Secrets, *, reader: str | None = None
    ) -> None:
        """With a ``reader``, what that one is asked is kept after what the agent's model was."""
        self._path = path
        self._origin = origin
        self._secrets = secrets
        self._reader = reader
        if reader is None or not path.exists():
            path.write_text(label.model_dump_json() + "\n", encoding="utf-8")

    def __call__(self, request: httpx2.Request, answer: Answer) -> None:
        """Append an exchange."""
        exchange = Exchange(
            reader=self._reader,
            to=_place(request),
            request=_kept(_body(request), self._origin),
            answer=_kept(json.loads(answer.body), self._origin),
        )
        with self._path.open("a", encoding="utf-8") as file:
            file.write(self._secrets.of(request).blot(exchange.model_dump_json(exclude_defaults=True)) + "\n")


class Player:
    """A ``Sender`` that answers from a cassette, as long as what is asked is what was asked then.

    Pictures may look different, and addresses may have other parameters: those follow from the moment.
    """

    def __init__(self, cassette: Cassette, origin: str, *, reader: str | None = None) -> None:
        """With a ``reader``, what that one answered is played, else what the agent's model did."""
        self._exchanges = [exchange for exchange in cassette.exchanges if exchange.reader == reader]
        self._origin = origin
        self._played = 0

    async def __call__(self, request: httpx2.Request) -> Answer:
        """Return the recorded answer. Raises ``ReplayDiffers`` that says where a request is another one than it was."""
        number = self._played + 1
        if self._played == len(self._exchanges):
            raise ReplayDiffers(f"the replay makes a request {number}; the cassette has {self._played}")
        exchange = self._exchanges[self._played]
        now = {"to": _place(request), "request": _kept(_body(request), self._origin)}
        difference = _difference({"to": exchange.to, "request": exchange.request}, now)
        if difference is not None:
            raise ReplayDiffers(f"the replay differs from the cassette in request {number}: {difference}")
        self._played = number
        return Answer(200, {"content-type": "application/json"}, self._spoken(exchange.answer))

    async def close(self) -> None:
        """Hold nothing, let go of nothing."""

    def _spoken(self, answer: JsonValue) -> bytes:
        return json.dumps(answer).replace(ORIGIN, json.dumps(self._origin)[1:-1]).encode()


def _place(request: httpx2.Request) -> str:
    return request.url.path.rsplit("/", 1)[-1]


def _body(request: httpx2.Request) -> JsonValue:
    body: JsonValue = json.loads(request.content) if request.content else None
    return body


def _kept(value: JsonValue, origin: str) -> JsonValue:
    """Return JSON as it is kept: without pictures, and without the origin."""
    if isinstance(value, str):
        image = _IMAGE.fullmatch(value)
        return f"image:{_digest(image['content'])}" if image else value.replace(origin, ORIGIN)
    if isinstance(value, list):
        return [_kept(each, origin) for each in value]
    if isinstance(value, dict):
        return {name: _kept(each, origin) for name, each in value.items()}
    return value


def _digest(encoded: str) -> str:
    try:
        content = base64.urlsafe_b64decode(encoded.replace("+", "-").replace("/", "_") + "==")
    except binascii.Error:
        content = encoded.encode()
    return hashlib.sha256(content).hexdigest()


def _difference(recorded: JsonValue, now: JsonValue, path: str = "") -> str | None:
    """Say where two values first differ, and how; None where they do not."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*recorded, *now]):
            inner = f"{path}.{name}".removeprefix(".")
            if name not in now or name not in recorded:
                return f"{inner} was {_shown(recorded, name)}, now {_shown(now, name)}"
            if (found := _difference(recorded[name], now[name], inner)) is not None:
                return found
        return None
    if isinstance(recorded, list) and isinstance(now, list):
        for index, (one, other) in enumerate(zip(recorded, now, strict=False)):
            if (found := _difference(one, other, f"{path}[{index}]")) is not None:
                return found
        return None if len(recorded) == len(now) else f"{path} had {len(recorded)} items, now {len(now)}"
    return None if _essence(recorded) == _essence(now) else f"{path} was {_short(recorded)}, now {_short(now)}"


def _essence(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    return "image" if value.startswith("image:") else _QUERY.sub(r"\1", value)


def _shown(value: Mapping[str, JsonValue], name: str) -> str:
    return _short(value[name]) if name in value else "not there"


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
