"""What a chat completion holds, read with suspicion: servers differ, and small models write what they like."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolldeck.agents.models.conversation import MalformedReply
from rolldeck.agents.models.suspicion import count_in, object_in
from rolldeck.domain.errors import AgentError
from rolldeck.domain.rollout import Usage

_CUT_OFF = "the reply was cut off at max_output_tokens: raise the parameter of that name"
_THOUGHT = re.compile(r"<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)", re.DOTALL)
_REASONING = ("reasoning_content", "reasoning")  # vLLM and others; the official API has neither


@dataclass(frozen=True)
class FunctionCall:
    """A call of a function; ``arguments`` is what the model wrote as their JSON. Some servers give no ``id``."""

    id: str | None
    name: str
    arguments: str


@dataclass(frozen=True)
class Said:
    """What a completion says."""

    text: str
    thoughts: str
    calls: Sequence[FunctionCall]
    usage: Usage


def read_completion(completion: Mapping[str, Any]) -> Said:
    """Return what a completion says, which may be nothing. Raises ``MalformedReply`` and ``AgentError``."""
    usage = _usage_of(completion.get("usage"))
    choices = completion.get("choices")
    choice = object_in(choices[0]) if isinstance(choices, list) and choices else {}
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise MalformedReply("the completion has no message", usage)
    match choice.get("finish_reason"):
        case "length":
            raise MalformedReply(_CUT_OFF, usage)
        case "content_filter":
            raise AgentError("the server's content filter stopped the model's reply")
    written = _string(message.get("content"))
    thoughts = [_string(message.get(name)) for name in _REASONING] + _THOUGHT.findall(written)
    return Said(
        text=_THOUGHT.sub("", written).strip() or _string(message.get("refusal")),
        thoughts="\n\n".join(thought.strip() for thought in thoughts if thought.strip()),
        calls=[_function_call(call, usage) for call in message.get("tool_calls") or []],
        usage=usage,
    )


def _function_call(call: object, usage: Usage) -> FunctionCall:
    function = object_in(object_in(call).get("function"))
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str):
        raise MalformedReply("a call of a function has no name", usage)
    written = json.dumps(arguments) if isinstance(arguments, Mapping) else _string(arguments)
    return FunctionCall(_string(object_in(call).get("id")) or None, name, written)


def _usage_of(usage: object) -> Usage:
    """Small servers leave counts out."""
    counts = object_in(usage)
    return Usage(
        input_tokens=count_in(counts, "prompt_tokens"),
        output_tokens=count_in(counts, "completion_tokens"),
        cached_tokens=count_in(object_in(counts.get("prompt_tokens_details")), "cached_tokens"),
        thinking_tokens=count_in(object_in(counts.get("completion_tokens_details")), "reasoning_tokens"),
    )


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
