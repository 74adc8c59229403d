"""What is Anthropic's own: batches with looks in them, zoom, the pointer, thoughts that are bound, and the cache."""

import json
from functools import partial

import pytest

from doubles.model_apis.anthropic import AnthropicApi
from doubles.model_apis.brain import Said
from doubles.model_apis.checked import Json, Raw, png_in, size_of
from rolldeck.domain.action import Action, Click, Move, PressKey, Screenshot, TypeText, Wait
from rolldeck.domain.errors import AgentError

from .staging import KINDS, Stage, screen, staged

ANSWER = '{"orders": 42}'
DONE = Said(answer=ANSWER)
COMPUTER = KINDS["anthropic"]


def uses(*calls: tuple[str, Json], family: str = "computer") -> Raw:
    """A reply that calls members of a toolset."""
    blocks = [
        {"type": "tool_use", "id": f"toolu_{name}_{index}", "name": name, "toolset_name": family, "input": given}
        for index, (name, given) in enumerate(calls)
    ]
    return Raw({"content": blocks, "stop_reason": "tool_use"})


def results(stage: Stage, number: int = 1) -> list[Json]:
    """Return what a request's newest message holds."""
    return list(stage.desk.requests[number]["messages"][-1]["content"])  # type: ignore[index]


def kinds_of(result: Json) -> list[str]:
    return [block["type"] for block in result["content"]]


async def test_a_look_between_two_actions_shows_what_the_page_showed_then() -> None:
    batch = uses(
        ("left_click", {"coordinate": [1, 2]}), ("screenshot", {}), ("type", {"text": "a"}), ("screenshot", {})
    )
    async with staged(COMPUTER, batch, DONE) as stage:
        assert await stage.until_answer() == ANSWER
    done: list[list[Action]] = [list(turn.actions) for turn in stage.turns]
    assert done == [[Click(x=1, y=2), Screenshot()], [TypeText(text="a"), Screenshot()], []]
    assert len(stage.desk.requests) == 2  # the second part needed no request
    pictures = [png_in(block["source"]["data"], "") for result in results(stage) for block in _images(result)]
    assert pictures == [screen(1), screen(2)]
    assert stage.desk.violations == []


async def test_a_batch_that_ends_without_a_look_is_shown_the_page_all_the_same() -> None:
    async with staged(COMPUTER, uses(("key", {"text": "Return"}), ("wait", {"duration": 1})), DONE) as stage:
        await stage.until_answer()
    assert stage.done == [PressKey(keys="Enter"), Wait(seconds=1)]
    assert [kinds_of(result) for result in results(stage)] == [["text"], ["text", "image"]]


async def test_a_failed_action_halts_the_batch_in_the_protocols_words_also_what_comes_after_a_look() -> None:
    batch = uses(
        ("mouse_move", {"coordinate": [1, 2]}),
        ("left_click", {"coordinate": [9000, 2]}),
        ("screenshot", {}),
        ("type", {"text": "lost"}),
    )
    async with staged(COMPUTER, batch, DONE) as stage:
        assert await stage.until_answer() == ANSWER
    assert stage.done == [Move(x=1, y=2)]
    told = [(result.get("is_error", False), result["content"][0].get("text")) for result in results(stage)[:4]]
    halted = (True, "Not executed: an earlier computer action in this turn failed.")
    assert told == [(False, "OK"), (True, "(9000, 2) is outside of the page"), halted, halted]
    assert results(stage)[4]["type"] == "image"  # a failed result can hold none
    assert stage.desk.violations == []


async def test_zoom_shows_the_region_enlarged() -> None:
    async with staged(COMPUTER, uses(("zoom", {"region": [0, 0, 100, 50]})), DONE) as stage:
        await stage.until_answer()
    picture = png_in(_images(results(stage)[0])[0]["source"]["data"], "")
    assert size_of(picture) == (800, 400)
    assert stage.desk.violations == []


async def test_the_pointer_is_where_the_last_action_left_it() -> None:
    batch = uses(("mouse_move", {"coordinate": [7, 8]}), ("left_click", {}), ("cursor_position", {}))
    async with staged(COMPUTER, batch, DONE) as stage:
        await stage.until_answer()
    assert stage.done == [Move(x=7, y=8), Click(x=7, y=8)]
    assert results(stage)[2]["content"][0]["text"] == "7, 8"


async def test_the_browser_toolset_is_told_the_pages_address() -> None:
    navigate = uses(("navigate", {"url": "reload"}), family="browser")
    async with staged(KINDS["anthropic-browser"], navigate, DONE) as stage:
        await stage.until_answer()
    state = next(block for block in results(stage)[0]["content"] if block["type"] == "browser_state")
    assert state["tabs"] == [{"tab_id": "1", "title": "", "url": "http://app/sqllab/", "active": True}]
    assert stage.desk.violations == []


async def test_a_call_of_another_toolset_is_told_to_be_none() -> None:
    async with staged(
        COMPUTER, Raw({**_message_of_browser(), "stop_reason": "tool_use"}), malformed_replies=0
    ) as stage:
        with pytest.raises(AgentError, match="there is no tool that 'navigate' is an action of"):
            await stage.turn()


async def test_thoughts_that_a_removed_screenshot_has_unbound_are_dropped_where_the_model_is_strict() -> None:
    script = [Said(actions=(Wait(seconds=1),), thoughts=f"thought {number}") for number in range(8)]
    api = partial(AnthropicApi, binds_thoughts=True)
    async with staged(COMPUTER, *script, DONE, api=api, screenshots=2, screenshots_slack=3) as stage:
        assert await stage.until_answer() == ANSWER
    assert len(stage.desk.violations) == 1  # one request is refused, and made again with the parameter for it
    assert "bound to a different conversation" in stage.desk.violations[0]
    bindings = [request["thinking"].get("block_binding") for request in stage.desk.requests]  # type: ignore[attr-defined]
    assert bindings[0] is None
    assert bindings[-1] == {"prefix_mismatch_behavior": "drop_block"}


async def test_screenshots_are_removed_several_at_once_so_that_the_cache_holds() -> None:
    async with staged(
        COMPUTER, *[Said(actions=(Wait(seconds=1),))] * 8, DONE, screenshots=2, screenshots_slack=3
    ) as stage:
        await stage.until_answer()
    counts = [json.dumps(request).count('"type": "image"') for request in stage.desk.requests]
    assert counts == [1, 2, 3, 4, 5, 2, 3, 4, 5]


async def test_a_reply_that_pauses_goes_on_when_it_is_sent_back() -> None:
    pause = Raw({"content": [{"type": "text", "text": "Let me think."}], "stop_reason": "pause_turn"})
    async with staged(COMPUTER, pause, DONE) as stage:
        assert await stage.until_answer() == ANSWER
    usage = stage.turns[0].usage
    assert usage is not None
    assert (usage.requests, usage.input_tokens) == (2, 2000)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stop_reason": "refusal", "stop_details": {"type": "refusal", "explanation": "No."}}, r"refused .*\(No\.\)"),
        ({"stop_reason": "refusal"}, "does not say why"),
        ({"stop_reason": "model_context_window_exceeded"}, "longer than the model's context"),
        ({"content": "text"}, "has no content"),
        ({"content": [{"type": "tool_use", "id": 1, "name": "key"}], "stop_reason": "tool_use"}, "no id or no name"),
    ],
)
async def test_a_message_that_ends_otherwise_is_the_agents_error(fields: Json, words: str) -> None:
    async with staged(COMPUTER, Raw(fields), malformed_replies=0) as stage:
        with pytest.raises(AgentError, match=words):
            await stage.turn()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {"type": "adaptive", "display": "summarized"}),
        ({"thinking": "disabled"}, {"type": "disabled"}),
        ({"thinking": 2048}, {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}),
        ({"tool": "computer_20250124"}, None),
    ],
)
async def test_how_the_model_thinks_is_a_parameter(given: Json, sent: Json | None) -> None:
    async with staged(COMPUTER, DONE, **given) as stage:
        await stage.until_answer()
    assert stage.desk.requests[0].get("thinking") == sent
    assert stage.desk.violations == []


def _images(result: Json) -> list[Json]:
    return [block for block in result["content"] if block["type"] == "image"]


def _message_of_browser() -> Json:
    return dict(uses(("navigate", {"url": "/"}), family="browser").fields)
