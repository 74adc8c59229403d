"""Gemini with its computer use tool, by Google's own SDK: with an API key, or through Vertex AI.

Source: https://ai.google.dev/gemini-api/docs/computer-use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from google.genai import types

from rolldeck.agents.gemini.actions import Screen, actions_of
from rolldeck.agents.gemini.client import client_of
from rolldeck.agents.gemini.parameters import GeminiParameters
from rolldeck.agents.gemini.replies import candidate_of, refuse_useless, text_of, usage_of
from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.agents.models.conversation import Call, Outcome, Reply
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.port import Observation

_PNG = "image/png"
_ACKNOWLEDGED = {"safety_acknowledgement": "true"}


class GeminiConversation:
    """A ``Conversation`` with a Gemini model. What the model said is given back unchanged, with its thoughts' signatures."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._client = client_of(setup)
        self._contents: list[types.Content] = []
        self._screen = Screen(1, 1)

    def begin(self, prompt: str, observation: Observation) -> None:
        """Say the task, and show the page."""
        image = types.Part.from_bytes(data=self._shown(observation), mime_type=_PNG)
        page = " ".join(filter(None, (f"The browser shows {observation.url}", observation.notice)))
        self._show(observation, [types.Part.from_text(text=prompt), types.Part.from_text(text=page), image])

    def respond(self, outcomes: Sequence[Outcome], observation: Observation) -> None:
        """Answer every call in one turn of the user's, the last one with the page as it is now."""
        answers = [_answer(outcome, observation) for outcome in outcomes]
        blob = types.FunctionResponseBlob(mime_type=_PNG, data=self._shown(observation))
        answers[-1].parts = [types.FunctionResponsePart(inline_data=blob)]
        self._show(observation, [types.Part(function_response=answer) for answer in answers])

    async def ask(self) -> Reply:
        """Return what the model says. Raises ``MalformedReply`` and ``ModelError``."""
        response = await self._setup.transport.result_of(
            self._client.aio.models.generate_content(
                model=self._setup.model, contents=list(self._contents), config=_config(self._setup.parameters)
            )
        )
        usage = usage_of(response.usage_metadata)
        candidate = candidate_of(response)
        content = candidate.content or types.Content()
        parts = content.parts or []
        calls = tuple(_call(part.function_call, self._screen) for part in parts if part.function_call)
        text = text_of(part for part in parts if not part.thought)
        refuse_useless(candidate, calls=calls, text=text, usage=usage)
        self._contents.append(content)
        return Reply(text=text, thoughts=text_of(part for part in parts if part.thought), calls=calls, usage=usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._setup.client.aclose()

    def _shown(self, observation: Observation) -> bytes:
        """The screenshot as large as the model is to see it: its coordinates are shares of the page, whatever the size."""
        longest = self._setup.parameters.longest_side
        return Scale.within(observation.width, observation.height, longest).shown(observation.screenshot)

    def _show(self, observation: Observation, parts: list[types.Part]) -> None:
        self._screen = Screen(observation.width, observation.height)
        self._contents.append(types.Content(role="user", parts=parts))
        shown = [content for content in self._contents if content.role == "user"]
        for content in shown[: -self._setup.parameters.screenshots]:
            _take_screenshots_from(content)


def _config(parameters: GeminiParameters) -> types.GenerateContentConfig:
    computer_use = types.ComputerUse(
        environment=types.Environment.ENVIRONMENT_BROWSER,
        enable_prompt_injection_detection=parameters.prompt_injection_detection or None,
    )
    return types.GenerateContentConfig(
        temperature=parameters.temperature,
        max_output_tokens=parameters.max_output_tokens,
        tools=[types.Tool(computer_use=computer_use)],
        thinking_config=types.ThinkingConfig(
            include_thoughts=True,
            thinking_level=types.ThinkingLevel(parameters.thinking.upper()) if parameters.thinking else None,
        ),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )


# ------------------------------------------------------------ what is said to the model


def _answer(outcome: Outcome, observation: Observation) -> types.FunctionResponse:
    response: dict[str, Any] = {"url": observation.url}
    if outcome.problem is not None:
        response["error"] = outcome.problem
    if notices := [*outcome.notices, *filter(None, [observation.notice])]:
        response["notice"] = " ".join(notices)
    if outcome.confirmed:
        response |= _ACKNOWLEDGED
    return types.FunctionResponse(id=outcome.call.id, name=outcome.call.name, response=response)


def _take_screenshots_from(content: types.Content) -> None:
    content.parts = [part for part in content.parts or [] if part.inline_data is None]
    for part in content.parts:
        if part.function_response is not None:
            part.function_response.parts = None


# ------------------------------------------------------------ what the model asks for


def _call(function_call: types.FunctionCall, screen: Screen) -> Call:
    arguments: Mapping[str, Any] = function_call.args or {}
    name = function_call.name or ""
    decision, concern = _concern(arguments.get("safety_decision"))
    intent = arguments.get("intent")
    call = Call(name, function_call.id, concern=concern, intent=intent if isinstance(intent, str) else "")
    if decision == "block":
        return replace(call, problem=f"is blocked by Gemini's safety policies: {concern}", concern=None)
    try:
        return replace(call, actions=actions_of(name, arguments, screen))
    except MalformedCall as malformed:
        return replace(call, problem=str(malformed), concern=None)


def _concern(decision: object) -> tuple[str, str | None]:
    """Return what the provider decided about a call, and why it wants a person to confirm it, or blocks it."""
    if not isinstance(decision, Mapping):
        return "", None
    said = str(decision.get("decision", "")).lower()
    if said in {"", "regular", "allowed", "allow"}:
        return said, None
    return said, str(decision.get("explanation") or "no reason is given")
