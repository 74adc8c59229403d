"""Stands for OpenAI's Responses API with a computer tool.

Rules: https://developers.openai.com/api/docs/guides/tools-computer-use and .../guides/reasoning: every call is answered, once;
safety checks are acknowledged with it; what the API does not store comes back as it was, thoughts encrypted.
"""

from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any

from openai.types.responses import (
    ComputerToolParam,
    ComputerUsePreviewToolParam,
    EasyInputMessageParam,
    Response,
    ResponseFormatTextJSONSchemaConfigParam,
)
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from openai.types.responses.response_input_item_param import ComputerCallOutput

from doubles.model_apis.brain import Brains, Said
from doubles.model_apis.checked import (
    Json,
    ModelApi,
    Raw,
    conform,
    expect_strict_schema,
    png_of_data_uri,
    require,
    size_of,
    text_of,
)
from doubles.model_apis.serving import Desk
from doubles.model_apis.wire import openai_action
from rolldeck.domain.action import Action

_TOOLS = {"computer": ComputerToolParam, "computer_use_preview": ComputerUsePreviewToolParam}
_OURS = {"reasoning", "message", "computer_call"}

Item = dict[str, Any]


class OpenAIApi(ModelApi):
    """Said what actions there are in one call; the preview tool, one by one."""

    path = "/v1/responses"

    def __init__(self, desk: Desk, brains: Brains) -> None:
        super().__init__(desk, brains)
        self._number = count(1)
        self._sent: dict[str, Item] = {}
        self._calls_of: dict[str, list[Item]] = {}
        self._left: deque[Action] = deque()

    # ------------------------------------------------------------ what is asked

    def question_in(self, body: Json) -> str | None:
        if "text" not in body:
            return None
        known = ResponseCreateParamsNonStreaming.__required_keys__ | ResponseCreateParamsNonStreaming.__optional_keys__
        require(set(body) <= known, f"unknown parameters: {set(body) - known}")
        require(body.get("model") and body.get("store") is False and "tools" not in body, "no single question")
        format_ = body["text"]["format"]
        conform(format_, ResponseFormatTextJSONSchemaConfigParam, "text.format")
        require(format_["strict"] is True, "the form is not strict")
        expect_strict_schema(format_["schema"])
        (message,) = body["input"]
        conform(message, EasyInputMessageParam, "input")
        (part,) = message["content"]
        return str(part["text"])

    def check(self, body: dict[str, Any], headers: Mapping[str, str]) -> bytes:
        known = ResponseCreateParamsNonStreaming.__required_keys__ | ResponseCreateParamsNonStreaming.__optional_keys__
        require(set(body) <= known, f"unknown parameters: {set(body) - known}")
        require(body.get("model"), "no model")
        require(isinstance(body.get("input"), list) and body["input"], "no input")
        tool = self._check_tool(body)
        for item in body["input"]:
            self._check_item(item)
        self._check_memory(body)
        self._check_answers(body)
        screenshot = self._newest_screenshot(body["input"])
        if tool["type"] == "computer_use_preview":
            shown = tool["display_width"], tool["display_height"]
            require(size_of(screenshot) == shown, f"the screenshot is no {shown[0]} × {shown[1]}")
        return screenshot

    def _check_tool(self, body: dict[str, Any]) -> Item:
        require(len(body.get("tools", [])) == 1, "there must be one tool")
        tool: Item = body["tools"][0]
        require(tool.get("type") in _TOOLS, f"unknown tool {tool.get('type')}")
        conform(tool, _TOOLS[tool["type"]], "tools[0]")
        if tool["type"] == "computer_use_preview":
            require(body.get("truncation") == "auto", "computer_use_preview needs truncation auto")
        return tool

    def _check_item(self, item: Item) -> None:
        if item.get("type") == "computer_call_output":
            output = dict(item["output"])
            # Documented, but not among the SDK's types.
            require(output.pop("detail", "original") == "original", "a screenshot is not shown as it is")
            conform({**item, "output": output}, ComputerCallOutput, "computer_call_output")
        elif item.get("type") in _OURS and "id" in item:
            require(item == self._sent.get(item["id"]), f"{item['type']} {item['id']} is not what was sent")
        else:
            conform(item, EasyInputMessageParam, "input")
            require(item["role"] == "user", f"a message of {item['role']}")

    def _check_memory(self, body: dict[str, Any]) -> None:
        if body.get("store") is False:
            require("previous_response_id" not in body, "nothing is stored that previous_response_id could name")
            require("reasoning.encrypted_content" in body.get("include", ()), "thoughts would get lost")
            return
        previous = body.get("previous_response_id")
        if previous is None:
            require(body["input"][0].get("role") == "user", "the conversation does not begin with the task")
        else:
            require(previous in self._calls_of, f"unknown response {previous}")
        require(
            not any(item.get("type") in _OURS and "id" in item for item in body["input"]), "stored items came again"
        )

    def _check_answers(self, body: dict[str, Any]) -> None:
        """Every call is answered once, with its own safety checks."""
        calls = {item["call_id"]: item for item in body["input"] if item.get("type") == "computer_call"}
        for call in self._calls_of.get(body.get("previous_response_id", ""), ()):
            calls[call["call_id"]] = call
        for output in (item for item in body["input"] if item.get("type") == "computer_call_output"):
            call = calls.pop(output["call_id"], None)
            require(call is not None, f"no call {output['call_id']} waits for an output")
            acknowledged = output.get("acknowledged_safety_checks", [])
            require(acknowledged == (call or {})["pending_safety_checks"], "safety checks are not acknowledged")
        require(not calls, f"no output for the calls {list(calls)}")

    def _newest_screenshot(self, items: list[Item]) -> bytes:
        uris = [uri for item in items for uri in _pictures_of(item)]
        require(uris, "no screenshot")
        return [png_of_data_uri(uri, "the screenshot") for uri in uris][-1]

    # ------------------------------------------------------------ what is said

    async def decide(self, body: Json, screenshot: bytes) -> Said | Raw:
        """The preview tool has one action at a time: what a brain says beyond it is kept for the next turns."""
        if self._left:
            return Said(actions=(self._left.popleft(),))
        return await super().decide(body, screenshot)

    def reply(self, said: Said | Raw, body: dict[str, Any]) -> dict[str, Any]:
        fields = said.fields if isinstance(said, Raw) else {"output": self._output(said, body)}
        response = {
            "id": f"resp_{next(self._number)}",
            "object": "response",
            "created_at": 0,
            "status": "completed",
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": body["model"],
            "output": [],
            "parallel_tool_calls": False,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": body.get("tools", []),
            "top_p": 1.0,
            "usage": {
                "input_tokens": 1000,
                "input_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 0},
                "output_tokens": 50,
                "output_tokens_details": {"reasoning_tokens": 20},
                "total_tokens": 1050,
            },
            **fields,
        }
        if isinstance(said, Said):
            Response.model_validate(response)
        self._remember(response)
        return response

    def _output(self, said: Said, body: dict[str, Any]) -> list[Item]:
        """Return the items that say something, thoughts first."""
        output: list[Item] = []
        if said.thoughts:
            thought = self._item("reasoning", summary=[{"type": "summary_text", "text": said.thoughts}])
            output.append({**thought, "encrypted_content": f"gAAA-{thought['id']}"})
        if text_of(said):
            text = {"type": "output_text", "text": text_of(said), "annotations": []}
            output.append(self._item("message", role="assistant", status="completed", content=[text]))
        actions = [openai_action(action) for action in said.actions]
        if actions and body["tools"][0]["type"] == "computer_use_preview":
            self._left.extend(said.actions[1:])
            output.append(self._computer_call(said, action=actions[0]))
        elif actions:
            output.append(self._computer_call(said, actions=actions))
        return output

    def _computer_call(self, said: Said, **actions: Any) -> Item:
        number = next(self._number)
        checks = [{"id": f"cu_sc_{number}", "code": "malicious_instructions", "message": said.concern}]
        return self._item(
            "computer_call",
            call_id=f"call_{number}",
            status="completed",
            pending_safety_checks=checks if said.concern else [],
            **actions,
        )

    def _item(self, type_: str, **fields: Any) -> Item:
        return {"type": type_, "id": f"{type_}_{next(self._number)}", **fields}

    def _remember(self, response: dict[str, Any]) -> None:
        output = response["output"] if isinstance(response["output"], list) else []
        output = [item for item in output if isinstance(item, dict) and "id" in item]
        self._calls_of[response["id"]] = [item for item in output if item["type"] == "computer_call"]
        self._sent |= {item["id"]: item for item in output}


def _pictures_of(item: Item) -> list[str]:
    if item.get("type") == "computer_call_output":
        return [item["output"]["image_url"]]
    content = item.get("content") if item.get("role") == "user" else None
    return [part["image_url"] for part in content or () if part["type"] == "input_image"]
