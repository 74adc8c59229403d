"""What holds for OpenAI's, Anthropic's and compatible agents alike, over the wire, in each variant of their protocols."""

import json
import traceback
from itertools import count

import pytest

from doubles.model_apis.brain import Said
from doubles.model_apis.checked import Raw
from doubles.model_apis.serving import Trouble, cut_off, echoing_key, hanging, refusing, saying
from rolldeck.domain.action import Click, Move, PressKey, Screenshot, Scroll, TypeText, Wait
from rolldeck.domain.errors import AgentError, ModelError, ModelRefused

from .conftest import CANARY
from .staging import KINDS, TASK, Kind, Stage, staged

ANSWER = '{"orders": 42}'
DONE = Said(answer=ANSWER, thoughts="That is all.")
CLICK = Said(text="I open the editor.", actions=(Click(x=10, y=20),), thoughts="The editor is there.")
numbers = count()


@pytest.fixture(params=KINDS, name="kind")
def any_kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture(params=["openai", "anthropic", "openai-compatible"])
def provider(request: pytest.FixtureRequest) -> Kind:
    """Each provider, once: for what has nothing to do with variants of protocols."""
    return KINDS[request.param]


def acted(stage: Stage) -> list[object]:
    """Return what was done, without the looks that protocols add."""
    return [action for action in stage.done if not isinstance(action, Screenshot)]


async def test_the_model_is_told_the_task_and_its_actions_are_done_until_it_answers(kind: Kind) -> None:
    actions = (Click(x=640, y=60), PressKey(keys="Control+a"), TypeText(text="SELECT 1"), Scroll(x=5, y=6, dy=300))
    script = [Said(actions=(action,)) for action in actions]
    async with staged(kind, CLICK, *script, DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert TASK.task in json.dumps(stage.desk.requests[0])
    assert acted(stage) == [Click(x=10, y=20), *actions]
    assert stage.desk.violations == []


async def test_thoughts_are_kept_beside_the_message_and_never_in_the_answer(kind: Kind) -> None:
    async with staged(kind, CLICK, DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert (stage.turns[0].message, stage.turns[0].thoughts) == ("I open the editor.", "The editor is there.")
    assert stage.turns[-1].thoughts == "That is all."


async def test_tokens_are_counted_with_those_from_the_cache_and_those_of_thoughts(kind: Kind) -> None:
    async with staged(kind, DONE) as stage:
        usage = (await stage.turn()).usage
    assert usage is not None
    counted = usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.thinking_tokens
    assert counted == (1000, 600, 50, 20)
    assert (usage.requests, usage.retries, usage.cost) == (1, 0, None)


@pytest.mark.parametrize(
    "trouble", [refusing(503), refusing(529), cut_off, saying(b"<html>"), hanging], ids=lambda one: one.__name__
)
async def test_a_failure_that_may_pass_is_tried_again_and_costs_no_turn(provider: Kind, trouble: Trouble) -> None:
    async with staged(provider, CLICK, DONE, troubles=[trouble, trouble], request_seconds=0.3) as stage:
        assert await stage.until_answer() == ANSWER
    usage = stage.turns[0].usage
    assert usage is not None
    assert (usage.requests, usage.retries, len(stage.time.pauses)) == (1, 2, 2)
    assert stage.desk.violations == []


async def test_a_rate_limit_is_honoured_for_as_long_as_the_api_says(provider: Kind) -> None:
    async with staged(provider, DONE, troubles=[refusing(429, headers={"retry-after": "7"})]) as stage:
        await stage.until_answer()
    assert len(stage.time.pauses) == 1
    assert stage.time.pauses[0] >= 7


async def test_an_api_that_never_recovers_is_an_error_and_no_answer(provider: Kind) -> None:
    async with staged(provider, DONE, troubles=[refusing(503, "overloaded")] * 3, retries=2) as stage:
        with pytest.raises(ModelError, match=r"3 times without success; the last time: 503 .*overloaded") as failed:
            await stage.turn()
    assert failed.value.retryable


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refusal_is_told_at_once_in_the_apis_words(provider: Kind, status: int) -> None:
    async with staged(provider, DONE, troubles=[refusing(status, "no such thing")]) as stage:
        with pytest.raises(ModelRefused, match=rf"{status} .*no such thing") as failed:
            await stage.turn()
    assert not failed.value.retryable
    assert stage.time.pauses == []


async def test_a_key_that_the_api_repeats_is_in_no_error_and_no_log(
    provider: Kind, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with staged(provider, DONE, troubles=[refusing(503, f"{CANARY} is overloaded"), echoing_key]) as stage:
        with pytest.raises(ModelRefused, match=r"\[key\]") as failed:
            await stage.turn()
    printed = "".join(capsys.readouterr())
    assert "is overloaded" in printed  # the failure is told, the key is not
    told = [*traceback.format_exception(failed.value), caplog.text, printed]
    assert not any(CANARY in text for text in told)


async def test_an_action_outside_of_the_page_is_told_to_the_model_which_goes_on(kind: Kind) -> None:
    async with staged(kind, Said(actions=(Click(x=5000, y=20),)), CLICK, DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert "(5000, 20) is outside of the page" in json.dumps(stage.desk.requests[1])
    assert acted(stage) == [Click(x=10, y=20)]
    assert stage.desk.violations == []


async def test_twenty_actions_in_a_turn_are_all_done_in_their_order(kind: Kind) -> None:
    actions = tuple(Move(x=number, y=number) for number in range(20))
    async with staged(kind, Said(actions=actions), DONE) as stage:
        await stage.until_answer()
    assert acted(stage) == list(actions)
    assert stage.desk.violations == []


async def test_what_the_page_did_unseen_is_told(kind: Kind) -> None:
    async with staged(kind, CLICK, DONE) as stage:
        stage.notice = "A file was downloaded."
        await stage.until_answer()
    assert "A file was downloaded." in json.dumps(stage.desk.requests[1])
    assert stage.desk.violations == []


async def test_an_empty_reply_is_asked_for_again_once(kind: Kind) -> None:
    async with staged(kind, written(kind, None), DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert stage.desk.violations == []
    async with staged(kind, written(kind, None)) as stage:
        with pytest.raises(AgentError, match=r"of no use 2 times in a row; the last one: .* nothing"):
            await stage.turn()


async def test_a_reply_that_was_cut_off_is_never_an_answer(kind: Kind) -> None:
    async with staged(kind, written(kind, '{"orders": 4', cut=True), DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert stage.desk.violations == []
    async with staged(kind, written(kind, '{"orders": 4', cut=True)) as stage:
        with pytest.raises(AgentError, match="cut off at max_output_tokens"):
            await stage.turn()


async def test_an_unknown_action_is_told_to_the_model_and_the_second_one_in_a_row_is_the_agents_error(
    kind: Kind,
) -> None:
    async with staged(kind, unknown(kind), CLICK, unknown(kind), unknown(kind)) as stage:
        with pytest.raises(AgentError, match=r"there is no (action|function) 'teleport'"):
            await stage.until_answer()
    assert "there is no" in json.dumps(stage.desk.requests[1])
    assert acted(stage) == [Click(x=10, y=20)]
    assert stage.desk.violations == []


async def test_a_long_rollout_shows_the_model_few_screenshots_and_breaks_no_rule(kind: Kind) -> None:
    script = [Said(actions=(Wait(seconds=2),), thoughts=f"thought {number}") for number in range(24)]
    async with staged(kind, *script, DONE) as stage:
        await stage.until_answer(most=60)
    assert len(stage.desk.requests) == 25
    assert stage.desk.violations == []


def written(kind: Kind, text: str | None, *, cut: bool = False) -> Raw:
    """A reply with that text, or none, in each provider's words."""
    match kind.endpoint:
        case "/responses":
            texts = [] if text is None else [{"type": "output_text", "text": text, "annotations": []}]
            message = {"type": "message", "id": f"m{next(numbers)}", "role": "assistant", "content": texts}
            why = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}} if cut else {}
            return Raw({"output": [{**message, "status": "completed"}], **why})
        case "/v1/messages":
            blocks = [] if text is None else [{"type": "text", "text": text}]
            return Raw({"content": blocks, "stop_reason": "max_tokens" if cut else "end_turn"})
        case _:
            message = {"role": "assistant", "content": text}
            return Raw({"message": message, "finish_reason": "length" if cut else "stop"})


def unknown(kind: Kind) -> Raw:
    """A reply that asks for an action that nobody knows."""
    id_ = f"call_{next(numbers)}"
    match kind.endpoint:
        case "/responses":
            call = {"type": "computer_call", "id": f"cu_{id_}", "call_id": id_, "status": "completed"}
            actions = [{"type": "teleport", "x": 1, "y": 2}]
            return Raw({"output": [{**call, "pending_safety_checks": [], "actions": actions}]})
        case "/v1/messages":
            tool = kind.parameters.get("tool", "computer_toolset_20260801")
            use = {"type": "tool_use", "id": id_}
            if tool.startswith("computer_2"):
                use |= {"name": "computer", "input": {"action": "teleport"}}
            else:
                use |= {"name": "teleport", "input": {}, "toolset_name": tool.split("_")[0]}
            return Raw({"content": [use], "stop_reason": "tool_use"})
        case _:
            call = {"id": id_, "type": "function", "function": {"name": "teleport", "arguments": "{}"}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            return Raw({"message": message, "finish_reason": "tool_calls"})
