"""A conversation with one of OpenAI's models that uses a computer.

Source: https://developers.openai.com/api/docs/guides/tools-computer-use
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

from openai import omit
from openai.types.responses import ToolParam

from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.agents.models.conversation import Call, Outcome, Reply
from rolldeck.agents.models.openai_sdk import client_of
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.openai.actions import actions_of
from rolldeck.agents.openai.parameters import OpenAIParameters
from rolldeck.agents.openai.replies import ComputerCall, read_response
from rolldeck.agents.openai.thread import Item, Thread
from rolldeck.agents.port import Observation

_DEFAULT_TOOL = "computer"
_PREVIEW = "computer_use_preview"


class OpenAIConversation:
    """Speaks the Responses API. A call is answered with a screenshot; what that does not show is said in words beside it.

    A call whose safety checks were not confirmed cannot be answered at all. It is taken back: the conversation goes on
    from before it, and the model is told why.
    """

    def __init__(self, setup: Setup) -> None:
        parameters: OpenAIParameters = setup.parameters
        self._model = setup.model
        self._parameters = parameters
        self._transport = setup.transport
        self._tool = parameters.tool or (setup.known and setup.known.tool) or _DEFAULT_TOOL
        self._client = client_of(setup)
        self._thread = Thread(stored=parameters.store)
        self._calls: Sequence[ComputerCall] = ()
        self._scale = Scale(1, 1, 1, 1)

    def begin(self, prompt: str, observation: Observation) -> None:
        """Say the task, and show the page."""
        self._look(observation)
        self._thread.add([_user_message(prompt, self._picture(observation))])

    def respond(self, outcomes: Sequence[Outcome], observation: Observation) -> None:
        """Say what became of the last reply's calls, and show the page."""
        self._look(observation)
        answered = list(zip(self._calls, outcomes, strict=True))
        if any(call.checks and not outcome.confirmed for call, outcome in answered):
            self._thread.take_back()
            words = [_words(outcome) for outcome in outcomes]
            self._thread.add([_user_message(_lines(*words, observation.notice), self._picture(observation))])
            return
        self._thread.add([self._output(call, outcome, observation) for call, outcome in answered])
        words = [_words(outcome) for outcome in outcomes if outcome.problem or outcome.notices]
        if words or observation.notice:
            self._thread.add([_user_message(_lines(*words, observation.notice))])

    async def ask(self) -> Reply:
        """Return what the model says to that. Raises ``MalformedReply``, ``ModelError`` and ``AgentError``."""
        said = read_response(await self._transport.result_of(self._create()))
        self._thread.take(said.id, said.output)
        self._calls = said.calls
        calls = tuple(self._call(call) for call in said.calls)
        return Reply(text=said.text, thoughts=said.thoughts, calls=calls, usage=said.usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._client.close()

    async def _create(self) -> Mapping[str, Any]:
        given = self._parameters
        reasoning = {"effort": given.effort, "summary": given.summary}
        response = await self._client.responses.create(
            model=self._model,
            tools=[cast("ToolParam", self._declaration())],
            max_output_tokens=given.max_output_tokens,
            reasoning=cast("Any", {name: value for name, value in reasoning.items() if value is not None}) or omit,
            temperature=omit if given.temperature is None else given.temperature,
            truncation="auto",
            **self._thread.to_send(),
        )
        return cast("Mapping[str, Any]", response.to_dict(mode="json", warnings=False))

    def _declaration(self) -> dict[str, Any]:
        if self._tool != _PREVIEW:
            return {"type": self._tool}
        width, height = self._scale.shown_width, self._scale.shown_height
        return {"type": _PREVIEW, "display_width": width, "display_height": height, "environment": "browser"}

    def _call(self, call: ComputerCall) -> Call:
        names = ", ".join(str(action.get("type")) for action in call.actions)
        try:
            actions = tuple(done for action in call.actions for done in actions_of(action, self._scale))
        except MalformedCall as malformed:
            return Call(names, call.id, problem=str(malformed))
        concern = "; ".join(_check_words(check) for check in call.checks) or None
        return Call(names, call.id, actions, concern=concern)

    def _output(self, call: ComputerCall, outcome: Outcome, observation: Observation) -> Item:
        screenshot: Item = {"type": "computer_screenshot", "image_url": self._picture(observation)}
        if self._tool != _PREVIEW:
            screenshot["detail"] = "original"  # coordinates are those of the picture as it was sent
        output: Item = {"type": "computer_call_output", "call_id": call.id, "output": screenshot}
        if outcome.confirmed:
            output["acknowledged_safety_checks"] = list(call.checks)
        return output

    def _look(self, observation: Observation) -> None:
        self._scale = Scale.within(observation.width, observation.height, self._parameters.longest_side)

    def _picture(self, observation: Observation) -> str:
        return "data:image/png;base64," + base64.b64encode(self._scale.shown(observation.screenshot)).decode()


def _user_message(text: str, picture: str | None = None) -> Item:
    content: list[Item] = [{"type": "input_text", "text": text}]
    if picture is not None:
        content.append({"type": "input_image", "image_url": picture, "detail": "high"})
    return {"role": "user", "content": content}


def _lines(*lines: str | None) -> str:
    return "\n".join(line for line in lines if line)


def _words(outcome: Outcome) -> str:
    return f"{outcome.call.name}: {'; '.join([outcome.problem or 'done', *outcome.notices])}"


def _check_words(check: Mapping[str, Any]) -> str:
    return ": ".join(str(check[name]) for name in ("code", "message") if check.get(name)) or "a safety check"
