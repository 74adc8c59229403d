"""Anthropic's computer and browser members become canonical actions; what cannot be done is told to the model."""

import re
from typing import Any, get_args

import pytest
from anthropic.types.beta import BetaBrowserMemberName, BetaComputerMemberName

from rolldeck.agents.anthropic.actions import _TRANSLATIONS, Screen, actions_of, pointer_after
from rolldeck.agents.models.arguments import MalformedCall, Point
from rolldeck.agents.models.scale import Scale
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    Drag,
    Forward,
    HoldKey,
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

SCREEN = Screen(pointer=Point(7, 8), url="http://app/sqllab/", scale=Scale(1280, 800, 1280, 800))
HALVED = Screen(pointer=Point(7, 8), url="http://app/", scale=Scale(2560, 1600, 1280, 800))


def at(x: int, y: int) -> dict[str, Any]:
    return {"type": "coordinate", "x": x, "y": y}


COMPUTER: list[tuple[str, dict[str, Any], list[Action]]] = [
    ("left_click", {"coordinate": [10, 20]}, [Click(x=10, y=20)]),
    ("left_click", {}, [Click(x=7, y=8)]),
    ("left_click", {"coordinate": None, "text": None}, [Click(x=7, y=8)]),
    ("left_click", {"coordinate": [10, 20], "text": "ctrl+shift"}, [Click(x=10, y=20, held="Control+Shift")]),
    ("left_click", {"coordinate": ["10", 20.4]}, [Click(x=10, y=20)]),
    ("right_click", {"coordinate": [10, 20]}, [Click(x=10, y=20, button="right")]),
    ("middle_click", {"coordinate": [10, 20]}, [Click(x=10, y=20, button="middle")]),
    ("double_click", {"coordinate": [10, 20]}, [Click(x=10, y=20, count=2)]),
    ("triple_click", {"coordinate": [10, 20]}, [Click(x=10, y=20, count=3)]),
    ("left_click_drag", {"start_coordinate": [1, 2], "coordinate": [3, 4]}, [Drag(path=((1, 2), (3, 4)))]),
    (
        "left_click_drag",
        {"start_coordinate": [1, 2], "coordinate": [3, 4], "text": "shift"},
        [Drag(path=((1, 2), (3, 4)), held="Shift")],
    ),
    ("left_mouse_down", {}, [MouseDown()]),
    ("left_mouse_up", {}, [MouseUp()]),
    ("mouse_move", {"coordinate": [5, 6]}, [Move(x=5, y=6)]),
    (
        "scroll",
        {"coordinate": [5, 6], "scroll_direction": "down", "scroll_amount": 3},
        [Scroll(x=5, y=6, dy=300)],
    ),
    ("scroll", {"scroll_direction": "up", "scroll_amount": 1}, [Scroll(x=7, y=8, dy=-100)]),
    ("scroll", {"scroll_direction": "left", "scroll_amount": 2}, [Scroll(x=7, y=8, dx=-200)]),
    (
        "scroll",
        {"scroll_direction": "right", "scroll_amount": 2, "text": "alt"},
        [Scroll(x=7, y=8, dx=200, held="Alt")],
    ),
    ("type", {"text": "SELECT 1;\n"}, [TypeText(text="SELECT 1;\n")]),
    ("key", {"text": "Return"}, [PressKey(keys="Enter")]),
    ("key", {"text": "ctrl+s"}, [PressKey(keys="Control+s")]),
    ("key", {"text": "ctrl + shift + s"}, [PressKey(keys="Control+Shift+s")]),
    ("key", {"text": "Down", "repeat": 3}, [PressKey(keys="ArrowDown")] * 3),
    ("key", {"text": "Down Down Return"}, [PressKey(keys=key) for key in ("ArrowDown", "ArrowDown", "Enter")]),
    ("key", {"text": " "}, [PressKey(keys="Space")]),
    ("key", {"text": "+"}, [PressKey(keys="+")]),
    ("hold_key", {"text": "shift", "duration": 2}, [HoldKey(keys="Shift", seconds=2)]),
    ("hold_key", {"text": "Down", "duration": 300}, [HoldKey(keys="ArrowDown", seconds=60)]),
    ("wait", {"duration": 2}, [Wait(seconds=2)]),
    ("wait", {"duration": 300}, [Wait(seconds=60)]),
    ("screenshot", {}, [Screenshot()]),
    ("zoom", {"region": [0, 0, 100, 50]}, [Screenshot()]),
    ("cursor_position", {}, []),
]
BROWSER: list[tuple[str, dict[str, Any], list[Action]]] = [
    ("navigate", {"url": "localhost:3000"}, [Navigate(url="localhost:3000")]),
    ("navigate", {"url": "back"}, [Back()]),
    ("navigate", {"url": "forward"}, [Forward()]),
    ("navigate", {"url": "reload"}, [Navigate(url="http://app/sqllab/")]),
    ("left_click", {"target": at(10, 20)}, [Click(x=10, y=20)]),
    ("left_click", {"target": at(10, 20), "modifiers": "cmd+alt"}, [Click(x=10, y=20, held="Meta+Alt")]),
    ("right_click", {"target": at(10, 20)}, [Click(x=10, y=20, button="right")]),
    ("triple_click", {"target": at(10, 20)}, [Click(x=10, y=20, count=3)]),
    ("hover", {"target": at(10, 20)}, [Move(x=10, y=20)]),
    ("mouse_move", {"target": at(10, 20)}, [Move(x=10, y=20)]),
    ("left_click_drag", {"from": at(1, 2), "target": at(3, 4)}, [Drag(path=((1, 2), (3, 4)))]),
    ("left_mouse_down", {"target": at(3, 4)}, [Move(x=3, y=4), MouseDown()]),
    ("left_mouse_up", {"target": at(3, 4)}, [Move(x=3, y=4), MouseUp()]),
    ("scroll", {"target": at(3, 4), "scroll_direction": "down"}, [Scroll(x=3, y=4, dy=300)]),
]


@pytest.mark.parametrize(("name", "given", "canonical"), [*COMPUTER, *BROWSER])
def test_each_member_has_its_canonical_form(name: str, given: dict[str, Any], canonical: list[Action]) -> None:
    assert list(actions_of(name, given, SCREEN)) == canonical


def test_every_member_of_the_computer_toolset_that_the_sdk_knows_is_translated() -> None:
    assert set(get_args(BetaComputerMemberName)) <= set(_TRANSLATIONS)


def test_every_translation_is_of_a_member_that_the_sdk_knows() -> None:
    assert set(_TRANSLATIONS) <= {*get_args(BetaComputerMemberName), *get_args(BetaBrowserMemberName)}


def test_coordinates_of_a_downscaled_screenshot_are_those_of_the_page() -> None:
    assert actions_of("left_click", {"coordinate": [100, 50]}, HALVED) == (Click(x=201, y=101),)
    assert actions_of("hover", {"target": at(100, 50)}, HALVED) == (Move(x=201, y=101),)
    assert actions_of("left_click", {}, HALVED) == (Click(x=7, y=8),)  # the pointer is the page's already


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("teleport", {}, "there is no action 'teleport' here"),
        ("left_click", {"coordinate": "here"}, "left_click: coordinate must be [x, y] in pixels, not 'here'"),
        ("left_click", {"coordinate": [1, 2, 3]}, "left_click: coordinate must be [x, y]"),
        ("left_click", {"coordinate": [1e300, 2]}, "left_click: coordinate must be [x, y]"),
        ("left_click", {"target": {"type": "ref", "ref": "ref_7"}}, "left_click: target must be a coordinate"),
        ("left_click", {"target": "ref_7"}, "left_click: target must be an object"),
        ("left_click_drag", {"coordinate": [1, 2]}, "left_click_drag: start_coordinate is missing"),
        ("scroll", {"scroll_direction": "sideways"}, "scroll: scroll_direction must be one of up, down, left, right"),
        ("scroll", {"scroll_direction": "up", "scroll_amount": -1}, "scroll: scroll_amount must be a number from 0"),
        ("scroll", {"scroll_direction": "up", "scroll_amount": 1e9}, "scroll: scroll_amount must be a number from 0"),
        ("key", {"text": "a", "repeat": 101}, "key: repeat must be a whole number from 1 to 100, not 101"),
        ("key", {"text": "a", "repeat": 1.5}, "key: repeat must be"),
        ("key", {}, "key: text is missing"),
        ("wait", {"duration": -1}, "wait: duration must be a number of seconds, not -1"),
        ("wait", {"duration": "long"}, "wait: duration must be a number, not 'long'"),
        ("zoom", {"region": [5, 5, 5, 9]}, "zoom: region must be [x0, y0, x1, y1]"),
        ("zoom", {"region": [0, 0, 2000, 9]}, "zoom: region [0, 0, 2000, 9] is not inside the screenshot"),
        ("navigate", {"url": " "}, "navigate: url must be an address"),
        ("type", {"text": "\ud800"}, "type: text holds the NUL character or half of a character"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_model(name: str, given: dict[str, Any], told: str) -> None:
    with pytest.raises(MalformedCall, match="^" + re.escape(told)):
        actions_of(name, given, SCREEN)


@pytest.mark.parametrize(
    ("action", "pointer"),
    [
        (Click(x=1, y=2), Point(1, 2)),
        (Move(x=1, y=2), Point(1, 2)),
        (Scroll(x=1, y=2, dy=100), Point(1, 2)),
        (Drag(path=((1, 2), (3, 4))), Point(3, 4)),
        (TypeText(text="a"), Point(7, 8)),
        (MouseDown(), Point(7, 8)),
    ],
)
def test_the_pointer_is_where_the_last_action_left_it(action: Action, pointer: Point) -> None:
    assert pointer_after(action, Point(7, 8)) == pointer
