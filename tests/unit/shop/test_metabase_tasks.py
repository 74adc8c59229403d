"""The tasks for Metabase over the shop: the questions of the other file, or answered from the same data."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"
# Answers are computed anew for the other file's tasks (test_answers); these are parts of them.
PARTS = {"metabase-dashboard": ("unpaid-invoices", ("amount",))}


def tasks_of(name: str, environment: str) -> tuple[Task, ...]:
    return parse_task_file((EXAMPLES / name).read_bytes(), environments=[environment], max_bytes=10**6)


METABASE_TASKS = tasks_of("metabase-tasks.json", "metabase")


@pytest.mark.parametrize("task", METABASE_TASKS, ids=lambda task: task.id)
def test_an_answer_is_the_one_that_is_computed_from_the_data(task: Task) -> None:
    computed = {other.id: other.answer for other in tasks_of("tasks.json", "superset")}
    other, keys = PARTS.get(task.id, (task.id.removeprefix("metabase-"), None))
    expected: JsonValue = computed[other]
    if keys is not None:
        assert isinstance(expected, dict)
        expected = {key: expected[key] for key in keys}
    assert task.answer == expected


@pytest.mark.parametrize("task", METABASE_TASKS, ids=lambda task: task.id)
def test_a_task_is_for_metabase_and_says_how_to_answer(task: Task) -> None:
    assert task.environment == "metabase"
    assert isinstance(task.answer, dict)
    assert [key for key in task.answer if f'"{key}"' not in task.task] == []
    assert ("state" in task.tags) == bool(task.verifier.state)
    assert "Superset" not in task.task
    assert "SQL Lab" not in task.task


def test_state_is_checked_in_the_databases_that_the_recipe_has() -> None:
    entries = json.loads((EXAMPLES / "metabase-tasks.json").read_bytes())
    checks = [check for entry in entries for check in entry.get("verifier", {}).get("state", [])]
    assert {check["database"] for check in checks} == {"metabase"}


def test_the_readme_lists_every_task_for_metabase() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [task.id for task in METABASE_TASKS if f"`{task.id}`" not in readme] == []
