"""From the actions of OpenAI's computer tools to the canonical ones.

Source: https://developers.openai.com/api/docs/guides/tools-computer-use and the types of the ``openai`` package.
``computer`` and ``computer_use_preview`` share the actions; the first sends several of them in one call.
"""

from collections.abc import Callable, Mapping

from rolldeck.agents.models.arguments import Arguments, MalformedCall, Point
from rolldeck.agents.models.key_names import dom_chords
from rolldeck.agents.models.scale import Scale
from rolldeck.domain.action import (
    Action,
    Back,
    Button,
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

_WAIT_SECONDS = 2.0  # the protocol's ``wait`` has no duration; OpenAI's own example waits that long
_MOST_SCROLLED = 100_000

_BUTTONS: dict[str, Button] = {"left": "left", "right": "right", "wheel": "middle"}
_TRAVELS: dict[str, Action] = {"back": Back(), "forward": Forward()}


def actions_of(values: Mapping[str, object], scale: Scale) -> tuple[Action, ...]:
    """Return what an action of the protocol does, in pixels of the page. Raises ``MalformedCall``."""
    name = values.get("type")
    translate = _TRANSLATIONS.get(name) if isinstance(name, str) else None
    if translate is None:
        raise MalformedCall(f"there is no action {name!r} here")
    return translate(Arguments(str(name), values), scale)


def _click(arguments: Arguments, scale: Scale) -> tuple[Action, ...]:
    button = arguments.choice("button", (*_BUTTONS, *_TRAVELS), "left")
    if button in _TRAVELS:
        return (_TRAVELS[button],)
    x, y = scale.to_page(arguments.xy())
    return (Click(x=x, y=y, button=_BUTTONS[button], held=_held(arguments)),)


def _double_click(arguments: Arguments, scale: Scale) -> tuple[Action, ...]:
    x, y = scale.to_page(arguments.xy())
    return (Click(x=x, y=y, count=2, held=_held(arguments)),)


def _move(arguments: Arguments, scale: Scale) -> tuple[Action, ...]:
    x, y = scale.to_page(arguments.xy())
    return (Move(x=x, y=y, held=_held(arguments)),)


def _drag(arguments: Arguments, scale: Scale) -> tuple[Action, ...]:
    path = tuple(scale.to_page(_path_point(arguments, point)) for point in arguments.list("path"))
    if len(path) < 2:
        raise arguments.wrong("path", "a list of at least two points")
    return (Drag(path=path, held=_held(arguments)),)


def _path_point(arguments: Arguments, point: object) -> Point:
    if not isinstance(point, Mapping):
        raise arguments.wrong("path", 'a list of points like {"x": 1, "y": 2}')
    return Arguments(f"{arguments.call}: path", point).xy()


def _scroll(arguments: Arguments, scale: Scale) -> tuple[Action, ...]:
    x, y = scale.to_page(arguments.xy())
    dx, dy = (_distance(arguments, name) for name in ("scroll_x", "scroll_y"))
    return (Scroll(x=x, y=y, dx=dx, dy=dy, held=_held(arguments)),)


def _distance(arguments: Arguments, name: str) -> int:
    pixels = arguments.number(name, 0)
    if abs(pixels) > _MOST_SCROLLED:
        raise arguments.wrong(name, f"at most {_MOST_SCROLLED} pixels")
    return round(pixels)


def _type(arguments: Arguments, _scale: Scale) -> tuple[Action, ...]:
    return (TypeText(text=arguments.text("text")),)


def _keypress(arguments: Arguments, _scale: Scale) -> tuple[Action, ...]:
    chords = dom_chords(_key_names(arguments))
    if not chords:
        raise arguments.wrong("keys", "a list of at least one key")
    return tuple(PressKey(keys=chord) for chord in chords)


def _held(arguments: Arguments) -> str:
    return "+".join(dom_chords(_key_names(arguments))) if arguments.has("keys") else ""


def _key_names(arguments: Arguments) -> list[str]:
    names = [name for name in arguments.list("keys") if isinstance(name, str) and name]
    if len(names) != len(arguments.list("keys")):
        raise arguments.wrong("keys", "a list of names of keys")
    return names


def _screenshot(_arguments: Arguments, _scale: Scale) -> tuple[Action, ...]:
    return (Screenshot(),)


def _wait(_arguments: Arguments, _scale: Scale) -> tuple[Action, ...]:
    return (Wait(seconds=_WAIT_SECONDS),)


_TRANSLATIONS: dict[str, Callable[[Arguments, Scale], tuple[Action, ...]]] = {
    "click": _click,
    "double_click": _double_click,
    "drag": _drag,
    "keypress": _keypress,
    "move": _move,
    "screenshot": _screenshot,
    "scroll": _scroll,
    "type": _type,
    "wait": _wait,
}
