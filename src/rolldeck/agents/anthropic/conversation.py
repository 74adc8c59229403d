"""A conversation with one of Anthropic's models that uses a computer or a browser.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool
"""

import base64
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from anthropic import omit
from anthropic.types.beta import BetaMessageParam, BetaThinkingConfigParam, BetaToolUnionParam

from rolldeck.agents.anthropic.actions import LOOKS, Screen, actions_of, pointer_after, zoomed_region
from rolldeck.agents.anthropic.client import client_of
from rolldeck.agents.anthropic.history import Block, History
from rolldeck.agents.anthropic.parameters import AnthropicParameters
from rolldeck.agents.anthropic.replies import Said, ToolUse, read_message
from rolldeck.agents.anthropic.tools import VARIANTS
from rolldeck.agents.models.arguments import Arguments, MalformedCall, Point
from rolldeck.agents.models.conversation import Call, Outcome, Reply
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.port import Observation
from rolldeck.domain.errors import AgentError, ModelRefused
from rolldeck.domain.rollout import Usage

_DEFAULT_TOOL = "computer_toolset_20260801"
_MOST_PAUSES = 10
_BINDING = "prefix_mismatch_behavior"
_BINDING_BETA = "thinking-binding-controls-2026-08-01"


@dataclass(frozen=True)
class _Asked:
    """A call, the use of the tool that it came from, and what it is told where that is more than that it was done."""

    call: Call
    use: ToolUse
    told: str | None = None


class AnthropicConversation:
    """Speaks the Messages API. A reply's calls are done in order; those that follow a screenshot, after that was taken.

    A model that asks for a screenshot between two actions means what the page shows then: such a reply is taken in
    parts, each of which ends with a look.
    """

    def __init__(self, setup: Setup) -> None:
        parameters: AnthropicParameters = setup.parameters
        self._model = setup.model
        self._parameters = parameters
        self._transport = setup.transport
        self._variant = VARIANTS[parameters.tool or (setup.known and setup.known.tool) or _DEFAULT_TOOL]
        self._client = client_of(setup)
        self._history = History(parameters.screenshots, parameters.screenshots_slack)
        self._parts: deque[list[_Asked]] = deque()
        self._answers: list[Block] = []
        self._drops_unbound_thoughts = False
        self._screen = Screen(Point(0, 0), "", Scale(1, 1, 1, 1))

    def begin(self, prompt: str, observation: Observation) -> None:
        """Say the task, and show the page."""
        self._look(observation)
        self._history.user_says([_text(prompt), _picture(self._shown(observation))])

    def respond(self, outcomes: Sequence[Outcome], observation: Observation) -> None:
        """Say what became of the last part's calls; after the last part, or a failure, of all of the reply's."""
        self._look(observation)
        asked = self._parts.popleft()
        for one, outcome in zip(asked, outcomes, strict=True):
            self._answers.append(self._answer(one, outcome, observation))
        if any(answer.get("is_error") for answer in self._answers):
            skipped = [one for part in self._parts for one in part]
            self._answers += [self._result(one.use, [_text(self._variant.halted)], failed=True) for one in skipped]
            self._parts.clear()
        if not self._parts:
            self._show_the_end(asked[-1], observation)
            self._history.user_says(self._answers)
            self._answers = []

    async def ask(self) -> Reply:
        """Return what the model says to that, part by part. Raises ``MalformedReply``, ``ModelError``, ``AgentError``."""
        if self._parts:
            return Reply(calls=tuple(one.call for one in self._parts[0]))
        said = await self._said()
        self._history.model_says(said.content)
        self._parts = deque(_parts_of(self._asked_by(said)))
        calls = tuple(one.call for one in self._parts[0]) if self._parts else ()
        return Reply(text=said.text, thoughts=said.thoughts, calls=calls, usage=said.usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._client.close()

    # ------------------------------------------------------------ requests

    async def _said(self) -> Said:
        """Return a finished message; one that paused goes on when it is sent back."""
        usage = Usage()
        for _ in range(_MOST_PAUSES):
            said = read_message(await self._request())
            usage = usage.with_tokens_of(said.usage)
            if not said.is_paused:
                return replace(said, usage=usage)
            self._history.model_says(said.content)
        raise AgentError(f"the model's reply paused {_MOST_PAUSES} times and never ended")

    async def _request(self) -> Mapping[str, Any]:
        """Return the API's message. Where its thoughts depended on a removed screenshot, they are dropped from then on.

        Models from Claude Fable 5.1 on are strict about that, and earlier ones know no such parameter:
        https://platform.claude.com/docs/en/build-with-claude/preserved-thinking
        """
        try:
            return await self._transport.result_of(self._create())
        except ModelRefused as refusal:
            if self._drops_unbound_thoughts or _BINDING not in str(refusal):
                raise
        self._drops_unbound_thoughts = True
        return await self._transport.result_of(self._create())

    async def _create(self) -> Mapping[str, Any]:
        given = self._parameters
        betas = [*self._variant.betas, *([_BINDING_BETA] if self._drops_unbound_thoughts else [])]
        message = await self._client.beta.messages.create(
            model=self._model,
            max_tokens=given.max_output_tokens,
            messages=cast("list[BetaMessageParam]", self._history.to_send()),
            tools=[cast("BetaToolUnionParam", self._variant.declaration(self._screen.scale))],
            betas=betas or omit,
            thinking=cast("BetaThinkingConfigParam | None", self._thinking()) or omit,
            output_config={"effort": given.effort} if given.effort else omit,
        )
        return cast("Mapping[str, Any]", message.to_dict(mode="json", warnings=False))

    def _thinking(self) -> dict[str, Any] | None:
        how = self._parameters.thinking
        if how is None and (self._variant.family or self._drops_unbound_thoughts):
            how = "adaptive"
        if how is None or how == "disabled":
            return None if how is None else {"type": "disabled"}
        thinking: dict[str, Any] = (
            {"type": "adaptive"} if how == "adaptive" else {"type": "enabled", "budget_tokens": how}
        )
        thinking["display"] = "summarized"
        if self._drops_unbound_thoughts:
            thinking["block_binding"] = {_BINDING: "drop_block"}
        return thinking

    # ------------------------------------------------------------ calls

    def _asked_by(self, said: Said) -> Iterator[_Asked]:
        """Return the calls of a message in their order; where one does not say where, it is where the last one ended."""
        for use in said.uses:
            told = None
            try:
                if use.family != self._variant.family:
                    raise MalformedCall(f"there is no tool that {use.member!r} is an action of")
                actions = actions_of(use.member, use.input, self._screen)
                call = Call(use.member, use.id, actions)
                for action in actions:
                    self._screen = replace(self._screen, pointer=pointer_after(action, self._screen.pointer))
            except MalformedCall as malformed:
                call = Call(use.member, use.id, problem=str(malformed))
            if use.member == "cursor_position":
                told = "{}, {}".format(*self._screen.scale.to_shown(self._screen.pointer))
            yield _Asked(call, use, told)

    # ------------------------------------------------------------ answers

    def _answer(self, asked: _Asked, outcome: Outcome, observation: Observation) -> Block:
        """Return the result of a call; of one after a failed one, the words that the protocol has for that."""
        if any(answer.get("is_error") for answer in self._answers):
            return self._result(asked.use, [_text(self._variant.halted)], failed=True)
        if outcome.problem is not None:
            return self._result(asked.use, [_text(outcome.problem)], failed=True)
        notices = [_text(notice) for notice in outcome.notices]
        match asked.use.member:
            case "screenshot":
                return self._result(asked.use, [*notices, _picture(self._shown(observation))])
            case "zoom":
                region = zoomed_region(Arguments("zoom", asked.use.input), self._screen.scale)
                enlarged = self._screen.scale.enlarged(observation.screenshot, region)
                return self._result(asked.use, [*notices, _picture(enlarged)])
        return self._result(asked.use, [_text(asked.told or "OK"), *notices])

    def _result(self, use: ToolUse, content: list[Block], *, failed: bool = False) -> Block:
        result: Block = {"type": "tool_result", "tool_use_id": use.id, "content": content}
        if use.family is not None:
            result["toolset_name"] = use.family
        if failed:
            result["is_error"] = True
        return result

    def _show_the_end(self, last: _Asked, observation: Observation) -> None:
        """Show the page after all calls, unless the last one was to look; a failed call's result can hold no picture."""
        result = self._answers[-1]
        failed = result.get("is_error", False)
        shown = self._answers if failed else result["content"]
        if observation.notice:
            shown.append(_text(observation.notice))
        if not failed and self._variant.family == "browser":
            shown.append(_tabs(observation.url))
        if failed or last.use.member not in LOOKS:
            shown.append(_picture(self._shown(observation)))

    def _look(self, observation: Observation) -> None:
        scale = Scale.within(observation.width, observation.height, self._parameters.longest_side)
        self._screen = Screen(self._screen.pointer, observation.url, scale)

    def _shown(self, observation: Observation) -> bytes:
        return self._screen.scale.shown(observation.screenshot)


def _parts_of(asked: Iterator[_Asked]) -> Iterator[list[_Asked]]:
    """Return calls in parts that end with a look."""
    part: list[_Asked] = []
    for one in asked:
        part.append(one)
        if one.use.member in LOOKS:
            yield part
            part = []
    if part:
        yield part


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _picture(png: bytes) -> Block:
    data = base64.b64encode(png).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def _tabs(url: str) -> Block:
    return {"type": "browser_state", "tabs": [{"tab_id": "1", "title": "", "url": url, "active": True}]}
