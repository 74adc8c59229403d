"""The oracle: performs a solution through canonical actions, and answers with what it read."""

import asyncio
import json

import pytest
from pydantic import TypeAdapter

from rolldeck.agents.oracle import OracleAgent
from rolldeck.agents.port import Observation, Turn
from rolldeck.domain.action import (
    Click,
    Drag,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)
from rolldeck.domain.errors import AgentError
from rolldeck.domain.page import Box
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.solution import SolutionStep, Target

SOLUTION: TypeAdapter[tuple[SolutionStep, ...]] = TypeAdapter(tuple[SolutionStep, ...])


class PaperPage:
    """Stands for the browser's page: elements by their text, at known boxes, with known contents."""

    def __init__(self, texts: dict[str, str] | None = None, rows: list[dict[str, str]] | None = None) -> None:
        self.texts = texts or {}
        self.rows = rows or []
        self.boxes = {"Run": Box(10, 20, 30, 41), "Bin": Box(100.5, 200.25, 10, 10)}
        self.gone: list[str] = []

    async def locate(self, target: Target, timeout: float) -> Box:
        if target.text in self.boxes:
            return self.boxes[target.text]
        raise AgentError(f"{target.text} is not on the page after {timeout:g} s")

    async def wait_gone(self, target: Target, timeout: float) -> None:
        self.gone.append(str(target.text))

    async def read_text(self, target: Target, timeout: float) -> str:
        return self.texts[str(target.text)]

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        return self.rows


def observation(*results: ActionResult) -> Observation:
    return Observation(screenshot=b"", url="http://app/", width=1441, height=900, results=results)


def oracle(solution: list[dict[str, object]], page: PaperPage | None = None) -> OracleAgent:
    return OracleAgent(SOLUTION.validate_python(solution), page or PaperPage())


async def turns(agent: OracleAgent) -> list[Turn]:
    """All turns up to the answer, of an agent whose actions all succeed."""
    taken = [await agent.act(observation())]
    while taken[-1].answer is None:
        taken.append(await agent.act(observation()))
    return taken


RUN = {"text": "Run"}


@pytest.mark.parametrize(
    ("step", "actions", "message"),
    [
        ({"do": "goto", "path": "/sqllab/"}, (Navigate(url="/sqllab/"),), "Go to /sqllab/"),
        ({"do": "click", "target": RUN}, (Click(x=25, y=40),), "Click “Run”"),
        ({"do": "click", "target": RUN, "double": True}, (Click(x=25, y=40, count=2),), "Double-click “Run”"),
        (
            {"do": "click", "target": RUN, "button": "right"},
            (Click(x=25, y=40, button="right"),),
            "Right-click “Run”",
        ),
        ({"do": "hover", "target": RUN}, (Move(x=25, y=40),), "Point at “Run”"),
        ({"do": "type", "text": "SELECT 1"}, (TypeText(text="SELECT 1"),), "Type “SELECT 1”"),
        (
            {"do": "type", "text": "a", "target": RUN, "clear": True},
            (Click(x=25, y=40), PressKey(keys="Control+A"), PressKey(keys="Delete"), TypeText(text="a")),
            "Type “a” into “Run”",
        ),
        ({"do": "press", "keys": "Control+Enter"}, (PressKey(keys="Control+Enter"),), "Press Control+Enter"),
        ({"do": "scroll", "dy": 300}, (Scroll(x=720, y=450, dy=300),), "Scroll the page by 300 pixels"),
        (
            {"do": "scroll", "target": RUN, "dx": -5, "dy": 3},
            (Scroll(x=25, y=40, dx=-5, dy=3),),
            "Scroll “Run” by -5, 3 pixels",
        ),
        (
            {"do": "drag", "target": RUN, "to": {"text": "Bin"}},
            (Drag(path=((25, 40), (105, 205))),),
            "Drag “Run” to “Bin”",
        ),
        ({"do": "pause", "seconds": 0.7}, (Wait(seconds=0.7),), "Wait 0.7 s"),
        ({"do": "wait_for", "target": RUN}, (Screenshot(),), "Wait until “Run” is there"),
        ({"do": "wait_for", "target": RUN, "gone": True}, (Screenshot(),), "Wait until “Run” is gone"),
    ],
)
async def test_each_step_becomes_the_actions_of_a_persons_hands(step, actions, message):
    turn = await oracle([step]).act(observation())
    assert turn == Turn(message=message, actions=actions)


async def test_every_deed_is_a_turn_of_its_own_and_the_last_turn_answers():
    taken = await turns(oracle([{"do": "click", "target": RUN}, {"do": "press", "keys": "Enter"}]))
    assert [turn.message for turn in taken] == ["Click “Run”", "Press Enter", "Done."]
    assert taken[-1].actions == ()


async def test_looks_that_follow_each_other_share_a_turn_which_asks_for_a_new_screenshot():
    page = PaperPage(texts={"total": "12", "name": "Ann"})
    taken = await turns(
        oracle(
            [
                {"do": "press", "keys": "Enter"},
                {"do": "wait_for", "target": RUN},
                {"do": "read_text", "target": {"text": "total"}, "into": "total", "as": "integer"},
                {"do": "read_text", "target": {"text": "name"}, "into": "name"},
            ],
            page,
        )
    )
    assert [turn.actions for turn in taken] == [(PressKey(keys="Enter"),), (Screenshot(),), ()]
    assert taken[1].message == ('Wait until “Run” is there\nRead total from “total”: 12\nRead name from “name”: "Ann"')


async def test_it_answers_with_what_it_read_from_the_page():
    page = PaperPage(
        texts={"revenue": "Total: $1,234.50", "city": "München"},
        rows=[{"name": "a", "n": "2"}, {"name": "b", "n": "10"}],
    )
    taken = await turns(
        oracle(
            [
                {
                    "do": "read_text",
                    "target": {"text": "revenue"},
                    "into": "totals.revenue",
                    "as": "number",
                    "pattern": ": (.*)",
                },
                {"do": "read_text", "target": {"text": "city"}, "into": "city"},
                {"do": "read_table", "column": "n", "into": "counts", "as": "integer"},
                {"do": "read_table", "column": "name", "row": -1, "into": "top.0.name"},
            ],
            page,
        )
    )
    assert json.loads(taken[-1].answer or "") == {
        "totals": {"revenue": 1234.5},
        "city": "München",
        "counts": [2, 10],
        "top": [{"name": "b"}],
    }


async def test_the_whole_answer_can_be_one_value():
    page = PaperPage(texts={"total": "19,021"})
    taken = await turns(oracle([{"do": "read_text", "target": {"text": "total"}, "into": "$", "as": "integer"}], page))
    assert taken[-1].answer == "19021"


async def test_a_solution_that_reads_nothing_answers_with_an_empty_text():
    assert (await turns(oracle([{"do": "press", "keys": "Enter"}])))[-1].answer == ""


async def test_what_it_is_made_of_holds_no_task():
    agent = oracle([{"do": "press", "keys": "Enter"}])
    assert not any(hasattr(value, "answer") for value in vars(agent).values())


async def test_a_target_that_is_not_there_names_the_step():
    agent = oracle(
        [{"do": "press", "keys": "Enter"}, {"do": "click", "target": {"role": "button", "name": "Go"}, "timeout": 3}]
    )
    await agent.act(observation())
    with pytest.raises(
        AgentError, match=r"step 2 of 2 of the solution \(Click button “Go”\): .* not on the page after 3 s"
    ):
        await agent.act(observation())


async def test_an_action_without_effect_names_its_step():
    agent = oracle([{"do": "press", "keys": "Nope"}, {"do": "press", "keys": "Enter"}])
    turn = await agent.act(observation())
    failed = ActionResult(action=turn.actions[0], error="there is no key 'Nope'")
    with pytest.raises(AgentError, match=r"step 1 of 2 of the solution \(Press Nope\): had no effect: there is no key"):
        await agent.act(observation(failed))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"do": "read_text", "target": {"text": "name"}, "into": "n", "as": "number"}, "'Ann' is no number"),
        ({"do": "read_text", "target": {"text": "half"}, "into": "n", "as": "integer"}, "'2.5' is no whole number"),
        ({"do": "read_text", "target": {"text": "name"}, "into": "n", "as": "json"}, "'Ann' is not JSON"),
        ({"do": "read_text", "target": {"text": "name"}, "into": "n", "pattern": r"(\d+)"}, "does not match"),
        ({"do": "read_table", "column": "nam", "into": "n"}, "no column 'nam'; its columns: 'name'"),
        ({"do": "read_table", "column": "name", "row": 1, "into": "n"}, "1 rows: there is no row 1"),
    ],
)
async def test_what_cannot_be_read_as_the_solution_says_is_an_error_of_the_step(step, message):
    page = PaperPage(texts={"name": "Ann", "half": "2.5"}, rows=[{"name": "a"}])
    with pytest.raises(AgentError, match=rf"step 1 of 1 .*{message}"):
        await oracle([step], page).act(observation())


async def test_a_table_without_rows_says_so():
    with pytest.raises(AgentError, match="it has no rows"):
        await oracle([{"do": "read_table", "column": "a", "into": "n"}]).act(observation())


async def test_targets_are_named_as_a_person_would_name_them():
    target = {"role": "row", "name": "A", "nth": -1, "within": {"role": "dialog", "nth": 1}}
    with pytest.raises(AgentError, match=r"Click row “A” \(the last one\) in dialog \(number 2\)"):
        await oracle([{"do": "click", "target": target}]).act(observation())


async def test_cancelling_it_while_it_waits_is_not_swallowed():
    class SlowPage(PaperPage):
        """Stands for a page on which the target never comes."""

        async def locate(self, target: Target, timeout: float) -> Box:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

    started = asyncio.Event()
    acting = asyncio.create_task(oracle([{"do": "click", "target": RUN}], SlowPage()).act(observation()))
    await started.wait()
    acting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await acting
