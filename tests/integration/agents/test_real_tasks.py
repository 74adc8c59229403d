"""Agents of models solve example tasks in real Superset, over the wire; the models are doubles that look at the real page."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from pydantic import SecretStr

from doubles.model_apis.brain import Solving, Watched
from doubles.model_apis.gemini import GeminiApi, Json
from doubles.model_apis.serving import Desk, echoing_key, refusing, serving
from rolldeck.api.app import create_app
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Decision, Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task_file import parse_task_file
from rolldeck.execution.adapters import Adapters
from rolldeck.live.frames import LiveFrames
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter, cassette_key
from rolldeck.wiring import Deck, Use, open_adapters, open_deck

from .conftest import CANARY

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"
TASKS = parse_task_file((EXAMPLES / "tasks.json").read_bytes(), environments=["superset"], max_bytes=10**6)
QUERY, DRAGS, CHANGE, LOOK = "dearest-travel-products", "products-by-category", "empty-dashboard", "columns-of-orders"


@dataclass(frozen=True)
class Stage:
    """A deck whose models are doubles, and all that rollouts are executed with, started."""

    deck: Deck
    adapters: Adapters
    gemini: GeminiApi

    async def run(self, task_ids: Sequence[str], choice: AgentChoice, **spec: object) -> Sequence[Rollout]:
        batches = self.deck.database.batches
        wanted = BatchSpec.model_validate({"task_ids": tuple(task_ids), "agents": (choice,), **spec})
        batch = (await batches.create(wanted, {})).batch
        await self.deck.worker(self.adapters, batch_id=batch.id).run(until_idle=True)
        return (await self.adapters.rollouts.list(RolloutFilter(batch_id=batch.id))).rollouts


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    pages: dict[str, object] = {}
    gemini = GeminiApi(Desk(CANARY), Solving(TASKS, pages))
    async with serving(gemini.app) as address:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("deck"),
            gemini_api_key=SecretStr(CANARY),
            gemini_base_url=address,
            record_models=True,
            pool_mb=0,
        )
        async with open_deck(settings, Use.OWN) as deck:
            await deck.environments.build("superset", lambda _: None)
            await deck.database.tasks.upload(TASKS)
            async with open_adapters(deck) as adapters:
                watched = Watched(adapters.browsers)
                watched.pages = pages
                yield Stage(deck, replace(adapters, browsers=watched), gemini)


GEMINI = AgentChoice(agent="gemini", model="gemini-3.5-flash")


async def test_gemini_solves_tasks_with_each_of_its_sets_of_functions(stage: Stage) -> None:
    for functions, tasks in (("3", (QUERY, DRAGS, CHANGE)), ("2.5", (LOOK,))):
        stage.gemini.functions = functions
        for rollout in await stage.run(tasks, GEMINI):
            assert rollout.verdict is not None, (rollout.task_id, rollout.errors)
            assert rollout.verdict.success, (rollout.task_id, rollout.verdict)
            assert rollout.tokens > 1000
            assert rollout.cost is not None
    stage.gemini.functions = "3"
    assert stage.gemini.desk.violations == []


async def test_what_was_recorded_is_played_again_by_the_command_without_a_key(stage: Stage, tmp_path: Path) -> None:
    (rollout,) = await stage.run((LOOK,), GEMINI)
    assert rollout.verdict is not None
    key = cassette_key(rollout.id, rollout.attempt)
    cassette = tmp_path / "cassette.jsonl"
    cassette.write_bytes(b"".join([piece async for piece in stage.deck.artifacts.read(key)]))
    asked = len(stage.gemini.desk.requests)
    arguments = (
        "run",
        EXAMPLES / "tasks.json",
        "--model-cassette",
        cassette,
        "--data-dir",
        tmp_path / "data",
        "--json",
    )
    command = [sys.executable, "-m", "rolldeck.cli.main", *map(str, arguments)]
    without_key = {name: value for name, value in os.environ.items() if "KEY" not in name}
    process = await asyncio.create_subprocess_exec(*command, env=without_key, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    (again,) = json.loads(output)["rollouts"]
    assert (again["status"], again["success"], again["error"]) == ("completed", rollout.verdict.success, None)
    assert (again["task_id"], again["steps"], again["tokens"]) == (LOOK, rollout.steps, rollout.tokens)
    assert len(stage.gemini.desk.requests) == asked


async def test_a_wrong_key_fails_the_rollout_though_attempts_are_left(stage: Stage) -> None:
    stage.gemini.desk.troubles.append(echoing_key)
    (rollout,) = await stage.run((LOOK,), GEMINI, max_attempts=20)
    assert (rollout.status, rollout.verdict) == (Status.FAILED, None)
    assert rollout.retries_left > 0
    assert rollout.errors[0].kind == "ModelRefused"
    assert "[key]" in rollout.errors[0].message


async def test_a_model_that_is_away_is_another_attempts_matter_and_no_answer(stage: Stage) -> None:
    stage.gemini.desk.troubles += [refusing(503, f"overloaded, {CANARY}")] * 2
    choice = GEMINI.model_copy(update={"parameters": {"retries": 0}})
    (rollout,) = await stage.run((LOOK,), choice, max_attempts=2)
    assert (rollout.status, rollout.verdict) == (Status.FAILED, None)
    assert [error.kind for error in rollout.errors] == ["ModelError"]


async def test_an_agent_that_never_ends_is_truncated_and_verified(stage: Stage) -> None:
    (rollout,) = await stage.run((QUERY,), GEMINI, limits={"steps": 2})
    assert (rollout.status, rollout.steps, rollout.stop_reason) == (Status.COMPLETED, 2, "step_limit")
    assert rollout.verdict is not None
    assert not rollout.verdict.success


async def test_the_key_is_nowhere_in_what_is_kept(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """After all that the tests before did."""
    files = [path for path in stage.deck.data_dir.rglob("*") if path.is_file()]
    contents = await asyncio.gather(*(asyncio.to_thread(path.read_bytes) for path in files))
    assert len(contents) > 10
    assert [path for path, content in zip(files, contents, strict=True) if CANARY.encode() in content] == []
    assert CANARY not in "".join(capfd.readouterr())


def concerning(turn: int, content: Json) -> Json:
    """Want a confirmation of what the model does first."""
    parts = content["parts"]
    call = next(part["functionCall"] for part in parts if "functionCall" in part) if turn == 0 else {}
    if call:
        call["args"]["safety_decision"] = {
            "decision": "require_confirmation",
            "explanation": "It reads what is secret.",
        }
    return content


ASKS = GEMINI.model_copy(update={"parameters": {"safety": "ask", "ask_seconds": 120}})


@pytest.mark.parametrize("allow", [True, False])
async def test_a_question_to_a_person_is_answered_over_the_api_while_the_rollout_waits(
    stage: Stage, allow: bool
) -> None:
    stage.gemini.rewrite = concerning
    app = create_app(
        stage.deck.services(lambda: stage.adapters.attention.heed(frozenset()), LiveFrames(lambda _: None))
    )
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
    running = asyncio.create_task(stage.run((LOOK,), ASKS))
    try:
        async with client, asyncio.timeout(120):
            while not (questions := (await client.get("/api/people")).json()["questions"]):
                await asyncio.sleep(0.05)
            (question,) = questions
            assert question["concern"] == "It reads what is secret."
            assert (await client.get(question["screenshot_url"])).content.startswith(b"\x89PNG")
            answered = await client.post(f"/api/questions/{question['id']}/answer", json={"allow": allow})
            assert answered.status_code == 200
        (rollout,) = await running
    finally:
        stage.gemini.rewrite = lambda _, content: content
    steps = await stage.adapters.rollouts.steps(rollout.id)
    decision = Decision.ALLOWED_BY_PERSON if allow else Decision.DENIED_BY_PERSON
    assert [each.decision for each in steps[0].confirmations] == [decision]
    assert (len(steps[0].actions) > 0) is allow
    if allow:
        assert rollout.verdict is not None
        assert rollout.verdict.success, rollout.verdict


async def test_a_question_that_nobody_answers_in_time_is_a_denial_that_the_trajectory_tells(stage: Stage) -> None:
    stage.gemini.rewrite = concerning
    impatient = GEMINI.model_copy(update={"parameters": {"safety": "ask", "ask_seconds": 0.2}})
    try:
        (rollout,) = await stage.run((LOOK,), impatient)
    finally:
        stage.gemini.rewrite = lambda _, content: content
    steps = await stage.adapters.rollouts.steps(rollout.id)
    assert [each.decision for each in steps[0].confirmations] == [Decision.UNANSWERED]
    assert steps[0].actions == ()
    assert await stage.deck.database.people.questions() == []
