"""What an answer of Gemini's API holds."""

from collections.abc import Iterable, Sequence

from google.genai import types

from rolldeck.agents.models.conversation import Call, MalformedReply
from rolldeck.domain.errors import ModelError, ModelRefused
from rolldeck.domain.usage import Usage

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


def candidate_of(response: types.GenerateContentResponse) -> types.Candidate:
    """Return what the model said. Raises ``ModelError`` where it said nothing, and ``ModelRefused`` where it was not let."""
    blocked = response.prompt_feedback.block_reason if response.prompt_feedback else None
    if blocked is not None:
        raise ModelRefused(f"Gemini's safety filters blocked the request ({blocked.value})")
    if not response.candidates:
        raise ModelError("Gemini answered without a candidate, and without a reason for that")
    return response.candidates[0]


def refuse_useless(candidate: types.Candidate, *, calls: Sequence[Call] = (), text: str, usage: Usage) -> None:
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


def text_of(parts: Iterable[types.Part]) -> str:
    """Return what parts say, each on lines of its own."""
    return "\n".join(part.text.strip() for part in parts if part.text and part.text.strip())


def usage_of(metadata: types.GenerateContentResponseUsageMetadata | None) -> Usage:
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
