"""Single questions to models, over the wire to strict doubles of all providers' APIs."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from doubles.model_apis.anthropic import AnthropicApi
from doubles.model_apis.brain import Said, Scripted
from doubles.model_apis.chat import ChatApi
from doubles.model_apis.gemini import GeminiApi
from doubles.model_apis.openai import OpenAIApi
from doubles.model_apis.serving import Desk, Trouble, refusing, saying, serving
from rolldeck.agents.anthropic import anthropic_agent
from rolldeck.agents.gemini import gemini_agent
from rolldeck.agents.models.cassette import Cassette, ReplayDiffers
from rolldeck.agents.models.provider import ModelAccess, ModelProvider
from rolldeck.agents.openai import openai_agent
from rolldeck.agents.openai_compatible import openai_compatible_agent
from rolldeck.agents.port import ModelKind, PageReader, Questioner, Surroundings
from rolldeck.agents.registry import NOOP, AgentRegistry
from rolldeck.domain.batch import AgentChoice, ModelChoice
from rolldeck.domain.errors import InvalidInput, ModelError, ModelRefused
from rolldeck.domain.task import Task

from .conftest import CANARY, ORIGIN, Stage, Time

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: "Mapping[str, Any]" = {
    "type": "object",
    "properties": {"found": {"type": "boolean"}, "answer": {"type": "string"}},
    "required": ["found", "answer"],
    "additionalProperties": False,
}
QUESTION = "What do these words say? “Forty-two orders.”"
REPLY = '{"found": true, "answer": "42"}'
TASK = Task(id="orders", task="How many orders are there?", answer=42)
BY_NOOP = AgentChoice(agent="noop")


@dataclass(frozen=True)
class Provider:
    agent: Callable[[ModelAccess], ModelProvider]
    api: Callable[[Desk], Any]
    path: str = ""


PROVIDERS = {
    "gemini": Provider(gemini_agent, lambda desk: GeminiApi(desk, lambda *_: Scripted([]))),
    "openai": Provider(openai_agent, lambda desk: OpenAIApi(desk, lambda *_: Scripted([])), "/v1"),
    "anthropic": Provider(anthropic_agent, lambda desk: AnthropicApi(desk, lambda *_: Scripted([]))),
    "openai-compatible": Provider(openai_compatible_agent, lambda desk: ChatApi(desk, lambda *_: Scripted([])), "/v1"),
}


@pytest.fixture(params=PROVIDERS, name="provider")
def any_provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


@dataclass
class Room:
    questioner: Questioner
    desk: Desk
    time: Time


@asynccontextmanager
async def asking(
    provider: Provider, reply: str = REPLY, troubles: Sequence[Trouble] = (), cassette: Path | None = None
) -> AsyncIterator[Room]:
    desk, time = Desk(key=CANARY, reader=lambda _: reply, troubles=deque(troubles)), Time()
    async with serving(provider.api(desk).app) as address:
        kind = provider.agent(ModelAccess(key=SecretStr(CANARY), base_url=address + provider.path))
        questioner = kind.questioner("a-model", BY_NOOP, TASK, _surroundings(time, cassette))
        try:
            yield Room(questioner, desk, time)
        finally:
            await questioner.close()


def _surroundings(time: Time, cassette: Path | None = None) -> Surroundings:
    page = cast("PageReader", object())
    return Surroundings(page, time.pace, time.pause, origin=ORIGIN, task_version="v", cassette=cassette)


async def test_a_question_is_answered_in_the_form_that_was_asked_for_without_tools_or_pictures(
    provider: Provider,
) -> None:
    async with asking(provider) as room:
        answer = await room.questioner.ask(QUESTION, SCHEMA)
    assert (answer.text, answer.problem) == (REPLY, "")
    assert room.desk.violations == []
    assert room.desk.questions == [QUESTION]
    assert "image" not in json.dumps(room.desk.requests)


async def test_what_a_question_took_is_counted(provider: Provider) -> None:
    async with asking(provider, troubles=[refusing(503)]) as room:
        usage = (await room.questioner.ask(QUESTION, SCHEMA)).usage
    assert (usage.input_tokens, usage.requests, usage.retries, usage.cost) == (1000, 1, 1, None)
    assert len(room.time.pauses) == 1


async def test_a_useless_reply_is_asked_for_again_once_and_then_a_problem(provider: Provider) -> None:
    async with asking(provider, troubles=[saying(b"{}")]) as room:
        if provider.agent is gemini_agent:  # an answer without a candidate is a failure of the API
            with pytest.raises(ModelError, match="without a candidate"):
                await room.questioner.ask(QUESTION, SCHEMA)
            return
        assert (await room.questioner.ask(QUESTION, SCHEMA)).text == REPLY
    async with asking(provider, troubles=[saying(b"{}"), saying(b"{}")]) as room:
        answer = await room.questioner.ask(QUESTION, SCHEMA)
    assert answer.text == ""
    assert answer.problem


async def test_a_refusal_of_the_api_is_an_error_that_does_not_hold_the_key(provider: Provider) -> None:
    async with asking(provider, troubles=[refusing(401, f"{CANARY} is no key")]) as room:
        with pytest.raises(ModelRefused, match=r"401 .*\[key\] is no key"):
            await room.questioner.ask(QUESTION, SCHEMA)


async def test_a_question_is_kept_on_the_cassette_and_answered_from_it_without_a_key(
    provider: Provider, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    async with asking(provider, cassette=path) as room:
        await room.questioner.ask(QUESTION, SCHEMA)
    assert CANARY not in path.read_text()
    cassette = Cassette.read(path)
    kind = provider.agent(ModelAccess(base_url="http://nowhere.example"))
    assert cassette.readers == {f"{kind.name}:a-model"}
    again = replace(kind, cassettes=[cassette]).questioner("a-model", BY_NOOP, TASK, _surroundings(Time()))
    try:
        assert (await again.ask(QUESTION, SCHEMA)).text == REPLY
        with pytest.raises(ReplayDiffers, match="makes a request 2"):
            await again.ask(QUESTION, SCHEMA)
    finally:
        await again.close()


async def test_what_the_reader_is_asked_follows_what_the_agents_model_was_on_one_cassette(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(
        '{"cassette":1,"agent":"noop","model":"","parameters":{},"task_id":"orders","task_version":"v"}\n'
        '{"to":"act","request":null,"answer":{}}\n'
    )
    async with asking(PROVIDERS["anthropic"], cassette=path) as room:
        await room.questioner.ask(QUESTION, SCHEMA)
    cassette = Cassette.read(path)
    assert [exchange.reader for exchange in cassette.exchanges] == [None, "anthropic:a-model"]


def test_only_models_that_can_be_asked_are_readers() -> None:
    registry = AgentRegistry([NOOP, gemini_agent(ModelAccess(key=SecretStr(CANARY))), openai_agent(ModelAccess())])
    gemini = ModelChoice(provider="gemini", model="gemini-3.5-flash")
    assert isinstance(gemini_agent(ModelAccess()), ModelKind)
    assert registry.reader_problems(gemini) == []

    def problem(provider: str, model: str = "m") -> tuple[str, str]:
        (found,) = registry.reader_problems(ModelChoice(provider=provider, model=model))
        return found.field, found.message

    assert problem("noop")[0] == "model"
    assert problem("gemni") == (
        "provider",
        "there is no agent 'gemni'; did you mean 'gemini'? (known: noop, gemini, openai)",
    )
    assert "OPENAI_API_KEY" in problem("openai")[1]
    assert problem("gemini", "no model")[0] == "model"
    with pytest.raises(InvalidInput, match="openai:m cannot be asked"):
        registry.questioner(ModelChoice(provider="openai", model="m"), BY_NOOP, TASK, _surroundings(Time()))


async def test_an_agents_traffic_and_a_readers_are_played_apart(desk: Desk, tmp_path: Path) -> None:
    """A rollout by Gemini whose answer Gemini reads, too: both from one cassette."""
    path, time = tmp_path / "c.jsonl", Time()
    desk.reader = lambda _: REPLY
    api = GeminiApi(desk, lambda *_: Scripted([Said(answer="Forty-two.")]))
    choice = AgentChoice(agent="gemini", model="a-model")
    async with serving(api.app) as address:
        kind = gemini_agent(ModelAccess(key=SecretStr(CANARY), base_url=address))
        assert await _both(kind, choice, _surroundings(time, path)) == ("Forty-two.", REPLY)
    replaying = replace(gemini_agent(ModelAccess()), cassettes=[Cassette.read(path)])
    assert await _both(replaying, choice, _surroundings(time)) == ("Forty-two.", REPLY)


async def _both(kind: ModelProvider, choice: AgentChoice, surroundings: Surroundings) -> tuple[str | None, str]:

    agent = kind.create(choice, TASK, surroundings)
    questioner = kind.questioner("a-model", choice, TASK, surroundings)
    try:
        answer = (await Stage(agent).turn()).answer
        return answer, (await questioner.ask(QUESTION, SCHEMA)).text
    finally:
        await agent.close()
        await questioner.close()
