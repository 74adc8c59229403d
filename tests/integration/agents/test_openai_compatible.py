"""What is particular to servers that speak as OpenAI's chat completions do: they differ, and so do the models on them."""

import json

import pytest

from doubles.model_apis.brain import Said
from doubles.model_apis.checked import Json, Raw
from rolldeck.agents.models.provider import ModelAccess
from rolldeck.agents.openai_compatible import openai_compatible_agent
from rolldeck.domain.action import Click, Drag
from rolldeck.domain.errors import AgentError

from .staging import KINDS, Stage, staged

ANSWER = '{"orders": 42}'
DONE = Said(answer=ANSWER)
KIND = KINDS["openai-compatible"]
AS_TEXT = Said(text='I click. {"name": "click", "arguments": {"x": 10, "y": 20}}')


def calls(*functions: tuple[str, str], ids: bool = True) -> Raw:
    """A reply that calls functions, with arguments as they are written."""
    made = [
        {"type": "function", "function": {"name": name, "arguments": written}} | ({"id": f"c{index}"} if ids else {})
        for index, (name, written) in enumerate(functions)
    ]
    return Raw({"message": {"role": "assistant", "content": None, "tool_calls": made}, "finish_reason": "tool_calls"})


def messages(stage: Stage, number: int) -> list[Json]:
    return list(stage.desk.requests[number]["messages"])  # type: ignore[call-overload]


async def test_broken_arguments_are_repaired_and_come_back_as_json() -> None:
    async with staged(KIND, calls(("click", "{x: 10, y: 20"), ("drag", '{"path": [[1,2],[3,4]')), DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert stage.done == [Click(x=10, y=20), Drag(path=((1, 2), (3, 4)))]
    assert stage.desk.violations == []


async def test_arguments_that_cannot_be_repaired_are_asked_for_again_once() -> None:
    broken = calls(("click", "over there"))
    async with staged(KIND, broken, Said(actions=(Click(x=10, y=20),)), DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert "click: the arguments must be a JSON object" in messages(stage, 1)[2]["content"]
    assert stage.desk.violations == []
    async with staged(KIND, broken) as stage:
        with pytest.raises(AgentError, match=r"of no use 2 times in a row; the last one: .*click: the arguments"):
            await stage.until_answer()


async def test_a_server_that_gives_calls_no_ids_is_answered_with_ids_of_our_own() -> None:
    both = calls(("move", '{"x": 1, "y": 2}'), ("click", '{"x": 10, "y": 20}'), ids=False)
    async with staged(KIND, both, both, DONE) as stage:
        await stage.until_answer()
    ids = [message["tool_call_id"] for message in messages(stage, 2) if message["role"] == "tool"]
    assert len(set(ids)) == 4
    assert stage.desk.violations == []


async def test_an_action_that_is_written_as_text_is_reminded_of_once_and_never_an_answer() -> None:
    async with staged(KIND, AS_TEXT, Said(actions=(Click(x=10, y=20),)), DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert "Call the function of that name" in json.dumps(messages(stage, 1)[-1])
    assert stage.desk.violations == []
    async with staged(KIND, AS_TEXT) as stage:
        with pytest.raises(AgentError, match="written as text"):
            await stage.turn()


@pytest.mark.parametrize(
    ("written", "answer", "thoughts"),
    [
        ('<think>Is it {"orders": 41}?</think>\n{"orders": 42}', ANSWER, 'Is it {"orders": 41}?'),
        ('<thinking>hm</thinking>{"orders": 42}', ANSWER, "hm"),
        ('{"orders": 42}<think>never ended', ANSWER, "never ended"),
    ],
)
async def test_thoughts_in_the_text_itself_are_no_part_of_the_answer(written: str, answer: str, thoughts: str) -> None:
    async with staged(KIND, Said(answer=written)) as stage:
        assert await stage.until_answer() == answer
    assert stage.turns[0].thoughts == thoughts


async def test_thoughts_do_not_come_back_to_the_model() -> None:
    async with staged(KIND, Said(actions=(Click(x=1, y=2),), thoughts="secret thought"), DONE) as stage:
        await stage.until_answer()
    assert "secret thought" not in json.dumps(messages(stage, 1))


async def test_coordinates_may_be_thousandths_of_the_picture() -> None:
    async with staged(KIND, calls(("click", '{"x": 500, "y": 250.4}')), DONE, coordinates="thousandths") as stage:
        await stage.until_answer()
    assert stage.done == [Click(x=400, y=125)]
    assert "from 0 to 1000" in json.dumps(messages(stage, 0))


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"message": {"content": "x"}, "finish_reason": "content_filter"}, "content filter"),
        ({"message": None}, "no message"),
        ({"message": {"content": None, "tool_calls": [{"id": "a"}]}}, "no name"),
    ],
)
async def test_a_completion_that_ends_otherwise_is_the_agents_error(choice: Json, words: str) -> None:
    async with staged(KIND, Raw(choice), malformed_replies=0) as stage:
        with pytest.raises(AgentError, match=words):
            await stage.turn()


def test_it_needs_an_address_and_no_key() -> None:
    assert "ROLLDECK_OPENAI_COMPATIBLE_BASE_URL" in str(openai_compatible_agent(ModelAccess()).info().unavailable)
    assert openai_compatible_agent(ModelAccess(base_url="http://localhost:1/v1")).info().unavailable is None
