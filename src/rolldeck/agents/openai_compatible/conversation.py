"""A conversation with any model that sees images and calls functions, on a server that speaks as OpenAI's does.

Source: https://developers.openai.com/api/reference/chat-completions (vLLM, Ollama, llama.cpp and others serve it, too).
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

from openai import omit
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam

from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.agents.models.conversation import Call, MalformedReply, Outcome, Reply
from rolldeck.agents.models.openai_sdk import client_of
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.openai_compatible.functions import Grid, action_of, function_tools, is_written_action, repaired
from rolldeck.agents.openai_compatible.parameters import CompatibleParameters
from rolldeck.agents.openai_compatible.replies import FunctionCall, Said, read_completion
from rolldeck.agents.port import Observation

_REMOVED = "[an older screenshot was here]"
_REMINDER = (
    "You wrote an action as text, and it was not done. Call the function of that name instead; "
    "write text only when you have finished, and only the answer."
)
_NOTHING = "You wrote nothing. Call a function, or write the answer when you have finished."

Message = dict[str, Any]


class CompatibleConversation:
    """Speaks chat completions. A call is answered in words; the page is shown in a message of the user after them."""

    def __init__(self, setup: Setup) -> None:
        parameters: CompatibleParameters = setup.parameters
        self._model = setup.model
        self._parameters = parameters
        self._transport = setup.transport
        self._client = client_of(setup)
        self._grid = Grid(None if parameters.coordinates == "pixels" else 1000)
        self._messages: list[Message] = []
        self._scale = Scale(1, 1, 1, 1)

    def begin(self, prompt: str, observation: Observation) -> None:
        """Say the task, and show the page."""
        self._show(observation, prompt, self._grid.words)

    def respond(self, outcomes: Sequence[Outcome], observation: Observation) -> None:
        """Say what became of the last reply's calls, and show the page."""
        for outcome in outcomes:
            words = "; ".join([outcome.problem or "done", *outcome.notices])
            self._messages.append({"role": "tool", "tool_call_id": outcome.call.id, "content": words})
        self._show(observation)

    async def ask(self) -> Reply:
        """Return what the model says to that. Raises ``MalformedReply``, ``ModelError`` and ``AgentError``."""
        said = read_completion(await self._transport.result_of(self._create()))
        self._remind_where_useless(said)
        calls = tuple(self._call(call, f"call_{len(self._messages)}_{index}") for index, call in enumerate(said.calls))
        self._messages.append(_as_sent(said, calls))
        return Reply(text=said.text, thoughts=said.thoughts, calls=calls, usage=said.usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._client.close()

    async def _create(self) -> Mapping[str, Any]:
        given = self._parameters
        completion = await self._client.chat.completions.create(
            model=self._model,
            messages=cast("list[ChatCompletionMessageParam]", self._messages),
            tools=cast("list[ChatCompletionToolUnionParam]", function_tools()),
            max_tokens=given.max_output_tokens,
            temperature=omit if given.temperature is None else given.temperature,
        )
        return cast("Mapping[str, Any]", completion.to_dict(mode="json", warnings=False))

    def _remind_where_useless(self, said: Said) -> None:
        """Tell a model how actions are written where it wrote one as text, or nothing. Raises ``MalformedReply`` then."""
        if said.calls or (said.text and not is_written_action(said.text)):
            return
        reminder = _REMINDER if said.text else _NOTHING
        if said.text:
            self._messages.append(_as_sent(said))
            self._messages.append({"role": "user", "content": [{"type": "text", "text": reminder}]})
        else:
            self._messages[-1]["content"].append({"type": "text", "text": reminder})
        raise MalformedReply(
            "an action was written as text, not called" if said.text else "it said nothing", said.usage
        )

    def _call(self, call: FunctionCall, id_: str) -> Call:
        """Return a call, with an id of our own where the server gave none."""
        try:
            action = action_of(call.name, call.arguments, self._grid, self._scale)
        except MalformedCall as malformed:
            return Call(call.name, call.id or id_, problem=str(malformed))
        return Call(call.name, call.id or id_, (action,))

    def _show(self, observation: Observation, *texts: str) -> None:
        """Show the page after some words; of the pictures before, only the newest stay."""
        self._scale = Scale.within(observation.width, observation.height, self._parameters.longest_side)
        size = f"{self._scale.shown_width} × {self._scale.shown_height} pixels"
        notice = [observation.notice] if observation.notice else []
        words = "\n\n".join([*texts, *notice, f"The page at {observation.url}, {size}:"])
        data = base64.b64encode(self._scale.shown(observation.screenshot)).decode()
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        self._messages.append({"role": "user", "content": [{"type": "text", "text": words}, picture]})
        self._remove_older_pictures()

    def _remove_older_pictures(self) -> None:
        showing = [message for message in self._messages if _shows(message)]
        for message in showing[: -self._parameters.screenshots]:
            message["content"] = [
                {"type": "text", "text": _REMOVED} if part["type"] == "image_url" else part
                for part in message["content"]
            ]


def _as_sent(said: Said, calls: Sequence[Call] = ()) -> Message:
    """Return a reply as it is sent back: without its thoughts, as models are trained on it, and with valid JSON."""
    message: Message = {"role": "assistant", "content": said.text or None}
    if calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": repaired(written.arguments)},
            }
            for call, written in zip(calls, said.calls, strict=True)
        ]
    return message


def _shows(message: Message) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(part["type"] == "image_url" for part in content)
