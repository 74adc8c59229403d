"""Models' agents solve example tasks in real Superset: browser, page, recorder and database are real, only the API is not.

What the model behind the API does, it decides on what the page shows when it is asked (``Solving``).
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from doubles.model_apis.anthropic import AnthropicApi
from doubles.model_apis.brain import Brain, Said, Scripted, Solving, Watched
from doubles.model_apis.chat import ChatApi
from doubles.model_apis.checked import ModelApi
from doubles.model_apis.openai import OpenAIApi
from doubles.model_apis.serving import Desk, serving
from rolldeck.domain.batch import AgentChoice, BatchSpec, ModelChoice
from rolldeck.domain.rollout import Rollout, StopReason
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file
from rolldeck.execution.adapters import Adapters
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Deck, Use, open_adapters, open_deck

from .conftest import CANARY

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop" / "tasks.json"
ORDERS, COLUMNS = "orders-in-2024", "columns-of-orders"


class Address:
    """One address, at which each rollout finds an API of its own."""

    def __init__(self, kind: type[ModelApi]) -> None:
        self.desk = Desk(key=CANARY)
        self._kind = kind
        self._api: ModelApi | None = None

    def renew(self, brain: Brain) -> None:
        self._api = self._kind(self.desk, lambda _prompt, _url: brain)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._api is not None
        await self._api.app(scope, receive, send)


@dataclass(frozen=True)
class Stage:
    """A deck whose models' APIs are doubles; browsers are watched by what the models are."""

    deck: Deck
    adapters: Adapters
    browsers: Watched
    addresses: dict[str, Address]
    tasks: dict[str, Task]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    addresses = {
        "openai": Address(OpenAIApi),
        "anthropic": Address(AnthropicApi),
        "openai_compatible": Address(ChatApi),
    }
    async with AsyncExitStack() as stack:
        settings: dict[str, Any] = {"data_dir": tmp_path_factory.mktemp("data"), "pool_mb": 0}
        for name, address in addresses.items():
            base_url = await stack.enter_async_context(serving(address))
            settings[f"{name}_base_url"] = base_url if name == "anthropic" else f"{base_url}/v1"
            settings[f"{name}_api_key"] = SecretStr(CANARY)
        deck = await stack.enter_async_context(open_deck(Settings.model_validate(settings), Use.OWN))
        await deck.environments.build("superset", lambda _: None)
        adapters = await stack.enter_async_context(open_adapters(deck))
        browsers = Watched(adapters.browsers)
        examples = parse_task_file(EXAMPLES.read_bytes(), environments=["superset"], max_bytes=10**6)
        tasks = {task.id: task for task in examples}
        yield Stage(deck, replace(adapters, browsers=browsers), browsers, addresses, tasks)


class LateBrain:
    """Solves a task on the page that was opened last, once there is one."""

    def __init__(self, task: Task, browsers: Watched) -> None:
        self._task = task
        self._browsers = browsers
        self._brain: Brain | None = None

    async def decide(self, seen: Any) -> Any:
        if self._brain is None:
            origin = list(self._browsers.pages)[-1]
            self._brain = Solving([self._task], self._browsers.pages)(self._task.task, f"{origin}/")
        return await self._brain.decide(seen)


async def run(stage: Stage, task_id: str, agent: str, **parameters: Any) -> Rollout:
    task = stage.tasks[task_id]
    stage.addresses[agent.replace("-", "_")].renew(LateBrain(task, stage.browsers))
    return await executed(stage, task, AgentChoice(agent=agent, model="a-model", parameters=parameters))


async def executed(stage: Stage, task: Task, choice: AgentChoice, reader: ModelChoice | None = None) -> Rollout:
    await stage.deck.database.tasks.upload([task])
    spec = BatchSpec(task_ids=(task.id,), agents=(choice,), extraction=reader)
    batch = await stage.deck.database.batches.create(spec, {})
    await stage.deck.worker(stage.adapters, batch_id=batch.batch.id).run(until_idle=True)
    rollouts = (await stage.adapters.rollouts.list(RolloutFilter(batch_id=batch.batch.id))).rollouts
    return await stage.adapters.rollouts.get(rollouts[0].id)


@pytest.mark.parametrize(
    ("agent", "task_id", "parameters"),
    [
        ("openai", ORDERS, {}),
        ("openai", COLUMNS, {"tool": "computer_use_preview"}),
        ("anthropic", ORDERS, {}),
        ("anthropic", COLUMNS, {"tool": "browser_toolset_20260801"}),
        ("openai-compatible", ORDERS, {}),
        ("openai-compatible", COLUMNS, {}),
    ],
)
async def test_a_models_agent_solves_a_task_in_superset(
    stage: Stage, agent: str, task_id: str, parameters: dict[str, Any]
) -> None:
    rollout = await run(stage, task_id, agent, **parameters)
    assert rollout.errors == ()
    assert stage.addresses[agent.replace("-", "_")].desk.violations == []
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.ANSWERED)
    assert rollout.verdict is not None
    assert rollout.verdict.success
    assert rollout.tokens > 1000


async def test_an_answer_in_words_is_read_by_another_model_and_both_are_kept(stage: Stage) -> None:
    task = stage.tasks[ORDERS]
    words = f"All in all I counted {json.dumps(task.answer)[1:-1].replace(':', ' being')}, as the table says."
    stage.addresses["openai"].renew(Scripted([Said(answer=words)]))
    stage.addresses["anthropic"].renew(Scripted([]))
    stage.addresses["anthropic"].desk.reader = lambda _: json.dumps({"found": True, "answer": json.dumps(task.answer)})
    rollout = await executed(stage, task, AgentChoice(agent="openai", model="m"), ModelChoice.parse("anthropic:reader"))
    assert rollout.errors == ()
    assert stage.addresses["anthropic"].desk.violations == []
    assert rollout.answer_text == words
    assert rollout.verdict is not None
    assert rollout.verdict.success
    assert rollout.verdict.extraction is not None
    assert (rollout.verdict.extraction.provider, rollout.verdict.extraction.usage.tokens) == ("anthropic", 1050)
    assert rollout.tokens == 1050
    assert (await stage.deck.database.batches.get(rollout.batch_id)).tokens == 2100


async def test_the_keys_are_in_no_file_afterwards(stage: Stage) -> None:
    files = [path for path in stage.deck.data_dir.rglob("*") if path.is_file()]
    assert any(path.suffix in {".db", ".sqlite", ".sqlite3"} or "sqlite" in path.name for path in files)
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
