"""Gemini's agent against a strict double of Google's API."""

import base64
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google.auth
import pytest
from google.oauth2.credentials import Credentials
from PIL import Image
from pydantic import SecretStr

from doubles.model_apis.brain import Said, Scripted
from doubles.model_apis.gemini import Functions, GeminiApi
from doubles.model_apis.serving import Desk, cut_off, echoing_key, hanging, refusing, saying, serving
from rolldeck.agents.gemini import gemini_agent
from rolldeck.agents.models.cassette import Cassette
from rolldeck.agents.models.provider import ModelAccess
from rolldeck.agents.port import Surroundings
from rolldeck.domain.action import Click, Navigate, PressKey, Screenshot, Scroll, TypeText, Wait
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import AgentError, ModelError, ModelRefused
from rolldeck.domain.rollout import Decision
from rolldeck.domain.task import Task

from .conftest import CANARY, ORIGIN, Stage

if TYPE_CHECKING:
    from .conftest import Time

Json = dict[str, Any]

TASK = Task(id="q", task='How many? Answer as {"count": n}.', answer={"count": 3})
ANSWER = Said(answer='{"count": 3}')
CLICK = Said(actions=(Click(x=640, y=200),))
LIVELY = Said(
    actions=(
        Navigate(url="localhost:3000"),
        Click(x=640, y=200, count=2),
        PressKey(keys="Control+A"),
        TypeText(text="hello"),
        Scroll(x=100, y=100, dy=400),
        Wait(seconds=1),
        Screenshot(),
    ),
    text="I act.",
)

Begin = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def begin(desk: Desk, surroundings: Surroundings) -> Begin:
    """Begin a rollout with a model that says these things."""

    @asynccontextmanager
    async def begun(
        *script: Said,
        functions: Functions = "3",
        rewrite: Callable[[int, Json], Json] = lambda _, content: content,
        key: str = CANARY,
        model: str = "gemini-3.5-flash",
        surroundings: Surroundings = surroundings,
        **parameters: object,
    ) -> AsyncIterator[Stage]:
        api = GeminiApi(desk, lambda _prompt, _url: Scripted(script), functions, rewrite, (1280, 800))
        async with serving(api.app) as address:
            kind = gemini_agent(ModelAccess(key=SecretStr(key), base_url=address))
            choice = AgentChoice(agent="gemini", model=model, parameters=parameters)
            assert not kind.problems(choice)
            agent = kind.create(choice, TASK, surroundings)
            try:
                yield Stage(agent)
            finally:
                await agent.close()

    return begun


def calls(*names_and_args: tuple[str, Json]) -> Json:
    return {"role": "model", "parts": [{"functionCall": {"name": name, "args": args}} for name, args in names_and_args]}


def instead(*contents: Json | None) -> Callable[[int, Json], Json]:
    """Say these contents in the first turns; None is the script's own."""
    return lambda turn, content: (contents[turn] if turn < len(contents) else None) or content


@pytest.mark.parametrize("functions", ["2.5", "3"])
async def test_actions_of_both_sets_of_functions_arrive_and_the_answer_is_without_thoughts(
    functions: Functions, begin: Begin, desk: Desk
) -> None:
    async with begin(LIVELY, *[CLICK] * 5, ANSWER, functions=functions) as stage:
        assert await stage.until_answer() == '{"count": 3}'
    assert desk.violations == []
    assert Navigate(url="localhost:3000") in stage.actions()
    assert Click(x=640, y=200) in stage.actions()
    assert all("wrong" in turn.thoughts and "wrong" not in turn.message for turn in stage.turns)
    assert "wrong" not in str(stage.turns[-1].answer)


async def test_the_model_is_told_the_task_in_a_prompt_that_is_known_to_the_letter(begin: Begin, desk: Desk) -> None:
    async with begin(CLICK, ANSWER, prompt="Do this:\n{task}\nNow.") as stage:
        await stage.until_answer()
    said = desk.requests[0]["contents"][0]["parts"][0]["text"]
    assert said == stage.turns[0].prompt == f"Do this:\n{TASK.task}\nNow."
    assert stage.turns[1].prompt is None


async def test_what_requests_took_is_counted(begin: Begin) -> None:
    async with begin(CLICK, ANSWER) as stage:
        await stage.until_answer()
    first, second = (turn.usage for turn in stage.turns)
    assert (first.input_tokens, first.output_tokens, first.cached_tokens, first.thinking_tokens) == (1000, 100, 0, 60)
    assert first.cost == pytest.approx((1000 * 1.5 + 100 * 9) / 1e6)
    assert second.cost == pytest.approx((1000 * 1.5 + 100 * 0.15 + 100 * 9) / 1e6)
    assert (first.requests, first.retries) == (1, 0)
    assert first.model_seconds > 0


async def test_the_cost_of_an_unknown_model_is_unknown(begin: Begin) -> None:
    async with begin(ANSWER, model="gemini-9-ultra") as stage:
        await stage.until_answer()
    assert stage.turns[0].usage.cost is None


async def test_failures_that_pass_are_waited_for(begin: Begin, desk: Desk, time: "Time") -> None:
    retry_info = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "41s"}]
    desk.troubles += [refusing(429, details=retry_info), refusing(503), hanging, cut_off, saying(b"{not json")]
    async with begin(CLICK, ANSWER, request_seconds=0.3) as stage:
        assert await stage.until_answer() == '{"count": 3}'
    usage = stage.turns[0].usage
    assert (usage.requests, usage.retries) == (1, 5)
    assert time.pauses[0] >= 41
    assert time.paces == 5
    assert desk.violations == []


async def test_exhausted_retries_are_a_failure_and_no_answer(begin: Begin, desk: Desk) -> None:
    desk.troubles += [refusing(503, "overloaded")] * 4
    async with begin(ANSWER, retries=3) as stage:
        with pytest.raises(ModelError, match=r"asked 4 times.*overloaded") as raised:
            await stage.turn()
    assert raised.value.retryable


async def test_a_wrong_key_is_refused_at_once_and_kept_secret(begin: Begin, desk: Desk, time: "Time") -> None:
    desk.troubles.append(echoing_key)
    async with begin(ANSWER) as stage:
        with pytest.raises(ModelRefused, match=r"the key .*\[key\].* is not valid\); check its key") as raised:
            await stage.turn()
    assert not raised.value.retryable
    assert CANARY not in repr(raised.value)
    assert time.pauses == []


@pytest.mark.parametrize(
    "useless",
    [
        {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "Malformed function call: click("},
        {"content": {"role": "model", "parts": [{"text": "hm", "thought": True}]}, "finishReason": "STOP"},
        {"content": {"role": "model"}, "finishReason": "STOP"},
        {"content": {"role": "model", "parts": [{"text": '{"cou'}]}, "finishReason": "MAX_TOKENS"},
    ],
)
async def test_a_reply_of_no_use_is_asked_for_again_and_then_the_agents_error(
    useless: Json, begin: Begin, desk: Desk
) -> None:
    body = saying(_json({"candidates": [useless], "usageMetadata": {"promptTokenCount": 10}}))
    desk.troubles.append(body)
    async with begin(ANSWER) as stage:
        assert await stage.until_answer() == '{"count": 3}'
    assert (stage.turns[0].usage.requests, stage.turns[0].usage.input_tokens) == (2, 1010)
    desk.troubles += [body, body]
    async with begin(ANSWER) as stage:
        with pytest.raises(AgentError, match="of no use 2 times in a row"):
            await stage.turn()
    assert desk.violations == []


async def test_no_candidates_are_the_models_error(begin: Begin, desk: Desk) -> None:
    desk.troubles.append(saying(_json({"usageMetadata": {"promptTokenCount": 10}})))
    async with begin(ANSWER) as stage:
        with pytest.raises(ModelError, match="without a candidate") as raised:
            await stage.turn()
        assert raised.value.retryable
        desk.troubles.append(saying(_json({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})))
        with pytest.raises(ModelRefused, match="PROHIBITED_CONTENT"):
            await stage.turn()


async def test_a_reply_that_the_provider_withholds_is_a_refusal(begin: Begin, desk: Desk) -> None:
    desk.troubles.append(saying(_json({"candidates": [{"finishReason": "SAFETY"}]})))
    async with begin(ANSWER) as stage:
        with pytest.raises(ModelRefused, match="withheld the reply: SAFETY"):
            await stage.turn()


async def test_an_unknown_function_is_told_to_the_model_which_may_mend_it(begin: Begin, desk: Desk) -> None:
    wrong = calls(("fly", {"x": 1}), ("click", {"x": 5, "y": 5}))
    async with begin(CLICK, ANSWER, rewrite=instead(wrong)) as stage:
        first = await stage.turn()
        assert first.actions == ()  # what follows it was meant for what it would have done
        await stage.until_answer()
    answers = [part["functionResponse"]["response"] for part in desk.requests[1]["contents"][2]["parts"]]
    assert answers[0]["error"] == "there is no function 'fly' here"
    assert "before it" in answers[1]["error"]
    assert desk.violations == []


async def test_calls_of_no_use_again_and_again_are_the_agents_error(begin: Begin) -> None:
    wrong = calls(("fly", {}))
    async with begin(CLICK, rewrite=instead(wrong, wrong, wrong), malformed_replies=2) as stage:
        await stage.turn()
        await stage.turn()
        with pytest.raises(AgentError, match="3 times in a row; the last one: fly: there is no function"):
            await stage.turn()


async def test_what_an_action_failed_with_is_told_to_the_model(begin: Begin, desk: Desk) -> None:
    async with begin(LIVELY, ANSWER) as stage:
        stage.failing = "type"
        await stage.until_answer()
    answers = [part["functionResponse"]["response"] for part in desk.requests[1]["contents"][2]["parts"]]
    assert [answer.get("error") for answer in answers].count("it does not work") == 1


async def test_twenty_calls_in_a_turn_are_done_in_order_and_all_answered(begin: Begin, desk: Desk) -> None:
    points = [(x * 40, 100) for x in range(20)]
    async with begin(Said(actions=[Click(x=x, y=y) for x, y in points]), ANSWER) as stage:
        await stage.until_answer()
    assert [(click.x, click.y) for click in stage.turns[0].actions] == [(x, 100) for x, _ in points]
    assert desk.violations == []


async def test_calls_without_end_are_cut_off(begin: Begin, desk: Desk) -> None:
    async with begin(Said(actions=[Click(x=1, y=1)] * 200), ANSWER) as stage:
        await stage.until_answer()
    assert len(stage.turns[0].actions) == 50
    assert desk.violations == []


CONFIRM = {"decision": "require_confirmation", "explanation": "It accepts a licence."}
RISKY = calls(("click", {"x": 5, "y": 5, "safety_decision": CONFIRM}), ("click", {"x": 9, "y": 9}))


@pytest.mark.parametrize(
    "case",
    [
        ("allow", None, Decision.ALLOWED_BY_POLICY),
        ("deny", None, Decision.DENIED_BY_POLICY),
        ("ask", True, Decision.ALLOWED_BY_PERSON),
        ("ask", False, Decision.DENIED_BY_PERSON),
        ("ask", None, Decision.UNANSWERED),
    ],
)
async def test_what_needs_a_confirmation_is_decided_as_the_rollout_says(
    case: tuple[str, bool | None, Decision], begin: Begin, desk: Desk, time: "Time"
) -> None:
    safety, time.confirms, decision = case
    async with begin(CLICK, ANSWER, rewrite=instead(RISKY), safety=safety, ask_seconds=7) as stage:
        turn = await stage.turn()
        await stage.until_answer()
    assert [(each.action, each.concern, each.decision) for each in turn.confirmations] == [
        ("click", "It accepts a licence.", decision)
    ]
    assert len(turn.actions) == (2 if decision.value.startswith("allowed") else 0)
    assert time.asked == ([("click", "It accepts a licence.", 7)] if safety == "ask" else [])
    assert desk.violations == []


async def test_what_the_provider_blocks_is_not_done_whatever_the_rollout_says(begin: Begin) -> None:
    blocked = calls(("click", {"x": 5, "y": 5, "safety_decision": {"decision": "block", "explanation": "phishing"}}))
    async with begin(CLICK, ANSWER, rewrite=instead(blocked), safety="allow") as stage:
        assert (await stage.turn()).actions == ()


@pytest.mark.parametrize("screenshots", [1, 3])
async def test_the_model_is_shown_the_newest_screenshots_only(screenshots: int, begin: Begin, desk: Desk) -> None:
    async with begin(*[CLICK] * 6, ANSWER, screenshots=screenshots) as stage:
        await stage.until_answer()
    assert [_pictures(request) for request in desk.requests] == [min(turn, screenshots) for turn in range(1, 8)]
    assert desk.violations == []


async def test_a_downscaled_screenshot_is_acted_on_where_the_page_is(begin: Begin, desk: Desk) -> None:
    async with begin(CLICK, ANSWER, longest_side=400) as stage:
        await stage.until_answer()
    assert stage.actions()[0] == Click(x=640, y=200)
    shown = [
        Image.open(io.BytesIO(base64.urlsafe_b64decode(data))) for data in re.findall(_PICTURE, str(desk.requests[-1]))
    ]
    assert [picture.size for picture in shown] == [(400, 250)] * 2
    assert desk.violations == []


async def test_a_recorded_rollout_is_played_again_without_a_key(
    tmp_path: Path, begin: Begin, desk: Desk, surroundings: Surroundings
) -> None:
    kept = replace(surroundings, origin=ORIGIN, task_version=TASK.version, cassette=tmp_path / "cassette.jsonl")
    async with begin(LIVELY, CLICK, ANSWER, surroundings=kept) as stage:
        await stage.until_answer()
    assert CANARY not in (tmp_path / "cassette.jsonl").read_text()
    cassette = Cassette.read(tmp_path / "cassette.jsonl")
    requests = len(desk.requests)
    kind = replace(gemini_agent(ModelAccess()), cassettes=[cassette])
    choice = AgentChoice(agent="gemini", model=cassette.label.model)
    assert (kind.info().unavailable, kind.refusal(TASK)) == (None, None)
    assert "another version" in str(kind.refusal(TASK.model_copy(update={"task": "Else?"})))
    assert "no cassette of task 'p'" in str(kind.refusal(TASK.model_copy(update={"id": "p"})))
    again = Stage(kind.create(choice, TASK, replace(kept, cassette=None)))
    assert await again.until_answer() == '{"count": 3}'
    assert again.actions() == stage.actions()
    assert [turn.usage.cost for turn in again.turns] == [turn.usage.cost for turn in stage.turns]
    differing = Stage(kind.create(choice, TASK, replace(kept, cassette=None)), failing="click")
    with pytest.raises(AgentError, match=r"request 2: request\.contents\[2\].*it does not work"):
        await differing.until_answer()
    assert len(desk.requests) == requests


async def test_a_conversation_that_is_changed_would_be_noticed(desk: Desk, begin: Begin) -> None:
    """Else the double's rules would hold nothing."""
    async with begin(CLICK, ANSWER) as stage:
        await stage.turn()
        stage.agent._conversation._contents[1].parts[0].text = "other"
        with pytest.raises(ModelRefused, match="came back changed"):
            await stage.turn()
    assert len(desk.violations) == 1


_PICTURE = r"'data': '([\w+/=-]+)'"


def _pictures(request: Json) -> int:
    return len(re.findall(r"inline_?data", str(request), re.IGNORECASE))  # the SDK writes it in both ways


def _json(content: Json) -> bytes:
    return json.dumps(content).encode()


def test_an_agent_without_access_says_what_is_missing() -> None:
    assert "GEMINI_API_KEY" in str(gemini_agent(ModelAccess()).info().unavailable)
    assert gemini_agent(ModelAccess(options={"project": "p"})).info().unavailable is None


@pytest.mark.parametrize(
    ("choice", "fields"),
    [
        (AgentChoice(agent="gemini"), ["model"]),
        (AgentChoice(agent="gemini", model="a b"), ["model"]),
        (AgentChoice(agent="gemini", model="m", parameters={"temprature": 1}), ["parameters.temprature"]),
        (AgentChoice(agent="gemini", model="m", parameters={"temperature": 9}), ["parameters.temperature"]),
        (AgentChoice(agent="gemini", model="m", parameters={"prompt": "Hi"}), ["parameters.prompt"]),
        (
            AgentChoice(agent="gemini", parameters={"safety": "no", "x": 1}),
            ["model", "parameters.safety", "parameters.x"],
        ),
    ],
)
def test_what_it_cannot_be_told_is_refused_by_field(choice: AgentChoice, fields: Sequence[str]) -> None:
    assert [problem.field for problem in gemini_agent(ModelAccess()).problems(choice)] == fields


@pytest.mark.parametrize("location", ["europe-west4", None])
async def test_vertex_ai_is_asked_in_its_project_with_the_machines_credentials_and_no_key(
    desk: Desk, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, location: str | None
) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token=CANARY), "another-project"))
    path = tmp_path / "c.jsonl"
    api = GeminiApi(desk, lambda _prompt, _url: Scripted([CLICK, ANSWER]), page=(1280, 800))
    async with serving(api.app) as address:
        access = ModelAccess(base_url=address, options={"project": "a-project", "location": location})
        kind = gemini_agent(access)
        assert kind.info().unavailable is None
        choice = AgentChoice(agent="gemini", model="gemini-3.5-flash")
        agent = kind.create(choice, TASK, replace(surroundings, cassette=path, origin=ORIGIN))
        try:
            assert await Stage(agent).until_answer() == '{"count": 3}'
        finally:
            await agent.close()
    assert desk.violations == []
    assert desk.places == [f"a-project/{location or 'global'}"] * 2
    assert CANARY not in path.read_text()


async def test_a_token_that_vertex_ai_refuses_is_told_without_it(
    desk: Desk, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token=CANARY), None))
    desk.troubles.append(echoing_key)
    async with serving(GeminiApi(desk, lambda *_: Scripted([ANSWER])).app) as address:
        kind = gemini_agent(ModelAccess(base_url=address, options={"project": "a-project"}))
        agent = kind.create(AgentChoice(agent="gemini", model="gemini-3.5-flash"), TASK, surroundings)
        try:
            with pytest.raises(ModelRefused, match=r"\[key\] is not valid") as refused:
                await Stage(agent).turn()
        finally:
            await agent.close()
    assert CANARY not in str(refused.value)
