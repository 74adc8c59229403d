"""From Anthropic's computer and browser tools to the canonical actions.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool (and browser-use-tool). The older
tools name an action in ``input.action``, the toolsets in the call's own name; what else the input holds is the same. The
browser's members write a point as ``target`` and held keys as ``modifiers``, the computer's as ``coordinate`` and ``text``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rolldeck.agents.models.arguments import Arguments, MalformedCall, Point
from rolldeck.agents.models.key_names import dom_chord
from rolldeck.agents.models.scale import Scale
from rolldeck.domain.action import (
    Action,
    Back,
    Button,
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

LOOKS = frozenset({"screenshot", "zoom"})
"""Calls that are answered with a picture of what the page shows when they are made."""

_WHEEL_CLICK = 100  # pixels that a page moves for one click of the wheel, in Chromium
_LONGEST_SECONDS = 60.0  # of one action here; the protocol allows 30 (browser) and 300 (computer)
_MOST_REPEATS = 100
_MOST_WHEEL_CLICKS = 1000


@dataclass(frozen=True)
class Screen:
    """Where a call finds things: the pointer (in pixels of the page), the page's address, and how the page is shown."""

    pointer: Point
    url: str
    scale: Scale


Translate = Callable[[Arguments, Screen], tuple[Action, ...]]


def actions_of(name: str, values: Mapping[str, object], screen: Screen) -> tuple[Action, ...]:
    """Return what a call does, in pixels of the page; nothing for a call that only asks. Raises ``MalformedCall``."""
    translate = _TRANSLATIONS.get(name)
    if translate is None:
        raise MalformedCall(f"there is no action {name!r} here")
    return translate(Arguments(name, values), screen)


def pointer_after(action: Action, pointer: Point) -> Point:
    """Return where the pointer is after an action."""
    match action:
        case Click() | Move() | Scroll():
            return Point(action.x, action.y)
        case Drag():
            return Point(*action.path[-1])
        case _:
            return pointer


def zoomed_region(arguments: Arguments, scale: Scale) -> tuple[int, int, int, int]:
    """Return the rectangle (left, top, right, bottom in shown pixels) of a ``zoom``. Raises ``MalformedCall``."""
    left, top, right, bottom = region = arguments.region("region")
    if left < 0 or top < 0 or right > scale.shown_width or bottom > scale.shown_height:
        raise MalformedCall(
            f"zoom: region {list(region)} is not inside the screenshot ({scale.shown_width} × {scale.shown_height})"
        )
    return region


# ------------------------------------------------------------ the mouse


def _target(arguments: Arguments, screen: Screen) -> Point:
    """Where to act; the pointer's place where the call names none."""
    if arguments.has("target"):
        return screen.scale.to_page(_coordinate_target(arguments, "target"))
    if arguments.has("coordinate"):
        return screen.scale.to_page(arguments.point("coordinate"))
    return screen.pointer


def _coordinate_target(arguments: Arguments, name: str) -> Point:
    target = arguments.inner(name)
    if target.text("type", "coordinate") != "coordinate":
        raise MalformedCall(f"{arguments.call}: {name} must be a coordinate, element references are not offered here")
    return target.xy()


def _held(arguments: Arguments) -> str:
    keys = arguments.text("modifiers", "") or arguments.text("text", "")
    return dom_chord(keys) if keys else ""


def _click(button: Button, count: int = 1) -> Translate:
    def translate(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
        x, y = _target(arguments, screen)
        return (Click(x=x, y=y, button=button, count=count, held=_held(arguments)),)

    return translate


def _drag(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    if arguments.has("target"):
        start, end = _coordinate_target(arguments, "from"), _coordinate_target(arguments, "target")
    else:
        start, end = arguments.point("start_coordinate"), arguments.point("coordinate")
    path = (screen.scale.to_page(start), screen.scale.to_page(end))
    return (Drag(path=path, held=_held(arguments)),)


def _move(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    x, y = _target(arguments, screen)
    return (Move(x=x, y=y),)


def _mouse_button(action: Action) -> Translate:
    """The computer's member acts at the pointer, the browser's at a target."""

    def translate(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
        return (*_move(arguments, screen), action) if arguments.has("target") else (action,)

    return translate


def _scroll(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    x, y = _target(arguments, screen)
    direction = arguments.choice("scroll_direction", ("up", "down", "left", "right"))
    clicks = arguments.number("scroll_amount", 3)
    if not 0 <= clicks <= _MOST_WHEEL_CLICKS:
        raise arguments.wrong("scroll_amount", f"a number from 0 to {_MOST_WHEEL_CLICKS}")
    pixels = round(clicks * _WHEEL_CLICK)
    dx = {"left": -pixels, "right": pixels}.get(direction, 0)
    dy = {"up": -pixels, "down": pixels}.get(direction, 0)
    return (Scroll(x=x, y=y, dx=dx, dy=dy, held=_held(arguments)),)


# ------------------------------------------------------------ the keyboard


def _type(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (TypeText(text=arguments.text("text")),)


def _key(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    """A chord, or several with spaces between them, so many times."""
    written = re.sub(r"(?<=\w)\s*\+\s*(?=\w)", "+", arguments.text("text"))
    repeat = arguments.number("repeat", 1)
    if repeat not in range(1, _MOST_REPEATS + 1):
        raise arguments.wrong("repeat", f"a whole number from 1 to {_MOST_REPEATS}")
    presses = tuple(PressKey(keys=dom_chord(chord)) for chord in written.split() or [" "])
    return presses * int(repeat)


def _hold_key(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (HoldKey(keys=dom_chord(arguments.text("text")), seconds=_duration(arguments)),)


# ------------------------------------------------------------ all else


def _duration(arguments: Arguments) -> float:
    seconds = arguments.number("duration")
    if seconds < 0:
        raise arguments.wrong("duration", "a number of seconds")
    return min(seconds, _LONGEST_SECONDS)


def _wait(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (Wait(seconds=_duration(arguments)),)


def _screenshot(_arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (Screenshot(),)


def _zoom(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    zoomed_region(arguments, screen.scale)
    return (Screenshot(),)


def _navigate(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    match arguments.text("url").strip():
        case "back":
            return (Back(),)
        case "forward":
            return (Forward(),)
        case "reload":
            return (Navigate(url=screen.url),)
        case "":
            raise arguments.wrong("url", "an address")
        case url:
            return (Navigate(url=url),)


def _nothing(_arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return ()


_TRANSLATIONS: dict[str, Translate] = {
    "left_click": _click("left"),
    "right_click": _click("right"),
    "middle_click": _click("middle"),
    "double_click": _click("left", 2),
    "triple_click": _click("left", 3),
    "left_click_drag": _drag,
    "left_mouse_down": _mouse_button(MouseDown()),
    "left_mouse_up": _mouse_button(MouseUp()),
    "mouse_move": _move,
    "hover": _move,
    "scroll": _scroll,
    "type": _type,
    "key": _key,
    "hold_key": _hold_key,
    "wait": _wait,
    "screenshot": _screenshot,
    "zoom": _zoom,
    "cursor_position": _nothing,
    "navigate": _navigate,
}
