"""Where an agent begins, and what it is told."""

import pytest

from rolldeck.domain.task import Task
from rolldeck.environments.composition import Composition
from rolldeck.environments.entrance import entrance_of
from rolldeck.environments.port import Entrance
from rolldeck.execution.entrance import start_path_of, told


class Inside:
    """Stands for an environment, as far as its texts need it."""

    def secret(self, name: str) -> str:
        return f"the-{name}-secret"

    def address_inside(self, service: str) -> tuple[str, int]:
        return service, 80


def task(start_path: str = "/") -> Task:
    return Task(id="q", task="How many?", answer=3, start_path=start_path)


@pytest.mark.parametrize(
    ("of_task", "of_environment", "expected"),
    [("/", "/", "/"), ("/", "/login", "/login"), ("/reports", "/login", "/reports")],
)
def test_a_task_begins_where_it_says_else_where_its_environment_does(
    of_task: str, of_environment: str, expected: str
) -> None:
    assert start_path_of(task(of_task), Entrance(of_environment)) == expected


def test_an_agent_is_told_what_its_environment_adds_and_the_task_stays_the_same() -> None:
    asked = task()
    assert told(asked, Entrance()) is asked
    assert told(asked, Entrance(instruction="Log in as me.")).task == "How many?\n\nLog in as me."
    assert asked.task == "How many?"


def test_an_environments_own_secrets_are_in_what_its_recipe_adds() -> None:
    composition = Composition((), web="shop", start_path="/login", instruction="The password is ${secret.agent}")
    assert entrance_of(composition, Inside()) == Entrance("/login", "The password is the-agent-secret")
