"""Stands for a server that speaks as OpenAI's chat completions do, such as vLLM or Ollama.

Rules: https://developers.openai.com/api/reference/chat-completions, and what vLLM and Ollama are strict about: every call is
answered right after it, arguments come back as JSON, thoughts do not come back, and there are few pictures.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionFunctionToolParam,
    ChatCompletionToolMessageParam,
    ChatCompletionUserMessageParam,
)
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.shared_params import ResponseFormatJSONSchema

from doubles.model_apis.brain import Brains, Said
from doubles.model_apis.checked import ModelApi, Raw, conform, expect_strict_schema, png_of_data_uri, require, text_of
from doubles.model_apis.serving import Desk

_MESSAGES: dict[str, Any] = {
    "user": ChatCompletionUserMessageParam,
    "assistant": ChatCompletionAssistantMessageParam,
    "tool": ChatCompletionToolMessageParam,
}


class ChatApi(ModelApi):
    """Said an action in one call each, with its thoughts in a field of their own."""

    path = "/v1/chat/completions"

    def __init__(self, desk: Desk, brains: Brains, *, most_pictures: int = 3) -> None:
        super().__init__(desk, brains)
        self._most_pictures = most_pictures
        self._number = count(1)

    def question_in(self, body: dict[str, Any]) -> str | None:
        if "response_format" not in body:
            return None
        known = (
            CompletionCreateParamsNonStreaming.__required_keys__ | CompletionCreateParamsNonStreaming.__optional_keys__
        )
        require(set(body) <= known and "tools" not in body, "no single question")
        conform(body["response_format"], ResponseFormatJSONSchema, "response_format")
        expect_strict_schema(body["response_format"]["json_schema"]["schema"])
        (message,) = body["messages"]
        conform(message, ChatCompletionUserMessageParam, "a message of user")
        return str(message["content"])

    def check(self, body: dict[str, Any], headers: Mapping[str, str]) -> bytes:
        known = (
            CompletionCreateParamsNonStreaming.__required_keys__ | CompletionCreateParamsNonStreaming.__optional_keys__
        )
        require(set(body) <= known, f"unknown parameters: {set(body) - known}")
        for tool in body["tools"]:
            conform(tool, ChatCompletionFunctionToolParam, "tools")
        waiting: list[str] = []
        for message in body["messages"]:
            require(message.get("role") in _MESSAGES, f"a message of {message.get('role')}")
            conform(message, _MESSAGES[message["role"]], f"a message of {message['role']}")
            waiting = self._check_calls(message, waiting)
        require(
            body["messages"][0]["role"] == body["messages"][-1]["role"] == "user", "the user does not begin and end"
        )
        pictures = [
            part["image_url"]["url"]
            for message in body["messages"]
            if message["role"] == "user"
            for part in message["content"]
            if part["type"] == "image_url"
        ]
        require(0 < len(pictures) <= self._most_pictures, f"{len(pictures)} pictures")
        return [png_of_data_uri(uri, "a picture") for uri in pictures][-1]

    def _check_calls(self, message: dict[str, Any], waiting: list[str]) -> list[str]:
        """Return the calls that wait for an answer after a message; all are answered before anything else is said."""
        if message["role"] == "tool":
            require(message["tool_call_id"] in waiting, f"no call {message['tool_call_id']} waits for an answer")
            return [id_ for id_ in waiting if id_ != message["tool_call_id"]]
        require(not waiting, f"the calls {waiting} were not answered")
        calls = message.get("tool_calls", [])
        for call in calls:
            require(_is_json(call["function"]["arguments"]), "arguments came back that are no JSON")
        ids = [call["id"] for call in calls]
        require(len(set(ids)) == len(ids), "two calls have one id")
        return ids

    def reply(self, said: Said | Raw, body: dict[str, Any]) -> dict[str, Any]:
        choice = said.fields if isinstance(said, Raw) else self._choice(said)
        completion = {
            "id": f"chatcmpl-{next(self._number)}",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "logprobs": None, "finish_reason": "stop", **choice}],
            "usage": {
                "prompt_tokens": 1000,
                "completion_tokens": 50,
                "total_tokens": 1050,
                "prompt_tokens_details": {"cached_tokens": 600},
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
        }
        if isinstance(said, Said):
            ChatCompletion.model_validate(completion)
        return completion

    def _choice(self, said: Said) -> dict[str, Any]:
        calls = [
            {
                "id": f"chatcmpl-tool-{next(self._number)}",
                "type": "function",
                "function": {
                    "name": action.kind,
                    "arguments": json.dumps(action.model_dump(mode="json", exclude={"kind"}, exclude_defaults=True)),
                },
            }
            for action in said.actions
        ]
        message = {"role": "assistant", "content": text_of(said) or None, "reasoning_content": said.thoughts or None}
        if calls:
            message["tool_calls"] = calls
        return {"message": message, "finish_reason": "tool_calls" if calls else "stop"}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
