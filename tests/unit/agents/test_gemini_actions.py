"""What Gemini's functions mean, in both sets and both ways to name arguments."""

import pytest

from rolldeck.agents.gemini.actions import Screen, actions_of
from rolldeck.agents.models.arguments import MalformedCall
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    Drag,
    Forward,
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

SCREEN = Screen(1280, 800)
AT = {"x": 500, "y": 250}
HERE = {"x": 640, "y": 200}

MEANINGS: list[tuple[str, dict[str, object], tuple[Action, ...]]] = [
    ("open_web_browser", {}, (Screenshot(),)),
    ("wait_5_seconds", {}, (Wait(seconds=5),)),
    ("go_back", {}, (Back(),)),
    ("go_forward", {}, (Forward(),)),
    ("navigate", {"url": "localhost:3000/a"}, (Navigate(url="localhost:3000/a"),)),
    ("click_at", AT, (Click(**HERE),)),
    ("hover_at", AT, (Move(**HERE),)),
    (
        "type_text_at",
        {**AT, "text": "é", "press_enter": True},
        (
            Click(**HERE),
            PressKey(keys="Control+A"),
            PressKey(keys="Delete"),
            TypeText(text="é"),
            PressKey(keys="Enter"),
        ),
    ),
    (
        "type_text_at",
        {**AT, "text": "a", "press_enter": "false", "clear_before_typing": False},
        (Click(**HERE), TypeText(text="a")),
    ),
    ("type_text_at", {**AT, "text": ""}, (Click(**HERE), PressKey(keys="Control+A"), PressKey(keys="Delete"))),
    ("key_combination", {"keys": "control+a"}, (PressKey(keys="Control+a"),)),
    ("key_combination", {"keys": "Enter"}, (PressKey(keys="Enter"),)),
    ("scroll_document", {"direction": "down"}, (Scroll(x=640, y=400, dy=640),)),
    ("scroll_document", {"direction": "left"}, (Scroll(x=640, y=400, dx=-1024),)),
    ("scroll_at", {**AT, "direction": "up"}, (Scroll(**HERE, dy=-640),)),
    ("scroll_at", {**AT, "direction": "right", "magnitude": 100}, (Scroll(**HERE, dx=128),)),
    ("drag_and_drop", {**AT, "destination_x": 0, "destination_y": 999}, (Drag(path=((640, 200), (0, 799))),)),
    ("drag_and_drop", {"start_x": 500, "start_y": 250, "end_x": 0, "end_y": 0}, (Drag(path=((640, 200), (0, 0))),)),
    ("click", {**AT, "intent": "look"}, (Click(**HERE),)),
    ("double_click", AT, (Click(**HERE, count=2),)),
    ("triple_click", AT, (Click(**HERE, count=3),)),
    ("middle_click", AT, (Click(**HERE, button="middle"),)),
    ("right_click", AT, (Click(**HERE, button="right"),)),
    ("mouse_down", AT, (Move(**HERE), MouseDown())),
    ("mouse_up", AT, (Move(**HERE), MouseUp())),
    ("mouse_up", {}, (MouseUp(),)),
    ("move", AT, (Move(**HERE),)),
    ("type", {"text": "a\nb"}, (TypeText(text="a\nb"),)),
    ("type", {"text": "a", "press_enter": True}, (TypeText(text="a"), PressKey(keys="Enter"))),
    ("scroll", {**AT, "direction": "down", "magnitude_in_pixels": 300}, (Scroll(**HERE, dy=300),)),
    ("scroll", {**AT, "direction": "down", "magnitude": 500}, (Scroll(**HERE, dy=400),)),
    ("wait", {}, (Wait(seconds=1),)),
    ("wait", {"seconds": 999}, (Wait(seconds=60),)),
    ("press_key", {"key": "enter"}, (PressKey(keys="Enter"),)),
    ("key_down", {"key": "shift"}, (KeyDown(key="Shift"),)),
    ("key_up", {"key": "shift"}, (KeyUp(key="Shift"),)),
    ("hotkey", {"keys": ["ctrl", "shift", "T"]}, (PressKey(keys="Control+Shift+T"),)),
    ("take_screenshot", {}, (Screenshot(),)),
]


@pytest.mark.parametrize(("name", "arguments", "actions"), MEANINGS)
def test_each_function_means_what_a_person_would_do(
    name: str, arguments: dict[str, object], actions: tuple[Action, ...]
) -> None:
    assert actions_of(name, arguments, SCREEN) == actions


@pytest.mark.parametrize(
    ("point", "pixel"),
    [
        ((0, 0), (0, 0)),
        ((999, 999), (1278, 799)),
        ((1000, 1000), (1279, 799)),
        ((-5, 99999), (0, 799)),
        (("500", 0.5), (640, 0)),
    ],
)
def test_points_are_on_the_page_also_where_the_model_is_beside_it(
    point: tuple[object, object], pixel: tuple[int, int]
) -> None:
    (click,) = actions_of("click", {"x": point[0], "y": point[1]}, SCREEN)
    assert click == Click(x=pixel[0], y=pixel[1])


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("fly", {}, "there is no function 'fly' here"),
        ("search", {}, "search: there is no search engine here"),
        ("click", {}, "click: x is missing"),
        ("click", {"x": "left", "y": 1}, "click: x must be a number, not 'left'"),
        ("click", {"x": True, "y": 1}, "click: x must be a number"),
        ("click", {"x": float("nan"), "y": 1}, "click: x must be a number"),
        ("type", {"text": 5}, "type: text must be a text"),
        ("type", {"text": "a", "press_enter": "perhaps"}, "press_enter must be true or false"),
        ("scroll", {"x": 1, "y": 1, "direction": "sideways"}, "direction must be one of up, down, left, right"),
        ("hotkey", {"keys": []}, "hotkey: keys must be a list of names of keys"),
        ("hotkey", {"keys": [1]}, "hotkey: keys must be a list of names of keys"),
        ("press_key", {"key": ""}, "press_key: key must be the name of a key"),
        ("navigate", {"url": " "}, "navigate: url must be an address"),
        ("drag_and_drop", {"x": 1, "y": 1}, "destination_x is missing"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_for_the_model(
    name: str, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(MalformedCall, match=words):
        actions_of(name, arguments, SCREEN)
