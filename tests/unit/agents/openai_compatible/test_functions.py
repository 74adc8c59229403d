"""The canonical actions as functions of a chat completion, and calls of them as actions."""

import json
import re

import jsonschema_rs
import pytest
from pydantic import TypeAdapter

from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.openai_compatible.functions import Grid, action_of, function_tools, is_written_action
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    Drag,
    Forward,
    HoldKey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)

PIXELS = Grid()
AS_IT_IS = Scale(1280, 800, 1280, 800)
EACH_ACTION: list[Action] = [
    Click(x=1, y=2, button="right", count=2, held="Control"),
    MouseDown(button="middle"),
    MouseUp(),
    Move(x=3, y=4),
    Drag(path=((1, 2), (3, 4))),
    Scroll(x=1, y=2, dx=-3, dy=400),
    TypeText(text="naïve “text”\n"),
    PressKey(keys="Control+a"),
    KeyDown(key="Shift"),
    KeyUp(key="Shift"),
    HoldKey(keys="ArrowDown", seconds=2.5),
    Wait(seconds=0.5),
    Navigate(url="/sqllab"),
    Back(),
    Forward(),
    Screenshot(),
]


def call(action: Action) -> tuple[str, str]:
    """What a model writes to do an action."""
    return action.kind, json.dumps(action.model_dump(mode="json", exclude={"kind"}))


def test_there_is_a_function_for_each_kind_of_action() -> None:
    kinds = {tool["function"]["name"] for tool in function_tools()}
    mapping = TypeAdapter(Action).json_schema()["discriminator"]["mapping"]
    assert kinds == set(mapping) == {action.kind for action in EACH_ACTION}


@pytest.mark.parametrize("action", EACH_ACTION, ids=lambda action: action.kind)
def test_a_call_of_each_function_is_its_action_and_fits_the_schema(action: Action) -> None:
    name, written = call(action)
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in function_tools()}
    jsonschema_rs.validate(schemas[name], json.loads(written))
    assert action_of(name, written, PIXELS, AS_IT_IS) == action


def test_schemas_use_only_what_simple_servers_know() -> None:
    text = json.dumps(function_tools())
    assert not re.search('"(prefixItems|[$]ref|anyOf|title)"', text)


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ('{"x": 10, "y": 20', Click(x=10, y=20)),
        ("{x: 10, y: 20,}", Click(x=10, y=20)),
        ('{"x": "10", "y": 19.6, "button": null}', Click(x=10, y=20)),
        ('{"kind": "scroll", "x": 1, "y": 2}', Click(x=1, y=2)),
    ],
)
def test_broken_arguments_are_repaired(written: str, action: Action) -> None:
    assert action_of("click", written, PIXELS, AS_IT_IS) == action


def test_points_of_a_path_may_be_written_as_objects() -> None:
    written = '{"path": [{"x": 1, "y": 2}, [3, 4]]}'
    assert action_of("drag", written, PIXELS, AS_IT_IS) == Drag(path=((1, 2), (3, 4)))


def test_names_of_keys_are_those_of_the_dom_whatever_the_model_calls_them() -> None:
    assert action_of("key", '{"keys": "ctrl+Return"}', PIXELS, AS_IT_IS) == PressKey(keys="Control+Enter")
    assert action_of("click", '{"x": 1, "y": 2, "held": "cmd"}', PIXELS, AS_IT_IS) == Click(x=1, y=2, held="Meta")


@pytest.mark.parametrize(
    ("size", "written", "point"),
    [
        (1000, '{"x": 0, "y": 0}', (0, 0)),
        (1000, '{"x": 500, "y": 500}', (640, 400)),
        (999, '{"x": 999, "y": 999}', (1280, 800)),
        (1000, '{"x": 1500, "y": 10}', (1920, 8)),
    ],
)
def test_coordinates_of_a_grid_are_stretched_over_the_page(size: int, written: str, point: tuple[int, int]) -> None:
    assert action_of("move", written, Grid(size), AS_IT_IS) == Move(x=point[0], y=point[1])


def test_coordinates_in_pixels_are_those_of_the_picture_that_was_shown() -> None:
    assert action_of("move", '{"x": 100, "y": 50}', PIXELS, Scale(2560, 1600, 1280, 800)) == Move(x=201, y=101)


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("teleport", "{}", "there is no function 'teleport'; there are: click"),
        ("click", "[1, 2]", "click: the arguments must be a JSON object"),
        ("click", "[" * 100_000, "click: the arguments must be a JSON object"),
        ("click", '{"x": 1}', "click: y: Field required"),
        ("click", '{"x": 1, "y": 2, "force": true}', "click: force: Extra inputs are not permitted"),
        ("click", '{"x": "middle", "y": 2}', "click: x must be a number of pixels, not 'middle'"),
        ("click", '{"x": 1, "y": 2, "button": "thumb"}', "click: button: Input should be 'left', 'middle' or 'right'"),
        ("wait", '{"seconds": 1e9}', "wait: seconds: Input should be less than or equal to 60"),
        ("wait", '{"seconds": NaN}', "wait: seconds: Input should be"),
        ("drag", '{"path": [[1, 2]]}', "drag: path: "),
        ("drag", '{"path": "1,2"}', "drag: path must be a list"),
        ("type", '{"text": "a\\u0000"}', "type: text holds the NUL character"),
        ("type", '{"text": 7}', "type: text must be a text, not 7"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_model(name: str, written: str, told: str) -> None:
    with pytest.raises(MalformedCall, match="^" + re.escape(told)):
        action_of(name, written, PIXELS, AS_IT_IS)


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ('{"name": "click", "arguments": {"x": 1, "y": 2}}', True),
        ('```json\n{"action": "type", "text": "a"}\n```', True),
        ('<tool_call>{"name": "click", "arguments": {"x": 1, "y": 2}}</tool_call>', True),
        ('[{"function": {"name": "scroll"}}]', True),
        ('{"function": "back"}', True),
        ('{"month": "March", "total": 12}', False),
        ('{"name": "Ada Lovelace", "action": "none"}', False),
        ("I will click the button now.", False),
        ("{" * 50_000, False),
        ("", False),
    ],
)
def test_an_action_written_as_text_is_told_from_an_answer(text: str, is_call: bool) -> None:
    assert is_written_action(text) is is_call
