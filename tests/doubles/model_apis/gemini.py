"""Stands for Google's Gemini API: ``models.generateContent`` with computer use, as strict as the documentation is.

Every request is read with the official SDK's own types and held to the rules of
https://ai.google.dev/gemini-api/docs/computer-use: roles alternate; what the model said comes back unchanged, with its thoughts'
signatures; every call is answered in the next turn, in order, by its id and name, with the page's address; pictures of the
three newest turns at most; a call that had to be confirmed is acknowledged, or was not done.
"""

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from google.genai import types
from PIL import Image
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doubles.model_apis.brain import Brain, Brains, Said, Seen
from doubles.model_apis.checked import expect_strict_schema
from doubles.model_apis.serving import Desk, Violation
from rolldeck.domain.action import (
    Action,
    Click,
    Drag,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)

Functions = Literal["2.5", "3"]
Json = dict[str, Any]

MOST_PICTURES = 3
THOUGHT = 'I think that the answer is {"wrong": "a thought"}.'

_BODY = {"contents", "generationConfig", "tools", "systemInstruction", "safetySettings", "toolConfig"}
_CONTENTS = TypeAdapter(list[types.Content])
_TOOLS = TypeAdapter(list[types.Tool])


@dataclass
class _Conversation:
    brain: Brain
    said: list[Json] = field(default_factory=list)


@dataclass
class GeminiApi:
    """The API; ``desk`` is what a test has of it. ``rewrite`` may change what the model says, given the number of its turn.

    ``page`` is the size in whose pixels brains say points; None: that of the pictures.
    """

    desk: Desk
    brains: Brains
    functions: Functions = "3"
    rewrite: Callable[[int, Json], Json] = lambda _, content: content
    page: tuple[int, int] | None = None
    _conversations: dict[str, _Conversation] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        places = ("models", "projects/{project}/locations/{location}/publishers/google/models")
        return Starlette(
            routes=[
                Route(f"/{{version}}/{place}/{{model}}:generateContent", self._generate, methods=["POST"])
                for place in places
            ]
        )

    async def _generate(self, request: Request) -> Response:
        body = await request.json()
        self.desk.requests.append(body)
        if (trouble := await self.desk.trouble(request)) is not None:
            return trouble
        try:
            return JSONResponse(await self._answer(request, body))
        except Violation as violation:
            self.desk.violations.append(str(violation))
            return JSONResponse({"error": {"code": 400, "message": str(violation), "status": "INVALID_ARGUMENT"}}, 400)

    async def _answer(self, request: Request, body: Json) -> Json:
        if "project" in request.path_params:  # Vertex AI
            if request.headers.get("authorization") != f"Bearer {self.desk.key}":
                raise Violation("the access token is not valid")
            self.desk.places.append(f"{request.path_params['project']}/{request.path_params['location']}")
        elif request.headers.get("x-goog-api-key") != self.desk.key:
            raise Violation("the API key is not valid")
        if (question := _question_in(body)) is not None:
            return _reply({"role": "model", "parts": [{"text": self.desk.answer(question)}]}, 0)
        contents = _read(body)
        prompt, url = _beginning(contents)
        conversation = self._conversation(prompt, url)
        _expect_unchanged(body["contents"], conversation.said)
        _expect_answers(contents)
        turn = sum(content.role == "model" for content in contents)
        if turn == len(conversation.said):
            seen = _seen(contents)
            said = await conversation.brain.decide(seen)
            hand = _Hand(*(self.page or (seen.width, seen.height)), self.functions)
            conversation.said.append(self.rewrite(turn, _content(said, turn, hand)))
        return _reply(conversation.said[turn], turn)

    def _conversation(self, prompt: str, url: str) -> _Conversation:
        """Return the conversation that a request goes on with: there is one of a prompt in an environment."""
        place = url.split("/", 3)[2] + prompt
        if place not in self._conversations:
            self._conversations[place] = _Conversation(self.brains(prompt, url))
        return self._conversations[place]


# ------------------------------------------------------------ what requests must be like


def _question_in(body: Json) -> str | None:
    """Return the question of a request that is a single one: with a form for its reply, and without tools."""
    config = body.get("generationConfig", {})
    if "responseMimeType" not in config:
        return None
    types.GenerationConfig.model_validate(config)
    if config["responseMimeType"] != "application/json" or "tools" in body:
        raise Violation("no form for the reply, or tools beside it")
    expect_strict_schema(config["responseJsonSchema"])
    (content,) = _CONTENTS.validate_python(body["contents"])
    (part,) = content.parts or []
    return str(part.text)


def _reply(content: Json, turn: int) -> Json:
    return {
        "candidates": [content if "finishReason" in content else {"content": content, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": 1000 + 100 * turn,
            "cachedContentTokenCount": 100 * turn,
            "candidatesTokenCount": 40,
            "thoughtsTokenCount": 60,
            "totalTokenCount": 1100 + 100 * turn,
        },
    }


def _read(body: Json) -> list[types.Content]:
    if unknown := set(body) - _BODY:
        raise Violation(f"unknown fields: {', '.join(sorted(unknown))}")
    try:
        contents = _CONTENTS.validate_python(body["contents"])
        tools = _TOOLS.validate_python(body["tools"])
        types.GenerationConfig.model_validate(body.get("generationConfig", {}))
    except (ValidationError, KeyError) as error:
        raise Violation(f"the request cannot be read: {error}") from error
    computer = [tool.computer_use for tool in tools if tool.computer_use]
    if len(computer) != 1 or computer[0].environment is not types.Environment.ENVIRONMENT_BROWSER:
        raise Violation("there must be one computer use tool, for a browser")
    roles = [content.role for content in contents]
    if roles != (["user", "model"] * len(roles))[: len(roles)] or len(roles) % 2 == 0:
        raise Violation(f"roles must alternate from the user's to the user's: {roles}")
    _expect_pictures(contents)
    return contents


def _expect_pictures(contents: Sequence[types.Content]) -> None:
    pictures = [_pictures(content) for content in contents if content.role == "user"]
    if len(pictures[-1]) != 1:
        raise Violation(f"the newest turn must have one picture, it has {len(pictures[-1])}")
    if sum(bool(each) for each in pictures) > MOST_PICTURES:
        raise Violation("there are pictures of more turns than the three newest")


def _pictures(content: types.Content) -> list[bytes]:
    parts = content.parts or []
    shown = [part.inline_data for part in parts if part.inline_data]
    shown += [
        part.inline_data
        for answer in (each.function_response for each in parts)
        if answer
        for part in answer.parts or ()
        if part.inline_data
    ]
    if any(picture.mime_type != "image/png" for picture in shown):
        raise Violation("pictures must be PNG")
    return [picture.data or b"" for picture in shown]


def _beginning(contents: Sequence[types.Content]) -> tuple[str, str]:
    """Return the prompt, and the address of the page that it comes with."""
    texts = [part.text for part in contents[0].parts or [] if part.text]
    address = re.search(r"https?://[^\s]+", texts[-1]) if texts else None
    if address is None:
        raise Violation("the first turn must say the task, and the page's address last")
    return texts[0], address[0]


def _expect_unchanged(contents: Sequence[Json], said: Sequence[Json]) -> None:
    returned = [content for content in contents if content["role"] == "model"]
    for number, (ours, theirs) in enumerate(zip(said, returned, strict=False)):
        if _canonical(theirs) != _canonical(ours):
            raise Violation(f"the model's turn {number} came back changed: {theirs} instead of {ours}")


def _canonical(content: Json) -> Json:
    return types.Content.model_validate(content).model_dump(exclude_none=True)


def _expect_answers(contents: Sequence[types.Content]) -> None:
    for model, user in zip(contents[1::2], contents[2::2], strict=True):
        calls = [part.function_call for part in model.parts or [] if part.function_call]
        answers = [part.function_response for part in user.parts or [] if part.function_response]
        if [(call.id, call.name) for call in calls] != [(answer.id, answer.name) for answer in answers]:
            raise Violation("every call must be answered once, in order, by its id and name")
        for call, answer in zip(calls, answers, strict=True):
            _expect_answer(call, answer.response or {})


def _expect_answer(call: types.FunctionCall, answer: Mapping[str, Any]) -> None:
    if not str(answer.get("url", "")).startswith("http"):
        raise Violation(f"the answer to {call.name} has no url")
    decision = (call.args or {}).get("safety_decision", {}).get("decision")
    if decision == "require_confirmation" and answer.get("safety_acknowledgement") != "true" and "error" not in answer:
        raise Violation(f"{call.name} had to be confirmed, and was done without an acknowledgement")
    if decision is None and "safety_acknowledgement" in answer:
        raise Violation(f"nothing was to be acknowledged about {call.name}")


def _seen(contents: Sequence[types.Content]) -> Seen:
    screenshot = _pictures(contents[-1])[0]
    with Image.open(io.BytesIO(screenshot)) as image:
        image.load()
        width, height = image.size
    answers = [part.function_response for part in contents[-1].parts or [] if part.function_response]
    responses = [answer.response or {} for answer in answers]
    url = str(responses[-1]["url"]) if responses else _beginning(contents)[1]
    problems = [str(response["error"]) for response in responses if "error" in response]
    return Seen(screenshot, width, height, url, problems)


# ------------------------------------------------------------ what the model says


def _content(said: Said, turn: int, hand: "_Hand") -> Json:
    """Return a turn of the model: a thought with its signature, text, calls."""
    signature = base64.b64encode(f"signature of turn {turn}".encode()).decode()
    parts: list[Json] = [{"text": THOUGHT, "thought": True}]
    if said.answer is not None:
        return {"role": "model", "parts": [*parts, {"text": said.answer or "Done.", "thoughtSignature": signature}]}
    if said.text:
        parts.append({"text": said.text})
    for number, action in enumerate(said.actions):
        name, args = hand.call(action)
        call = {"id": f"call-{turn}-{number}", "name": name, "args": args}
        parts.append({"functionCall": call, **({"thoughtSignature": signature} if number == 0 else {})})
    return {"role": "model", "parts": parts}


class _Hand:
    """Says canonical actions on a page of so many pixels as Gemini's functions."""

    def __init__(self, width: int, height: int, functions: Functions) -> None:
        self._width = width
        self._height = height
        self._functions = functions
        self._at = {"x": 0, "y": 0}

    def call(self, action: Action) -> tuple[str, Json]:
        if self._functions == "2.5":
            return self._call_25(action)
        name, args = self._call_3(action)
        return name, {**args, "intent": f"to {name}"}

    def _call_3(self, action: Action) -> tuple[str, Json]:
        match action:
            case Click(button="left", count=count):
                return ("click", "double_click", "triple_click")[count - 1], self._grid(action.x, action.y)
            case Click(button=button):
                return f"{button}_click", self._grid(action.x, action.y)
            case Move():
                return "move", self._grid(action.x, action.y)
            case TypeText():
                return "type", {"text": action.text}
            case PressKey():
                return "hotkey", {"keys": action.keys.split("+")}
            case Scroll():
                return "scroll", {**self._grid(action.x, action.y), **_direction(action, "magnitude_in_pixels", 1)}
            case Wait():
                return "wait", {"seconds": action.seconds}
            case Screenshot():
                return "take_screenshot", {}
            case Drag():
                (x, y), (end_x, end_y) = action.path[0], action.path[-1]
                start, end = self._grid(x, y), self._grid(end_x, end_y)
                return "drag_and_drop", {
                    "start_x": start["x"],
                    "start_y": start["y"],
                    "end_x": end["x"],
                    "end_y": end["y"],
                }
            case _:
                return self._travel(action)

    def _call_25(self, action: Action) -> tuple[str, Json]:
        match action:
            case Click():
                self._at = self._grid(action.x, action.y)
                return "click_at", self._at
            case Move():
                return "hover_at", self._grid(action.x, action.y)
            case TypeText():
                return "type_text_at", {
                    **self._at,
                    "text": action.text,
                    "press_enter": False,
                    "clear_before_typing": False,
                }
            case PressKey():
                return "key_combination", {"keys": action.keys}
            case Scroll():
                return "scroll_at", {
                    **self._grid(action.x, action.y),
                    **_direction(action, "magnitude", 1000 / self._extent(action)),
                }
            case Wait():
                return "wait_5_seconds", {}
            case Screenshot():
                return "open_web_browser", {}
            case Drag():
                start, end = self._grid(*action.path[0]), self._grid(*action.path[-1])
                return "drag_and_drop", {**start, "destination_x": end["x"], "destination_y": end["y"]}
            case _:
                return self._travel(action)

    def _travel(self, action: Action) -> tuple[str, Json]:
        if isinstance(action, Navigate):
            return "navigate", {"url": action.url}
        return f"go_{action.kind}", {}

    def _grid(self, x: int, y: int) -> Json:
        """Return the point of the grid that is nearest from the right and below."""
        return {"x": min(999, -(-x * 1000 // self._width)), "y": min(999, -(-y * 1000 // self._height))}

    def _extent(self, scroll: Scroll) -> int:
        return self._height if scroll.dy else self._width


def _direction(scroll: Scroll, name: str, factor: float) -> Json:
    amount = scroll.dy or scroll.dx
    direction = ("down" if amount > 0 else "up") if scroll.dy else ("right" if amount > 0 else "left")
    return {"direction": direction, name: round(abs(amount) * factor)}
