"""Questions to the person at a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import cast

import pytest
from rich.console import Console

from rolldeck.cli.attendance import Asking, needs_person
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import Conflict
from rolldeck.domain.person import Question
from rolldeck.storage.port import People


def question(number: int) -> Question:
    told = {"action": "click\x1b[2J", "concern": "It pays.", "explanation": "I pay.", "seconds": 60}
    return Question(id=f"{number:032x}", rollout_id="r1", attempt=1, asked_at=datetime.now(UTC), **told)


class Asked:
    """Stands for the stored questions."""

    def __init__(self, *questions: Question) -> None:
        self.waiting = list(questions)
        self.answers: list[tuple[str, bool]] = []

    async def questions(self, rollout_id: str | None = None) -> Sequence[Question]:
        return self.waiting

    async def answer(self, question_id: str, *, allow: bool) -> Question:
        self.answers.append((question_id, allow))
        if not self.waiting:
            raise Conflict("The question is closed: it was allowed")
        return self.waiting.pop(0)


class Terminal:
    def __init__(self, *questions: Question) -> None:
        self.people = Asked(*questions)
        self.out = StringIO()
        self.woken = 0
        self.asking = Asking(cast("People", self.people), self.wake, Console(file=self.out, width=400))

    def wake(self) -> None:
        self.woken += 1


async def test_a_question_is_said_once_and_can_do_nothing_to_the_terminal() -> None:
    terminal = Terminal(question(1))
    for _ in range(3):
        await terminal.asking.look(can_answer=True)
    said = terminal.out.getvalue()
    assert said.count("It pays.") == 1
    assert "It says: I pay. Allow it? y or n, then Enter." in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("line", "allow"), [("y\n", True), ("Yes\n", True), ("n\n", False)])
async def test_yes_and_no_answer_the_oldest_question(line: str, allow: bool) -> None:
    terminal = Terminal(question(1), question(2))
    await terminal.asking.look(can_answer=True)
    await terminal.asking.take(line)
    assert (terminal.people.answers, terminal.woken) == ([(f"{1:032x}", allow)], 1)


async def test_anything_else_is_no_answer_and_one_that_comes_too_late_is_said_to_be() -> None:
    terminal = Terminal(question(1))
    await terminal.asking.look(can_answer=True)
    for line in ("", "\n", "maybe\n"):
        await terminal.asking.take(line)
    assert terminal.people.answers == []
    terminal.people.waiting.clear()
    await terminal.asking.take("y\n")
    assert "The question is closed: it was allowed." in terminal.out.getvalue()
    assert terminal.woken == 0


def test_a_person_is_needed_by_the_human_agent_and_where_one_is_to_be_asked() -> None:
    assert needs_person(AgentChoice(agent="human"))
    assert needs_person(AgentChoice(agent="gemini", model="m", parameters={"safety": "ask"}))
    assert not needs_person(AgentChoice(agent="gemini", model="m", parameters={"safety": "allow"}))
