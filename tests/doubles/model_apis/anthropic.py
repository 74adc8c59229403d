"""Stands for Anthropic's Messages API with computer or browser use.

Rules: https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool, .../browser-use-tool and
.../build-with-claude/preserved-thinking: roles alternate, results stand first and are complete, toolsets are echoed, failed
results hold text only, a batch ends at its first failure, what the model said comes back as it was, and few cache marks.
"""

import hashlib
import json
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any

from anthropic.types import JSONOutputFormatParam
from anthropic.types.beta import (
    BetaBrowserToolset20260801Param,
    BetaComputerToolset20260801Param,
    BetaImageBlockParam,
    BetaMessage,
    BetaTextBlockParam,
    BetaThinkingConfigAdaptiveParam,
    BetaThinkingConfigDisabledParam,
    BetaThinkingConfigEnabledParam,
    BetaToolComputerUse20250124Param,
    BetaToolComputerUse20251124Param,
    BetaToolResultBlockParam,
)
from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming

from doubles.model_apis.brain import Brains, Said
from doubles.model_apis.checked import (
    Json,
    ModelApi,
    Raw,
    conform,
    expect_strict_schema,
    png_in,
    require,
    size_of,
    text_of,
)
from doubles.model_apis.serving import Desk
from doubles.model_apis.wire import anthropic_call
from rolldeck.domain.action import Action, Screenshot

_TOOLS: dict[str, tuple[Any, str | None, str | None]] = {
    "computer_toolset_20260801": (BetaComputerToolset20260801Param, None, "computer"),
    "browser_toolset_20260801": (BetaBrowserToolset20260801Param, None, "browser"),
    "computer_20251124": (BetaToolComputerUse20251124Param, "computer-use-2025-11-24", None),
    "computer_20250124": (BetaToolComputerUse20250124Param, "computer-use-2025-01-24", None),
}
_THINKING: dict[str, Any] = {
    "adaptive": BetaThinkingConfigAdaptiveParam,
    "enabled": BetaThinkingConfigEnabledParam,
    "disabled": BetaThinkingConfigDisabledParam,
}
_HALTED = {
    "browser": "Not executed: an earlier action in this turn failed.",
    "computer": "Not executed: an earlier computer action in this turn failed.",
}
_BINDING_BETA = "thinking-binding-controls-2026-08-01"
_MOST_PICTURES = 20
_MOST_MARKS = 4
_LONGEST_SIDE = 1568

Block = dict[str, Any]


class AnthropicApi(ModelApi):
    """Said actions of a toolset in one batch that ends with a screenshot; those of the older tools one by one.

    With ``binds_thoughts`` it is a model from Claude Fable 5.1 on: a thought comes back only after what came before it.
    """

    path = "/v1/messages"

    def __init__(self, desk: Desk, brains: Brains, *, binds_thoughts: bool = False) -> None:
        super().__init__(desk, brains)
        self.dropped_thoughts = 0
        self._binds_thoughts = binds_thoughts
        self._number = count(1)
        self._said: list[list[Block]] = []
        self._prefix_of: dict[str, str] = {}
        self._left: deque[Action] = deque()

    # ------------------------------------------------------------ what is asked

    def question_in(self, body: Json) -> str | None:
        if "format" not in body.get("output_config", {}):
            return None
        known = MessageCreateParamsNonStreaming.__required_keys__ | MessageCreateParamsNonStreaming.__optional_keys__
        require(set(body) <= known, f"unknown parameters: {set(body) - known}")
        require(body.get("model") and body.get("max_tokens") and "tools" not in body, "no single question")
        conform(body["output_config"]["format"], JSONOutputFormatParam, "output_config.format")
        expect_strict_schema(body["output_config"]["format"]["schema"])
        (message,) = body["messages"]
        require(message["role"] == "user" and isinstance(message["content"], str), "no question of the user's")
        return str(message["content"])

    def check(self, body: dict[str, Any], headers: Mapping[str, str]) -> bytes:
        known = MessageCreateParamsNonStreaming.__required_keys__ | MessageCreateParamsNonStreaming.__optional_keys__
        require(set(body) <= known, f"unknown parameters: {set(body) - known}")
        require(headers.get("anthropic-version") == "2026-10-21", "another version of the API")
        require(body.get("model") and body.get("max_tokens"), "no model or no max_tokens")
        betas = set(filter(None, headers.get("anthropic-beta", "").split(",")))
        family = self._check_tool(body, betas)
        self._check_thinking(body, betas)
        messages = body["messages"]
        self._check_order(messages)
        self._check_what_was_said(messages, body)
        for index in range(0, len(messages), 2):
            before = messages[index - 1]["content"] if index else []
            self._check_user(messages[index]["content"], before, family, is_newest=index == len(messages) - 1)
        marks = json.dumps(body).count('"cache_control"')
        require(0 < marks <= _MOST_MARKS, f"{marks} cache marks")
        return self._newest_screenshot(messages)

    def _check_tool(self, body: dict[str, Any], betas: set[str]) -> str | None:
        require(len(body.get("tools", [])) == 1, "there must be one tool")
        tool = body["tools"][0]
        require(tool.get("type") in _TOOLS, f"unknown tool {tool.get('type')}")
        type_, beta, family = _TOOLS[tool["type"]]
        conform(tool, type_, "tools[0]")
        wanted = {beta} - {None}
        require(betas - {_BINDING_BETA} == wanted, f"beta headers {betas} for {tool['type']}")
        return family

    def _check_thinking(self, body: dict[str, Any], betas: set[str]) -> None:
        thinking = body.get("thinking")
        if thinking is None:
            return
        require(thinking.get("type") in _THINKING, f"unknown kind of thinking {thinking.get('type')}")
        conform(thinking, _THINKING[thinking["type"]], "thinking")
        if thinking["type"] == "enabled":
            require(1024 <= thinking["budget_tokens"] < body["max_tokens"], "the budget does not fit into max_tokens")
        if "block_binding" in thinking:
            require(_BINDING_BETA in betas, "block_binding needs its beta header")
            require(self._binds_thoughts, "this model knows no block_binding")

    def _check_order(self, messages: list[dict[str, Any]]) -> None:
        roles = [message["role"] for message in messages]
        require(roles[::2] == ["user"] * len(roles[::2]), f"the user does not begin or alternate: {roles}")
        require(roles[1::2] == ["assistant"] * len(roles[1::2]), f"roles do not alternate: {roles}")

    def _check_what_was_said(self, messages: list[dict[str, Any]], body: dict[str, Any]) -> None:
        """What the model said comes back as it was, signatures and all, and in its order."""
        came_back = [message["content"] for message in messages if message["role"] == "assistant"]
        require(came_back == self._said, "what the model said does not come back as it was")
        if not self._binds_thoughts:
            return
        for index, message in enumerate(messages):
            for block in message["content"]:
                if block["type"] != "thinking" or self._prefix_of[block["signature"]] == _hash(messages[:index]):
                    continue
                binding = body.get("thinking", {}).get("block_binding", {})
                self.dropped_thoughts += 1
                require(
                    binding.get("prefix_mismatch_behavior") == "drop_block",
                    f"messages.{index}.content.0: Invalid `signature` in `thinking` block. The block is bound to a different "
                    'conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".',
                )

    def _check_user(self, content: list[Block], said: list[Block], family: str | None, *, is_newest: bool) -> None:
        uses = [block for block in said if block["type"] == "tool_use"]
        results = content[: len(uses)]
        require([block["type"] for block in results] == ["tool_result"] * len(uses), "results are missing or not first")
        require(
            [block["tool_use_id"] for block in results] == [use["id"] for use in uses], "results are not those of uses"
        )
        for block in content[len(uses) :]:
            self._check_shown(block)
        for result, use in zip(results, uses, strict=True):
            self._check_result(result, use, family)
            member = use["name"] if family else use["input"].get("action")
            if is_newest and member in {"screenshot", "zoom"} and not result.get("is_error"):
                require(any(block["type"] == "image" for block in result["content"]), f"no picture for {member}")
        self._check_halt(results, family)

    def _check_result(self, result: Block, use: Block, family: str | None) -> None:
        conform(result, BetaToolResultBlockParam, "tool_result")
        require(result.get("toolset_name") == family == use.get("toolset_name"), "the toolset is not echoed")
        for block in result["content"]:
            if block["type"] == "browser_state":
                require(family == "browser" and not result.get("is_error"), "no place for a browser_state")
                require([tab["active"] for tab in block["tabs"]].count(True) == 1, "not one active tab")
                continue
            self._check_shown(block)
            require(block["type"] == "text" or not result.get("is_error"), "a failed result must hold text only")

    def _check_halt(self, results: list[Block], family: str | None) -> None:
        failed = [index for index, result in enumerate(results) if result.get("is_error")]
        if failed:
            require(failed == list(range(failed[0], len(results))), "a call after a failed one was done")
            words = [result["content"][0]["text"] for result in results[failed[0] + 1 :]]
            require(set(words) <= {_HALTED[family or "computer"]}, f"a halted call is not told so: {words}")

    def _check_shown(self, block: Block) -> None:
        require(block["type"] in {"text", "image"}, f"a {block['type']} shown to the model")
        conform(block, BetaTextBlockParam if block["type"] == "text" else BetaImageBlockParam, block["type"])
        if block["type"] == "image":
            longest = max(size_of(png_in(block["source"]["data"], "a picture")))
            require(longest <= _LONGEST_SIDE, f"a picture has {longest} pixels on a side")

    def _newest_screenshot(self, messages: list[dict[str, Any]]) -> bytes:
        pictures = [
            block["source"]["data"]
            for message in messages
            if message["role"] == "user"
            for outer in message["content"]
            for block in (outer, *(outer.get("content", ()) if outer["type"] == "tool_result" else ()))
            if block["type"] == "image"
        ]
        require(0 < len(pictures) <= _MOST_PICTURES, f"{len(pictures)} pictures")
        return png_in(pictures[-1], "the newest picture")

    # ------------------------------------------------------------ what is said

    async def decide(self, body: Json, screenshot: bytes) -> Said | Raw:
        """The older tools have one action at a time here: what a brain says beyond it is kept for the next turns."""
        if self._left:
            return Said(actions=(self._left.popleft(),))
        return await super().decide(body, screenshot)

    def reply(self, said: Said | Raw, body: dict[str, Any]) -> dict[str, Any]:
        fields = said.fields if isinstance(said, Raw) else self._message(said, body)
        message = {
            "id": f"msg_{next(self._number)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {
                "input_tokens": 300,
                "cache_creation_input_tokens": 100,
                "cache_read_input_tokens": 600,
                "output_tokens": 50,
                "output_tokens_details": {"thinking_tokens": 20},
            },
            **fields,
        }
        if isinstance(said, Said):
            BetaMessage.model_validate(message)
        if "tools" in body:
            self._remember(message, body["messages"])
        return message

    def _message(self, said: Said, body: dict[str, Any]) -> dict[str, Any]:
        content: list[Block] = []
        if said.thoughts:
            signature = f"sig-{next(self._number)}"
            content.append({"type": "thinking", "thinking": said.thoughts, "signature": signature})
        if text_of(said):
            content.append({"type": "text", "text": text_of(said)})
        _, _, family = _TOOLS[body["tools"][0]["type"]] if "tools" in body else (None, None, None)
        actions = said.actions
        if actions and family is None:
            self._left.extend(actions[1:])
            actions = actions[:1]
        elif actions and not isinstance(actions[-1], Screenshot):
            actions = (*actions, Screenshot())
        content += [self._tool_use(action, family) for action in actions]
        return {"content": content, "stop_reason": "tool_use" if actions else "end_turn"}

    def _tool_use(self, action: Action, family: str | None) -> Block:
        name, given = anthropic_call(action, browser=family == "browser")
        use = {"type": "tool_use", "id": f"toolu_{next(self._number)}"}
        if family is None:
            return {**use, "name": "computer", "input": {"action": name, **given}}
        return {**use, "name": name, "input": given, "toolset_name": family}

    def _remember(self, message: dict[str, Any], asked: list[dict[str, Any]]) -> None:
        """A message that nobody can make use of does not come back; one after a pause belongs to the one before."""
        of_use = message["content"] and isinstance(message["content"], list)
        if message["stop_reason"] in {"max_tokens", "refusal"} or not of_use:
            return
        for block in message["content"]:
            if block["type"] == "thinking":
                self._prefix_of[block["signature"]] = _hash(asked)
        if asked[-1]["role"] == "assistant":
            self._said[-1] = [*self._said[-1], *message["content"]]
        else:
            self._said.append(message["content"])


def _hash(messages: list[dict[str, Any]]) -> str:
    """Return what messages are known by; cache marks and thoughts do not count."""
    return hashlib.sha256(json.dumps(_bare(messages)).encode()).hexdigest()


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [_bare(inner) for inner in value if not (isinstance(inner, dict) and inner.get("type") == "thinking")]
    return value
