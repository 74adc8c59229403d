"""What a response of OpenAI's API holds, read with suspicion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolldeck.agents.models.conversation import MalformedReply
from rolldeck.agents.models.suspicion import count_in, object_in
from rolldeck.domain.errors import AgentError, ModelError
from rolldeck.domain.rollout import Usage

_CUT_OFF = "the reply was cut off at max_output_tokens: raise the parameter of that name"
_PASSING = frozenset({"server_error", "rate_limit_exceeded"})


@dataclass(frozen=True)
class ComputerCall:
    """A call of the computer tool; ``checks`` are to be acknowledged before it may go on."""

    id: str
    actions: Sequence[Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Said:
    """What a response says; ``output`` are its items as they came."""

    id: str
    output: Sequence[dict[str, Any]]
    text: str
    thoughts: str
    calls: Sequence[ComputerCall]
    usage: Usage


def read_response(response: Mapping[str, Any]) -> Said:
    """Return what a response says.

    Raises ``MalformedReply``, ``AgentError`` where the model refuses to go on, and ``ModelError`` where the API failed.
    """
    usage = _usage_of(response.get("usage"))
    _refuse_unfinished(response, usage)
    output, id_ = response.get("output"), response.get("id")
    if not isinstance(id_, str) or not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
        raise MalformedReply("the response has no id or no output", usage)
    parts = [part for item in output if item.get("type") == "message" for part in _objects(item.get("content"))]
    said = Said(
        id=id_,
        output=output,
        text=_joined(parts, "output_text", "text"),
        thoughts=_joined(_summaries(output), "summary_text", "text"),
        calls=[_computer_call(item, usage) for item in output if item.get("type") == "computer_call"],
        usage=usage,
    )
    _refuse_empty(said, _joined(parts, "refusal", "refusal"))
    return said


def _refuse_unfinished(response: Mapping[str, Any], usage: Usage) -> None:
    error, details = object_in(response.get("error")), object_in(response.get("incomplete_details"))
    match response.get("status"):
        case "failed" | "cancelled":
            message = f"OpenAI's API could not finish its response: {error.get('message') or error.get('code')}"
            raise (ModelError if error.get("code") in _PASSING else AgentError)(message)
        case "incomplete" if details.get("reason") == "content_filter":
            raise AgentError("OpenAI's content filter stopped the model's reply")
        case "incomplete":
            raise MalformedReply(_CUT_OFF, usage)


def _refuse_empty(said: Said, refusal: str) -> None:
    if said.calls or said.text:
        return
    if refusal:
        raise AgentError(f"the model refused to go on ({refusal})")
    raise MalformedReply("the response says nothing", said.usage)


def _computer_call(item: Mapping[str, Any], usage: Usage) -> ComputerCall:
    """The preview tool has one ``action``, the later one a list of ``actions``."""
    call_id = item.get("call_id")
    if not isinstance(call_id, str):
        raise MalformedReply("a call of the computer has no call_id", usage)
    actions = _objects(item.get("actions")) or _objects([item.get("action")])
    if not actions:
        raise MalformedReply("a call of the computer has no action", usage)
    return ComputerCall(call_id, actions, _objects(item.get("pending_safety_checks")))


def _summaries(output: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [part for item in output if item.get("type") == "reasoning" for part in _objects(item.get("summary"))]


def _joined(parts: Sequence[Mapping[str, Any]], kind: str, name: str) -> str:
    texts = (part.get(name) for part in parts if part.get("type") == kind)
    return "\n\n".join(text for text in texts if isinstance(text, str) and text.strip())


def _usage_of(usage: object) -> Usage:
    counts = object_in(usage)
    return Usage(
        input_tokens=count_in(counts, "input_tokens"),
        output_tokens=count_in(counts, "output_tokens"),
        cached_tokens=count_in(object_in(counts.get("input_tokens_details")), "cached_tokens"),
        thinking_tokens=count_in(object_in(counts.get("output_tokens_details")), "reasoning_tokens"),
    )


def _objects(values: object) -> list[Mapping[str, Any]]:
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
