"""The models that all parts of Rolldeck share."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from rolldeck.domain.action import Action, Click, Drag, HoldKey, KeyUp, MouseDown, PressKey
from rolldeck.domain.errors import EnvironmentFailure, FieldProblem, InvalidInput, RolldeckError, TemplateError
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.solution import AppPath, ReadText, Target
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import ComparisonRule

ACTION: TypeAdapter[Action] = TypeAdapter(Action)
PATH: TypeAdapter[str] = TypeAdapter(AppPath)


@pytest.mark.parametrize(
    "action",
    [
        Click(x=1, y=2, button="right"),
        Drag(path=((1, 2), (3, 4))),
        PressKey(keys="Control+A"),
        Click(x=1, y=2, count=3, held="Shift"),
        HoldKey(keys="a", seconds=2),
        MouseDown(),
        KeyUp(key="a"),
    ],
)
def test_an_action_survives_being_written_and_read(action):
    assert ACTION.validate_json(ACTION.dump_json(action)) == action


@pytest.mark.parametrize(
    "written", [{"kind": "clik"}, {"kind": "click", "x": 1}, {"kind": "wait", "seconds": 61}, {"kind": "drag", "path": [[1, 2]]}, {"kind": "click", "x": 1, "y": 2, "count": 4}, {"kind": "key_down", "key": ""}]
)  # fmt: skip
def test_what_is_no_action_is_refused(written):
    with pytest.raises(ValidationError):
        ACTION.validate_python(written)


def test_a_double_click_of_an_older_step_is_read_as_two_clicks():
    assert ACTION.validate_python({"kind": "double_click", "x": 1, "y": 2}) == Click(x=1, y=2, count=2)


def test_a_tasks_version_follows_its_content_and_nothing_else():
    first = Task(id="a", task="t", answer={"x": 1, "y": 2})
    assert first.version == Task(id="a", task="t", answer={"y": 2, "x": 1}).version
    assert first.version != Task(id="a", task="t", answer={"x": 1, "y": 3}).version
    assert first.version != first.model_copy(update={"tags": ("new",)}).version


def test_a_stored_task_is_read_as_it_was():
    task = Task.model_validate(
        {"id": "a", "task": "t", "answer": "[1]", "solution": [{"do": "read_text", "target": {"text": "x"}, "into": "a", "as": "number"}]}
    )  # fmt: skip
    assert Task.model_validate_json(task.model_dump_json(by_alias=True)) == task
    assert task.answer == "[1]"


@pytest.mark.parametrize("path", ["/", "/chart/list/", "/a?b=c d#e", "/é//x"])
def test_a_path_of_the_environment_is_accepted(path):
    assert PATH.validate_python(path) == path


@pytest.mark.parametrize("path", ["", "a", "//host", "/\\host", "/\t/host", "/a\n", "http://host/"])
def test_what_could_lead_elsewhere_is_no_path_of_the_environment(path):
    with pytest.raises(ValidationError):
        PATH.validate_python(path)


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999999999}", "(" * 400, "(?P<1>x)"])
def test_a_pattern_that_does_not_compile_is_refused(pattern):
    with pytest.raises(ValidationError, match="is not a regular expression"):
        ReadText(do="read_text", target=Target(text="a"), into="a", pattern=pattern)


def test_a_target_names_something():
    with pytest.raises(ValidationError, match="needs one of"):
        Target()
    with pytest.raises(ValidationError, match="name goes with role"):
        Target(text="a", name="b")


def test_a_rule_has_one_way_to_compare_numbers():
    with pytest.raises(ValidationError, match="not both"):
        ComparisonRule(decimals=1, tolerance=0.1)


def test_a_rollouts_seconds_are_from_claim_to_end():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    identity = {"id": "r", "batch_id": "b", "task_id": "a", "task_version": "v", "agent": "noop"}
    rollout = Rollout(**identity, status=Status.RUNNING, created_at=start)
    assert rollout.seconds is None
    ended = rollout.model_copy(update={"started_at": start, "finished_at": start + timedelta(seconds=3)})
    assert ended.seconds == 3


def test_errors_say_whether_trying_again_could_help():
    assert EnvironmentFailure("x").retryable
    assert not TemplateError("x").retryable
    assert not RolldeckError("x").retryable


def test_a_problem_reads_as_a_sentence_with_its_place():
    problem = FieldProblem("verifier.order", "is wrong", index=3, item_id="q4")
    assert str(problem) == "task 3, id 'q4', field 'verifier.order': is wrong"
    assert str(FieldProblem("", "is wrong")) == "is wrong"
    assert InvalidInput("x", (problem,)).problems == (problem,)
