"""Gemini with its computer use tool, by Google's own SDK: with an API key, or through Vertex AI.

Source: https://ai.google.dev/gemini-api/docs/computer-use.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx2
from google import genai
from google.genai import types

from rolldeck.agents.gemini.actions import Screen, actions_of
from rolldeck.agents.gemini.parameters import GeminiParameters
from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.agents.models.conversation import Call, MalformedReply, Outcome, Reply
from rolldeck.agents.models.network import ssl_context
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.port import Observation
from rolldeck.domain.errors import ModelError, ModelRefused
from rolldeck.domain.rollout import Usage

_PNG = "image/png"
_ACKNOWLEDGED = {"safety_acknowledgement": "true"}

_OF_NO_USE = frozenset(
    {
        types.FinishReason.MALFORMED_FUNCTION_CALL,
        types.FinishReason.UNEXPECTED_TOOL_CALL,
        types.FinishReason.TOO_MANY_TOOL_CALLS,
        types.FinishReason.MALFORMED_RESPONSE,
        types.FinishReason.MAX_TOKENS,
    }
)
_HARMLESS = frozenset(
    {
        None,
        types.FinishReason.FINISH_REASON_UNSPECIFIED,
        types.FinishReason.STOP,
        types.FinishReason.OTHER,
        types.FinishReason.CONTINUATION,
    }
)


class GeminiConversation:
    """A ``Conversation`` with a Gemini model. What the model said is given back unchanged, with its thoughts' signatures."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._client = _client(setup)
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
        usage = _usage(response.usage_metadata)
        candidate = _candidate(response)
        content = candidate.content or types.Content()
        parts = content.parts or []
        calls = tuple(_call(part.function_call, self._screen) for part in parts if part.function_call)
        text = _text(part for part in parts if not part.thought)
        _refuse_useless(candidate, calls, text, usage)
        self._contents.append(content)
        return Reply(text=text, thoughts=_text(part for part in parts if part.thought), calls=calls, usage=usage)

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


def _client(setup: Setup) -> genai.Client:
    """Return Google's client on our own transport. Its other ways out are never used, and given what they need to be cheap."""
    access, context = setup.access, ssl_context()
    options = types.HttpOptions(
        base_url=access.base_url,
        httpx_async_client=setup.client,
        httpx_client=httpx2.Client(verify=context),
        async_client_args={"ssl": context},
    )
    if (project := access.option("project")) is not None:
        return genai.Client(vertexai=True, project=project, location=access.option("location"), http_options=options)
    key = access.key.get_secret_value() if access.key else None
    return genai.Client(vertexai=False, api_key=key, http_options=options)


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


# ------------------------------------------------------------ what the model says


def _candidate(response: types.GenerateContentResponse) -> types.Candidate:
    """Return what the model said. Raises ``ModelError`` where it said nothing, and ``ModelRefused`` where it was not let."""
    blocked = response.prompt_feedback.block_reason if response.prompt_feedback else None
    if blocked is not None:
        raise ModelRefused(f"Gemini's safety filters blocked the request ({blocked.value})")
    if not response.candidates:
        raise ModelError("Gemini answered without a candidate, and without a reason for that")
    return response.candidates[0]


def _refuse_useless(candidate: types.Candidate, calls: Sequence[Call], text: str, usage: Usage) -> None:
    """Raise ``MalformedReply`` where there is nothing to act on, and ``ModelRefused`` where the reply was withheld."""
    reason = candidate.finish_reason
    said = f" ({candidate.finish_message})" if candidate.finish_message else ""
    if reason is types.FinishReason.MAX_TOKENS:
        raise MalformedReply("it was cut off: more max_output_tokens are needed", usage)
    if reason in _OF_NO_USE and not calls:
        raise MalformedReply(f"{reason.value if reason else reason}{said}", usage)
    if reason not in _HARMLESS and reason not in _OF_NO_USE:
        raise ModelRefused(f"Gemini withheld the reply: {reason.value if reason else reason}{said}")
    if not calls and not text:
        raise MalformedReply("it has neither text nor calls", usage)


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


def _text(parts: Iterable[types.Part]) -> str:
    return "\n".join(part.text.strip() for part in parts if part.text and part.text.strip())


def _usage(metadata: types.GenerateContentResponseUsageMetadata | None) -> Usage:
    """Return the tokens of a request. Thoughts are counted beside the candidates' tokens, and paid like them."""
    if metadata is None:
        return Usage()
    thinking = metadata.thoughts_token_count or 0
    return Usage(
        input_tokens=(metadata.prompt_token_count or 0) + (metadata.tool_use_prompt_token_count or 0),
        output_tokens=(metadata.candidates_token_count or 0) + thinking,
        cached_tokens=metadata.cached_content_token_count or 0,
        thinking_tokens=thinking,
    )
