"""What is OpenAI's own: safety checks, batches of actions, and who keeps the conversation."""

import json

import pytest

from doubles.model_apis.brain import Said
from doubles.model_apis.checked import Json, Raw
from rolldeck.domain.action import Click, Screenshot, TypeText
from rolldeck.domain.errors import AgentError, ModelError
from rolldeck.domain.rollout import Decision

from .staging import KINDS, Stage, staged

ANSWER = '{"orders": 42}'
DONE = Said(answer=ANSWER)
RISKY = Said(actions=(Click(x=10, y=20),), concern="The page asks for a password.")
SAFE = Said(actions=(Click(x=30, y=40),))
CONCERN = "malicious_instructions: The page asks for a password."

both_memories = pytest.mark.parametrize("kind", ["openai", "openai-stateless"])


def inputs(stage: Stage, number: int) -> list[Json]:
    """Return the items of a request."""
    return list(stage.desk.requests[number]["input"])  # type: ignore[call-overload]


@both_memories
@pytest.mark.parametrize(
    ("safety", "person", "decision"),
    [("allow", None, Decision.ALLOWED_BY_POLICY), ("ask", True, Decision.ALLOWED_BY_PERSON)],
)
async def test_a_safety_check_that_is_allowed_is_acknowledged_and_its_action_done(
    kind: str, safety: str, person: bool | None, decision: Decision
) -> None:
    async with staged(KINDS[kind], RISKY, DONE, safety=safety, person=person) as stage:
        assert await stage.until_answer() == ANSWER
    assert [(each.concern, each.decision) for each in stage.turns[0].confirmations] == [(CONCERN, decision)]
    assert stage.done == [Click(x=10, y=20)]
    output = next(item for item in inputs(stage, 1) if item.get("type") == "computer_call_output")
    assert output["acknowledged_safety_checks"][0]["code"] == "malicious_instructions"
    assert stage.desk.violations == []


@both_memories
@pytest.mark.parametrize(
    ("safety", "person", "decision"),
    [
        ("deny", None, Decision.DENIED_BY_POLICY),
        ("ask", False, Decision.DENIED_BY_PERSON),
        ("ask", None, Decision.UNANSWERED),
    ],
)
async def test_a_safety_check_that_is_denied_takes_its_call_back_and_the_model_goes_another_way(
    kind: str, safety: str, person: bool | None, decision: Decision
) -> None:
    async with staged(KINDS[kind], SAFE, RISKY, SAFE, DONE, safety=safety, person=person) as stage:
        assert await stage.until_answer() == ANSWER
    assert [each.decision for each in stage.turns[1].confirmations] == [decision]
    assert stage.done == [Click(x=30, y=40)] * 2
    assert "click: was not done" in json.dumps(inputs(stage, 2))
    assert stage.desk.violations == []


async def test_what_the_api_keeps_is_not_sent_again() -> None:
    async with staged(KINDS["openai"], *[SAFE] * 3, DONE) as stage:
        await stage.until_answer()
    assert [len(inputs(stage, number)) for number in range(4)] == [1, 1, 1, 1]
    assert stage.desk.requests[3]["previous_response_id"]


async def test_without_memory_of_the_api_all_is_sent_with_thoughts_encrypted() -> None:
    script = [Said(actions=SAFE.actions, thoughts="hm")] * 2
    async with staged(KINDS["openai-stateless"], *script, DONE) as stage:
        await stage.until_answer()
    types = [item.get("type", "message") for item in inputs(stage, 2)]
    assert types == ["message", *["reasoning", "computer_call", "computer_call_output"] * 2]
    assert [item["encrypted_content"] for item in inputs(stage, 2) if item.get("type") == "reasoning"]
    assert all(request["store"] is False for request in stage.desk.requests)


async def test_actions_after_one_without_effect_are_not_done_and_the_model_is_told() -> None:
    actions = (Click(x=9000, y=1), TypeText(text="lost"), Screenshot())
    async with staged(KINDS["openai"], Said(actions=actions), DONE) as stage:
        await stage.until_answer()
    assert stage.done == []
    assert "outside of the page" in json.dumps(inputs(stage, 1)[1])


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"status": "failed", "error": {"code": "server_error", "message": "oops"}}, ModelError, "oops"),
        ({"status": "failed", "error": {"code": "invalid_prompt", "message": "no"}}, AgentError, "no"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, AgentError, "content filter"),
        (
            {"output": [{"type": "message", "id": "m", "content": [{"type": "refusal", "refusal": "I won't."}]}]},
            AgentError,
            r"refused to go on \(I won't\.\)",
        ),
    ],
)
async def test_a_response_that_ends_otherwise_is_an_error_in_the_apis_words(
    fields: Json, error: type[Exception], words: str
) -> None:
    async with staged(KINDS["openai"], Raw(fields)) as stage:
        with pytest.raises(error, match=words):
            await stage.turn()


@pytest.mark.parametrize("output", [None, "text", [None], [{"type": "computer_call"}], [{"type": "message"}]])
async def test_a_response_of_another_shape_is_of_no_use(output: object) -> None:
    async with staged(KINDS["openai"], Raw({"output": output})) as stage:
        with pytest.raises(AgentError, match="of no use 2 times"):
            await stage.turn()


async def test_a_downscaled_screenshot_is_acted_on_where_the_page_is() -> None:
    async with staged(KINDS["openai-preview"], SAFE, DONE, longest_side=400) as stage:
        await stage.until_answer()
    tool = stage.desk.requests[0]["tools"][0]  # type: ignore[index]
    assert (tool["display_width"], tool["display_height"]) == (400, 250)
    assert stage.done == [Click(x=61, y=81)]
    assert stage.desk.violations == []
