"""A task meets its environment: where the agent begins, and what it is told."""

from rolldeck.domain.task import Task
from rolldeck.environments.port import Entrance

_ROOT = "/"


def start_path_of(task: Task, entrance: Entrance) -> str:
    """Return the task's start path; where it names none, the environment's."""
    return entrance.start_path if task.start_path == _ROOT else task.start_path


def told(task: Task, entrance: Entrance) -> Task:
    """Return the task as the agent is given it, with what the environment adds after the instruction.

    For this one agent only: what is added may hold the environment's passwords, and is no part of the task's version.
    """
    if entrance.instruction is None:
        return task
    return task.model_copy(update={"task": f"{task.task}\n\n{entrance.instruction}"})
