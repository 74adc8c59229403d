"""The committed example tasks are what they claim to be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"


def example_tasks(name: str = "tasks.json") -> tuple[Task, ...]:
    return parse_task_file((EXAMPLES / name).read_bytes(), environments=["superset"], max_bytes=10**6)


def values(answer: JsonValue) -> Iterator[str]:
    """Every single value of an answer, as it would be written."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list):
        for item in answer:
            yield from values(item)
    elif answer is not None:
        yield str(answer)


def test_there_are_enough_tasks_of_every_kind() -> None:
    tasks = example_tasks()
    tags = [tag for task in tasks for tag in task.tags]
    assert len(tasks) >= 26
    for tag in ("retrieval", "aggregation", "join", "dates", "ties", "ordering", "explore"):
        assert tags.count(tag) >= 2, tag
    assert sum(bool(task.verifier.state) for task in tasks) >= 7
    assert sum("/sqllab/" not in task.start_path for task in tasks) >= 6


@pytest.mark.parametrize("task", example_tasks(), ids=lambda task: task.id)
def test_a_task_can_be_solved_as_it_is_committed(task: Task) -> None:
    reads = [step for step in task.solution if step.do in {"read_text", "read_table"}]
    assert task.solution
    assert len(task.solution) < task.limits.steps
    assert bool(reads) == (task.answer is not None)
    assert ("state" in task.tags) == bool(task.verifier.state)


@pytest.mark.parametrize("task", example_tasks(), ids=lambda task: task.id)
def test_no_solution_holds_its_answer(task: Task) -> None:
    solution = json.dumps([step.model_dump(mode="json") for step in task.solution], ensure_ascii=False)
    told = [value for value in values(task.answer) if len(value) > 3 and value not in task.task]
    assert not [value for value in told if value in solution]


@pytest.mark.parametrize(
    "task", [task for task in example_tasks() if task.answer is not None], ids=lambda task: task.id
)
def test_an_instruction_names_the_keys_of_its_answer(task: Task) -> None:
    assert isinstance(task.answer, dict)
    for key in task.answer:
        assert f'"{key}"' in task.task


def test_the_seed_file_is_the_plain_format() -> None:
    entries = json.loads((EXAMPLES / "seed.json").read_bytes())
    assert len(entries) == 3
    known = {task.id: task for task in example_tasks()}
    for entry, task in zip(entries, example_tasks("seed.json"), strict=True):
        assert set(entry) == {"id", "task", "answer"}
        assert task.answer == json.loads(entry["answer"])
        assert task.answer == known[task.id.removeprefix("seed-")].answer


def test_the_readme_lists_every_task() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [task.id for task in example_tasks() if f"`{task.id}`" not in readme] == []
