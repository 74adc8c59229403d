"""Who reads answers that are not written as asked: as a batch says, else as the server does."""

from dataclasses import replace

import httpx2
import pytest
from pydantic import SecretStr

from rolldeck.agents.gemini import gemini_agent
from rolldeck.agents.models.provider import ModelAccess
from rolldeck.agents.registry import NOOP, AgentRegistry
from rolldeck.api.services import Services
from rolldeck.api.starting import start_batch
from rolldeck.domain.batch import BatchSpec, ModelChoice
from rolldeck.domain.errors import InvalidInput

from .conftest import Deck

SERVERS, OTHER = ModelChoice(provider="gemini", model="the-servers"), ModelChoice(provider="gemini", model="another")


@pytest.fixture
async def services(client: httpx2.AsyncClient, deck: Deck) -> Services:
    await client.post("/api/tasks/upload", json=[{"id": "1", "task": "One?", "answer": "1"}])
    agents = AgentRegistry([NOOP, gemini_agent(ModelAccess(key=SecretStr("a-key-of-ours")))])
    return replace(deck.services, agents=agents, reader=SERVERS)


def spec(**wanted: object) -> BatchSpec:
    return BatchSpec.model_validate({"task_ids": ("1",), "agents": ({"agent": "noop"},), **wanted})


async def test_the_servers_reader_is_taken_where_a_batch_does_not_say_who_reads(services: Services) -> None:
    assert (await start_batch(spec(), services)).batch.extraction == SERVERS
    assert (await start_batch(spec(extraction=OTHER), services)).batch.extraction == OTHER
    assert (await start_batch(spec(extraction=None), services)).batch.extraction is None


async def test_a_reader_that_cannot_be_asked_is_refused_at_its_field(
    client: httpx2.AsyncClient, services: Services
) -> None:
    with pytest.raises(InvalidInput, match="gemini:no model") as refused:
        await start_batch(spec(extraction={"provider": "gemini", "model": "no model"}), services)
    assert [problem.field for problem in refused.value.problems] == ["extraction.model"]
    for address, wanted in (
        ("/api/batches", {"task_ids": ["1"], "agents": [{"agent": "noop"}]}),
        ("/api/rollouts", {"task_ids": ["1"], "agent": "noop"}),
    ):
        reader = {"provider": "nobody", "model": "m"}
        answer = await client.post(address, json={**wanted, "extraction": reader})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["extraction.provider"]


async def test_a_budget_of_costs_needs_the_prices_of_the_reader(services: Services) -> None:
    with pytest.raises(InvalidInput, match="what another costs is not known") as refused:
        await start_batch(spec(extraction=OTHER, budget={"cost": 1}), services)
    assert [problem.field for problem in refused.value.problems] == ["budget.cost"]
    assert (await start_batch(spec(extraction=OTHER, limits={"cost": 1}), services)).created  # which is the agent's own
