"""OpenAI's computer actions become canonical ones; what cannot be done is told in words for the model."""

from typing import get_args

import pytest
from openai.types.responses import ComputerAction

from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.agents.models.scale import Scale
from rolldeck.agents.openai.actions import _TRANSLATIONS, actions_of
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    Drag,
    Forward,
    Move,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)

AS_IT_IS = Scale(1280, 800, 1280, 800)
HALVED = Scale(2560, 1600, 1280, 800)


@pytest.mark.parametrize(
    ("wire", "canonical"),
    [
        ({"type": "click", "button": "left", "x": 10, "y": 20}, [Click(x=10, y=20)]),
        ({"type": "click", "button": "right", "x": 10, "y": 20}, [Click(x=10, y=20, button="right")]),
        ({"type": "click", "button": "wheel", "x": 10, "y": 20}, [Click(x=10, y=20, button="middle")]),
        ({"type": "click", "button": "back", "x": 10, "y": 20}, [Back()]),
        ({"type": "click", "button": "forward", "x": 10, "y": 20}, [Forward()]),
        ({"type": "click", "x": 10, "y": 20}, [Click(x=10, y=20)]),
        (
            {"type": "click", "button": "left", "x": 10, "y": 20, "keys": ["CTRL", "SHIFT"]},
            [Click(x=10, y=20, held="Control+Shift")],
        ),
        ({"type": "click", "button": "left", "x": 10, "y": 20, "keys": None}, [Click(x=10, y=20)]),
        ({"type": "double_click", "x": 1, "y": 2}, [Click(x=1, y=2, count=2)]),
        ({"type": "double_click", "x": 1, "y": 2, "keys": ["SHIFT"]}, [Click(x=1, y=2, count=2, held="Shift")]),
        (
            {"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}]},
            [Drag(path=((1, 2), (3, 4), (5, 6)))],
        ),
        ({"type": "keypress", "keys": ["CTRL", "A"]}, [PressKey(keys="Control+A")]),
        ({"type": "keypress", "keys": ["ENTER"]}, [PressKey(keys="Enter")]),
        ({"type": "keypress", "keys": ["SPACE"]}, [PressKey(keys="Space")]),
        ({"type": "keypress", "keys": ["TAB", "ArrowLeft"]}, [PressKey(keys="Tab"), PressKey(keys="ArrowLeft")]),
        ({"type": "move", "x": 3, "y": 4}, [Move(x=3, y=4)]),
        ({"type": "screenshot"}, [Screenshot()]),
        ({"type": "scroll", "x": 3, "y": 4, "scroll_x": 0, "scroll_y": 500}, [Scroll(x=3, y=4, dy=500)]),
        ({"type": "scroll", "x": 3, "y": 4, "scroll_x": -20, "scroll_y": 0}, [Scroll(x=3, y=4, dx=-20)]),
        ({"type": "type", "text": "Zürich\n"}, [TypeText(text="Zürich\n")]),
        ({"type": "wait"}, [Wait(seconds=2)]),
    ],
)
def test_each_action_has_its_canonical_form(wire: dict[str, object], canonical: list[Action]) -> None:
    assert list(actions_of(wire, AS_IT_IS)) == canonical


def test_every_action_that_the_sdk_knows_is_translated() -> None:
    known = {get_args(member.model_fields["type"].annotation)[0] for member in get_args(get_args(ComputerAction)[0])}
    assert known == set(_TRANSLATIONS)


def test_coordinates_of_a_downscaled_screenshot_are_those_of_the_page() -> None:
    assert actions_of({"type": "move", "x": 100, "y": 50}, HALVED) == (Move(x=201, y=101),)
    path = [{"x": 0, "y": 0}, {"x": 1279, "y": 799}]
    assert actions_of({"type": "drag", "path": path}, HALVED) == (Drag(path=((1, 1), (2559, 1599))),)


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        ({"type": "teleport"}, "there is no action 'teleport'"),
        ({}, "there is no action None"),
        ({"type": ["click"]}, "there is no action"),
        ({"type": "click", "button": "left", "x": 10}, "click: y is missing"),
        ({"type": "click", "button": "left", "x": "left", "y": 1}, "click: x must be a number of pixels, not 'left'"),
        ({"type": "click", "button": "left", "x": True, "y": 1}, "click: x must be"),
        ({"type": "click", "button": "left", "x": float("nan"), "y": 1}, "click: x must be"),
        ({"type": "click", "button": "left", "x": 10**400, "y": 1}, "click: x must be"),
        ({"type": "click", "button": "thumb", "x": 1, "y": 1}, "click: button must be one of left, right, wheel"),
        ({"type": "drag", "path": [{"x": 1, "y": 2}]}, "drag: path must be a list of at least two points"),
        ({"type": "drag", "path": [[1, 2], [3, 4]]}, "drag: path must be a list of points"),
        ({"type": "keypress", "keys": []}, "keypress: keys must be a list of at least one key"),
        ({"type": "keypress", "keys": "CTRL"}, "keypress: keys must be a list"),
        ({"type": "keypress", "keys": [1]}, "keypress: keys must be a list of names"),
        ({"type": "scroll", "x": 1, "y": 1, "scroll_y": 10**9}, "scroll: scroll_y must be at most"),
        ({"type": "type", "text": "a\x00b"}, "type: text holds the NUL character"),
        ({"type": "type"}, "type: text is missing"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_model(wire: dict[str, object], told: str) -> None:
    with pytest.raises(MalformedCall, match="^" + told.replace("(", r"\(")):
        actions_of(wire, AS_IT_IS)
