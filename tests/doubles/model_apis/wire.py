"""From canonical actions to the words of providers: the way that the agents' translators go backwards."""

from math import ceil
from typing import Any

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

_BUTTONS = {"left": "left", "right": "right", "middle": "wheel"}
_OPENAI_KEYS = {"Control": "CTRL", "Shift": "SHIFT", "Alt": "ALT", "Meta": "CMD", "Enter": "ENTER", "Escape": "ESC"}
_X11_KEYS = {
    "Control": "ctrl",
    "Shift": "shift",
    "Alt": "alt",
    "Meta": "super",
    "Enter": "Return",
    "Backspace": "BackSpace",
    "ArrowDown": "Down",
    "ArrowUp": "Up",
    "ArrowLeft": "Left",
    "ArrowRight": "Right",
    "PageDown": "Page_Down",
    "PageUp": "Page_Up",
    "Space": "space",
}
_CLICKS = {("left", 1): "left_click", ("left", 2): "double_click", ("left", 3): "triple_click"}
_CLICKS |= {("right", 1): "right_click", ("middle", 1): "middle_click"}


def openai_action(action: Action) -> dict[str, Any]:
    """Return an action of OpenAI's computer tool; it has none for addresses, held keys and buttons."""
    match action:
        case Click(count=1):
            wire = {"type": "click", "button": _BUTTONS[action.button], "x": action.x, "y": action.y}
        case Click(count=2):
            wire = {"type": "double_click", "x": action.x, "y": action.y}
        case Move():
            wire = {"type": "move", "x": action.x, "y": action.y}
        case Drag():
            wire = {"type": "drag", "path": [{"x": x, "y": y} for x, y in action.path]}
        case Scroll():
            wire = {"type": "scroll", "x": action.x, "y": action.y, "scroll_x": action.dx, "scroll_y": action.dy}
        case TypeText():
            wire = {"type": "type", "text": action.text}
        case PressKey():
            wire = {"type": "keypress", "keys": [_OPENAI_KEYS.get(key, key) for key in action.keys.split("+")]}
        case Wait():
            wire = {"type": "wait"}
        case Screenshot():
            wire = {"type": "screenshot"}
        case Back() | Forward():
            wire = {"type": "click", "button": action.kind, "x": 0, "y": 0}
        case _:
            raise NotImplementedError(f"OpenAI's computer has no {action.kind}")
    held = getattr(action, "held", "")
    return {**wire, "keys": [_OPENAI_KEYS.get(key, key) for key in held.split("+")]} if held else wire


def anthropic_call(action: Action, *, browser: bool) -> tuple[str, dict[str, Any]]:
    """Return the member's name and the input of a call of Anthropic's computer or browser."""
    match action:
        case Click():
            return _CLICKS[action.button, action.count], _at(action.x, action.y, browser) | _held(action.held, browser)
        case Move():
            return "mouse_move", _at(action.x, action.y, browser)
        case Drag():
            (x, y), (end_x, end_y) = action.path[0], action.path[-1]
            start = {"from": _target(x, y)} if browser else {"start_coordinate": [x, y]}
            return "left_click_drag", start | _at(end_x, end_y, browser)
        case Scroll():
            amount, direction = _wheel(action)
            given = {"scroll_direction": direction, "scroll_amount": amount}
            return "scroll", _at(action.x, action.y, browser) | given
        case Navigate() if browser:
            return "navigate", {"url": action.url}
        case Back() | Forward() if browser:
            return "navigate", {"url": action.kind}
        case _:
            return _call_without_place(action)


def _call_without_place(action: Action) -> tuple[str, dict[str, Any]]:
    match action:
        case TypeText():
            return "type", {"text": action.text}
        case PressKey():
            return "key", {"text": _x11(action.keys)}
        case HoldKey():
            return "hold_key", {"text": _x11(action.keys), "duration": ceil(action.seconds)}
        case MouseDown():
            return "left_mouse_down", {}
        case MouseUp():
            return "left_mouse_up", {}
        case Wait():
            return "wait", {"duration": ceil(action.seconds)}
        case Screenshot():
            return "screenshot", {}
        case _:
            raise NotImplementedError(f"Anthropic's computer has no {action.kind}")


def _x11(keys: str) -> str:
    return "+".join(_X11_KEYS.get(key, key) for key in keys.split("+"))


def _target(x: int, y: int) -> dict[str, Any]:
    return {"type": "coordinate", "x": x, "y": y}


def _at(x: int, y: int, browser: bool) -> dict[str, Any]:
    return {"target": _target(x, y)} if browser else {"coordinate": [x, y]}


def _held(held: str, browser: bool) -> dict[str, Any]:
    return {"modifiers" if browser else "text": _x11(held)} if held else {}


def _wheel(action: Scroll) -> tuple[int, str]:
    if action.dx:
        return ceil(abs(action.dx) / 100), "right" if action.dx > 0 else "left"
    return ceil(abs(action.dy) / 100), "down" if action.dy > 0 else "up"
