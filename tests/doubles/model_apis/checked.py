"""What the doubles of OpenAI's, Anthropic's and compatible servers' APIs have in common: a conversation, and what is checked.

Requests are held to the official SDKs' own types, and to the rules that each provider documents. What breaks them is refused
with 400, as the provider would, and kept among the desk's ``violations``.
"""

import base64
import binascii
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doubles.model_apis.brain import Brain, Brains, Said, Seen
from doubles.model_apis.serving import Desk, Violation

Json = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """A reply's own fields, as the provider writes them: what ``Said`` cannot say."""

    fields: Mapping[str, Any] = field(default_factory=dict)


class ModelApi(ABC):
    """A provider's API for one conversation; ``desk`` is what a test has of it."""

    path: str

    def __init__(self, desk: Desk, brains: Brains) -> None:
        self.desk = desk
        self._brains = brains
        self._brain: Brain | None = None

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route(self.path, self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.desk.requests.append(body)
        if (trouble := await self.desk.trouble(request)) is not None:
            return trouble
        try:
            require(request.headers.get("authorization") == f"Bearer {self.desk.key}", "the API key is not valid")
            question = self.question_in(body)
            screenshot = b"" if question is not None else self.check(body, request.headers)
        except Violation as violation:
            self.desk.violations.append(str(violation))
            return JSONResponse({"error": {"message": str(violation)}}, 400)
        if question is not None:
            return JSONResponse(self.reply(Said(answer=self.desk.answer(question)), body))
        said = await self.decide(body, screenshot)
        return JSONResponse(self.reply(said, body))

    async def decide(self, body: Json, screenshot: bytes) -> Said | Raw:
        """Return what the model says."""
        if self._brain is None:
            self._brain = self._brains(json.dumps(body, ensure_ascii=False), "")
        width, height = size_of(screenshot)
        return await self._brain.decide(Seen(screenshot, width, height, ""))

    @abstractmethod
    def question_in(self, body: Json) -> str | None:
        """Return the question of a request that is a single one, None where it goes on with a page. Raises ``Violation``."""

    @abstractmethod
    def check(self, body: Json, headers: Mapping[str, str]) -> bytes:
        """Return the newest screenshot of a request. Raises ``Violation``."""

    @abstractmethod
    def reply(self, said: Said | Raw, body: Json) -> Json:
        """Return the provider's answer to a checked request, and remember it."""


def require(condition: object, why: str) -> None:
    """Raise ``Violation`` unless a rule is kept."""
    if not condition:
        raise Violation(why)


def expect_strict_schema(schema: Any) -> None:
    """Hold a schema to what every provider takes for strict: a closed object that requires all it knows. Raises ``Violation``."""
    require(schema.get("type") == "object", "the schema is of no object")
    require(schema.get("additionalProperties") is False, "the schema is open")
    require(
        sorted(schema.get("required", [])) == sorted(schema["properties"]), "the schema does not require all it knows"
    )


def conform(value: object, type_: Any, where: str) -> None:
    """Hold a part of a request to one of the SDK's types: it has all that is required, and nothing that is unknown."""
    try:
        known = _plain(_adapter(type_).validate_python(value))
    except ValidationError as error:
        raise Violation(f"{where}: {error.errors(include_url=False, include_input=False)}") from error
    require(known == value, f"{where} holds what {type_.__name__} does not know: {json.dumps(value)[:300]}")


def png_in(data: str, where: str) -> bytes:
    """Return a picture that is written as base64; it must be a whole PNG. Raises ``Violation``."""
    try:
        png = base64.b64decode(data, validate=True)
        with Image.open(io.BytesIO(png)) as image:
            require(image.format == "PNG", f"{where} is no PNG")
            image.verify()
    except (binascii.Error, OSError, SyntaxError) as error:
        raise Violation(f"{where} is no picture: {error}") from error
    return png


def png_of_data_uri(uri: object, where: str) -> bytes:
    """Return the picture of a data URI. Raises ``Violation``."""
    prefix = "data:image/png;base64,"
    require(isinstance(uri, str) and uri.startswith(prefix), f"{where} is no data URI of a PNG")
    return png_in(str(uri).removeprefix(prefix), where)


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a picture."""
    with Image.open(io.BytesIO(png)) as image:
        return image.size


def text_of(said: Said) -> str:
    """Return what a model writes: its answer, or what it says to its actions."""
    return said.text if said.answer is None else said.answer


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _plain(value: Any) -> Any:
    """Return validated data as JSON has it: the SDKs' types call lists iterables, which are validated as they are read."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, str | bytes | int | float | None):
        return value
    return [_plain(inner) for inner in value]
