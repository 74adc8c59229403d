"""What a message of Anthropic's API holds, read with suspicion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolldeck.agents.models.conversation import MalformedReply
from rolldeck.agents.models.suspicion import count_in
from rolldeck.domain.errors import AgentError
from rolldeck.domain.rollout import Usage

_CUT_OFF = "the reply was cut off at max_output_tokens: raise the parameter of that name"


@dataclass(frozen=True)
class ToolUse:
    """A call of a tool. ``member`` names the action, whichever variant of the tool it is of."""

    id: str
    family: str | None
    member: str
    input: Mapping[str, object]


@dataclass(frozen=True)
class Said:
    """What a message says; ``content`` is to be sent back as it is."""

    content: list[dict[str, Any]]
    text: str
    thoughts: str
    uses: Sequence[ToolUse]
    usage: Usage
    is_paused: bool


def read_message(message: Mapping[str, Any]) -> Said:
    """Return what a message says. Raises ``MalformedReply``, and ``AgentError`` where the model refuses to go on."""
    usage = _usage_of(message.get("usage"))
    _refuse_unfinished(message, usage)
    content = message.get("content")
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise MalformedReply("the reply has no content", usage)
    said = Said(
        content=content,
        text=_joined(content, "text"),
        thoughts=_joined(content, "thinking"),
        uses=[_tool_use(block, usage) for block in content if block.get("type") == "tool_use"],
        usage=usage,
        is_paused=message.get("stop_reason") == "pause_turn",
    )
    if not said.uses and not said.text.strip() and not said.is_paused:
        raise MalformedReply("the reply says nothing", usage)
    return said


def _refuse_unfinished(message: Mapping[str, Any], usage: Usage) -> None:
    match message.get("stop_reason"):
        case "max_tokens":
            raise MalformedReply(_CUT_OFF, usage)
        case "refusal":
            details = message.get("stop_details")
            why = details.get("explanation") or details.get("category") if isinstance(details, Mapping) else None
            raise AgentError(f"the model refused to go on ({why or 'it does not say why'})")
        case "model_context_window_exceeded":
            raise AgentError("the conversation has become longer than the model's context: show it fewer screenshots")


def _joined(content: Sequence[Mapping[str, Any]], kind: str) -> str:
    """Return the texts of blocks of a kind, which hold them under its name."""
    texts = (block.get(kind) for block in content if block.get("type") == kind)
    return "\n\n".join(text for text in texts if isinstance(text, str) and text.strip())


def _tool_use(block: Mapping[str, Any], usage: Usage) -> ToolUse:
    id_, name, family = block.get("id"), block.get("name"), block.get("toolset_name")
    if not isinstance(id_, str) or not isinstance(name, str):
        raise MalformedReply("a call of a tool has no id or no name", usage)
    given = block.get("input")
    values = given if isinstance(given, Mapping) else {}
    if family is not None or name != "computer":
        return ToolUse(id_, str(family) if family is not None else None, name, values)
    return ToolUse(id_, None, str(values.get("action")), values)


def _usage_of(usage: object) -> Usage:
    """The API counts what it wrote to and read from its cache beside the input; here they are among it."""
    counts = usage if isinstance(usage, Mapping) else {}
    details = counts.get("output_tokens_details")
    cached = count_in(counts, "cache_read_input_tokens")
    return Usage(
        input_tokens=count_in(counts, "input_tokens") + count_in(counts, "cache_creation_input_tokens") + cached,
        output_tokens=count_in(counts, "output_tokens"),
        cached_tokens=cached,
        thinking_tokens=count_in(details if isinstance(details, Mapping) else {}, "thinking_tokens"),
    )
