"""From the functions of Gemini's computer use to the canonical actions.

Source: https://ai.google.dev/gemini-api/docs/computer-use. Both sets of functions are known, that of 2.5 and that of 3.x; which
one a model uses shows in the names that it calls. Coordinates are 0 to 999 across and down the screenshot.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from rolldeck.agents.models.arguments import Arguments, MalformedCall, Point
from rolldeck.agents.models.key_names import dom_chord, dom_key
from rolldeck.domain.action import (
    Action,
    Back,
    Button,
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

_GRID = 1000
_PAGE_SHARE = 0.8  # of the page that scrolling "the document" moves it by, as Page Down does
_LONGEST_WAIT = 60.0
_MAGNITUDE = 800

Direction = Literal["up", "down", "left", "right"]

_DIRECTIONS: tuple[Direction, ...] = ("up", "down", "left", "right")


@dataclass(frozen=True)
class Screen:
    """The page's size in pixels."""

    width: int
    height: int

    def point(self, x: float, y: float) -> Point:
        """Return the pixel of a point of the grid; outside of the page, the nearest one on it."""
        return Point(_pixel(x, self.width), _pixel(y, self.height))


Translate = Callable[[Arguments, Screen], tuple[Action, ...]]


def actions_of(name: str, values: Mapping[str, object], screen: Screen) -> tuple[Action, ...]:
    """Return what a call of a function does. Raises ``MalformedCall``."""
    translate = _TRANSLATIONS.get(name)
    if translate is None:
        raise MalformedCall(f"there is no function {name!r} here")
    return translate(Arguments(name, values), screen)


def _pixel(value: float, size: int) -> int:
    return min(max(0, int(value * size / _GRID)), size - 1)


def _point(arguments: Arguments, screen: Screen, x: str = "x", y: str = "y") -> Point:
    return screen.point(arguments.number(x), arguments.number(y))


# ------------------------------------------------------------ the mouse


def _click(button: Button = "left", count: int = 1) -> Translate:
    def translate(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
        x, y = _point(arguments, screen)
        return (Click(x=x, y=y, button=button, count=count),)

    return translate


def _move(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    x, y = _point(arguments, screen)
    return (Move(x=x, y=y),)


def _mouse_button(action: Action) -> Translate:
    """At the point that is given; where none is, at the pointer."""

    def translate(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
        return (*_move(arguments, screen), action) if arguments.has("x") else (action,)

    return translate


def _drag(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    if arguments.has("start_x"):
        names = (("start_x", "start_y"), ("end_x", "end_y"))
    else:
        names = (("x", "y"), ("destination_x", "destination_y"))
    return (Drag(path=tuple(_point(arguments, screen, x, y) for x, y in names)),)


def _scroll(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    x, y = _point(arguments, screen)
    direction = arguments.choice("direction", _DIRECTIONS)
    size = screen.height if direction in {"up", "down"} else screen.width
    if arguments.has("magnitude_in_pixels"):
        distance = abs(arguments.pixel("magnitude_in_pixels"))
    else:
        distance = round(min(abs(arguments.number("magnitude", _MAGNITUDE)), 100 * _GRID) * size / _GRID)
    return (_scrolled(x, y, direction, distance),)


def _scroll_document(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    direction = arguments.choice("direction", _DIRECTIONS)
    size = screen.height if direction in {"up", "down"} else screen.width
    return (_scrolled(screen.width // 2, screen.height // 2, direction, round(size * _PAGE_SHARE)),)


def _scrolled(x: int, y: int, direction: Direction, distance: int) -> Scroll:
    sign = -1 if direction in {"up", "left"} else 1
    if direction in {"up", "down"}:
        return Scroll(x=x, y=y, dy=sign * distance)
    return Scroll(x=x, y=y, dx=sign * distance)


# ------------------------------------------------------------ the keyboard


def _type(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    text = arguments.text("text")
    typed = (TypeText(text=text),) if text else ()
    return (*typed, PressKey(keys="Enter")) if arguments.flag("press_enter", default=False) else typed


def _type_at(arguments: Arguments, screen: Screen) -> tuple[Action, ...]:
    x, y = _point(arguments, screen)
    clears = arguments.flag("clear_before_typing", default=True)
    cleared = (PressKey(keys="Control+A"), PressKey(keys="Delete")) if clears else ()
    return (Click(x=x, y=y), *cleared, *_type(arguments, screen))


def _combination(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (PressKey(keys=dom_chord(_key_text(arguments, "keys"))),)


def _hotkey(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    keys = arguments.list("keys")
    if not keys or not all(isinstance(key, str) and key for key in keys):
        raise arguments.wrong("keys", "a list of names of keys")
    return (PressKey(keys="+".join(dom_chord(str(key)) for key in keys)),)


def _press(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (PressKey(keys=dom_chord(_key_text(arguments, "key"))),)


def _key_down(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (KeyDown(key=dom_key(_key_text(arguments, "key"))),)


def _key_up(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    return (KeyUp(key=dom_key(_key_text(arguments, "key"))),)


def _key_text(arguments: Arguments, name: str) -> str:
    keys = arguments.text(name)
    if not keys:
        raise arguments.wrong(name, "the name of a key")
    return keys


# ------------------------------------------------------------ all else


def _wait(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    seconds = arguments.number("seconds", 1)
    return (Wait(seconds=min(max(0.0, seconds), _LONGEST_WAIT)),)


def _navigate(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    url = arguments.text("url").strip()
    if not url:
        raise arguments.wrong("url", "an address")
    return (Navigate(url=url),)


def _search(arguments: Arguments, _screen: Screen) -> tuple[Action, ...]:
    raise MalformedCall(f"{arguments.call}: there is no search engine here, only the application can be reached")


def _always(*actions: Action) -> Translate:
    return lambda _arguments, _screen: actions


_TRANSLATIONS: dict[str, Translate] = {
    # 2.5
    "open_web_browser": _always(Screenshot()),
    "wait_5_seconds": _always(Wait(seconds=5)),
    "search": _search,
    "click_at": _click(),
    "hover_at": _move,
    "type_text_at": _type_at,
    "key_combination": _combination,
    "scroll_document": _scroll_document,
    "scroll_at": _scroll,
    # 3.x
    "click": _click(),
    "double_click": _click(count=2),
    "triple_click": _click(count=3),
    "middle_click": _click("middle"),
    "right_click": _click("right"),
    "mouse_down": _mouse_button(MouseDown()),
    "mouse_up": _mouse_button(MouseUp()),
    "move": _move,
    "type": _type,
    "scroll": _scroll,
    "wait": _wait,
    "press_key": _press,
    "key_down": _key_down,
    "key_up": _key_up,
    "hotkey": _hotkey,
    "take_screenshot": _always(Screenshot()),
    # both
    "navigate": _navigate,
    "go_back": _always(Back()),
    "go_forward": _always(Forward()),
    "drag_and_drop": _drag,
}
