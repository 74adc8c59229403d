"""Which agents there are, and which tasks they refuse."""

import pytest

from rolldeck.agents.noop import NoopAgent
from rolldeck.agents.oracle import OracleAgent
from rolldeck.agents.port import Observation, PageReader, Surroundings
from rolldeck.agents.registry import AgentRegistry
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.page import Box
from rolldeck.domain.solution import Press, Target
from rolldeck.domain.task import Task

UNSOLVED = Task(id="q1", task="How many?", answer=1)
SOLVED = Task(id="q2", task="How many?", answer=1, solution=(Press(do="press", keys="Enter"),))


class NoPage:
    """Stands for a page that nobody looks at."""

    async def locate(self, target: Target, timeout: float) -> Box:
        raise AssertionError

    async def wait_gone(self, target: Target, timeout: float) -> None:
        raise AssertionError

    async def read_text(self, target: Target, timeout: float) -> str:
        raise AssertionError

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        raise AssertionError


async def _at_once(_: float = 0) -> None:
    """Let no time pass."""


PAGE: PageReader = NoPage()
SURROUNDINGS = Surroundings(page=PAGE, pace=_at_once, pause=_at_once)


def test_the_agents_without_a_model_are_offered():
    assert [info.name for info in AgentRegistry().list()] == ["oracle", "noop", "human"]
    assert all(info.unavailable is None for info in AgentRegistry().list())


def test_the_oracle_refuses_a_task_without_a_solution():
    assert AgentRegistry().refusal(AgentChoice(agent="oracle"), UNSOLVED) == (
        "task 'q1' has no solution, which is all that the oracle can perform"
    )
    with pytest.raises(InvalidInput, match="has no solution"):
        AgentRegistry().create(AgentChoice(agent="oracle"), UNSOLVED, SURROUNDINGS)


def test_an_unknown_agent_is_refused_with_the_names_of_the_known():
    assert AgentRegistry().refusal(AgentChoice(agent="orcale"), SOLVED) == (
        "there is no agent 'orcale'; did you mean 'oracle'? (known: oracle, noop, human)"
    )


def test_agents_are_made_for_tasks_that_they_can_try():
    assert isinstance(AgentRegistry().create(AgentChoice(agent="oracle"), SOLVED, SURROUNDINGS), OracleAgent)
    assert isinstance(AgentRegistry().create(AgentChoice(agent="noop"), UNSOLVED, SURROUNDINGS), NoopAgent)


async def test_the_noop_answers_nothing_at_its_first_turn():
    agent = AgentRegistry().create(AgentChoice(agent="noop"), UNSOLVED, SURROUNDINGS)
    turn = await agent.act(Observation(b"", "http://app/", 10, 10))
    assert (turn.answer, turn.actions) == ("", ())
    await agent.close()
    await agent.close()


@pytest.mark.parametrize(
    ("choice", "field"),
    [(AgentChoice(agent="noop", model="m"), "model"), (AgentChoice(agent="noop", parameters={"t": 1}), "parameters")],
)
def test_an_agent_without_a_model_refuses_one_and_its_parameters(choice: AgentChoice, field: str):
    assert AgentRegistry().refusal(choice, UNSOLVED) == (
        f"{field}: the agent 'noop' has no model: leave out the model and its parameters"
    )
    assert [problem.field for problem in AgentRegistry().problems(choice)] == [field]
