"""The canonical actions of an agent: what a person can do with a mouse, a keyboard and an address bar.

Every agent, whatever its provider's protocol, speaks to the browser in these and in nothing else. Coordinates are CSS
pixels of the viewport, origin at its top left corner. Key names are those of the DOM's ``KeyboardEvent.key``
(https://www.w3.org/TR/uievents-key/), joined with ``+`` for a chord: ``Enter``, ``Control+A``, ``Shift+ArrowLeft``.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Button = Literal["left", "middle", "right"]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _MouseAction(_Action):
    held: str = Field(default="", description="modifier keys held meanwhile, as in a chord: Control+Shift")


class Click(_MouseAction):
    """Press and release a mouse button at a point; with a ``count``, so many times in quick succession."""

    kind: Literal["click"] = "click"
    x: int
    y: int
    button: Button = "left"
    count: int = Field(default=1, ge=1, le=3)


class MouseDown(_Action):
    """Press a mouse button where the pointer is, and keep it down, also through later steps."""

    kind: Literal["mouse_down"] = "mouse_down"
    button: Button = "left"


class MouseUp(_Action):
    """Release a mouse button where the pointer is."""

    kind: Literal["mouse_up"] = "mouse_up"
    button: Button = "left"


class Move(_MouseAction):
    """Move the mouse pointer to a point, pressing nothing: hovering."""

    kind: Literal["move"] = "move"
    x: int
    y: int


class Drag(_MouseAction):
    """Press the left button at the first point, move along the others, release at the last one."""

    kind: Literal["drag"] = "drag"
    path: tuple[tuple[int, int], ...] = Field(min_length=2)


class Scroll(_MouseAction):
    """Turn the mouse wheel at a point by a number of pixels; positive is right and down."""

    kind: Literal["scroll"] = "scroll"
    x: int
    y: int
    dx: int = 0
    dy: int = 0


class TypeText(_Action):
    """Type text at the focus, as a keyboard would; the inside of long lines arrives at once, as from a paste."""

    kind: Literal["type"] = "type"
    text: str


class PressKey(_Action):
    """Press and release a key or a chord."""

    kind: Literal["key"] = "key"
    keys: str = Field(min_length=1)


class KeyDown(_Action):
    """Press a key and keep it down, also through later steps."""

    kind: Literal["key_down"] = "key_down"
    key: str = Field(min_length=1)


class KeyUp(_Action):
    """Release a key."""

    kind: Literal["key_up"] = "key_up"
    key: str = Field(min_length=1)


class HoldKey(_Action):
    """Keep a key or a chord pressed for a while; its last key repeats, as on a keyboard."""

    kind: Literal["hold_key"] = "hold_key"
    keys: str = Field(min_length=1)
    seconds: float = Field(default=1.0, ge=0, le=60)


class Wait(_Action):
    """Do nothing for a while."""

    kind: Literal["wait"] = "wait"
    seconds: float = Field(default=1.0, ge=0, le=60)


class Navigate(_Action):
    """Go to an address: absolute, or a path (``/…``) of the environment's own origin."""

    kind: Literal["navigate"] = "navigate"
    url: str = Field(min_length=1)


class Back(_Action):
    """Go one entry back in the history."""

    kind: Literal["back"] = "back"


class Forward(_Action):
    """Go one entry forward in the history."""

    kind: Literal["forward"] = "forward"


class Screenshot(_Action):
    """Look again: changes nothing, asks for a new observation."""

    kind: Literal["screenshot"] = "screenshot"


def _as_written_now(written: object) -> object:
    """Steps stored before clicks had a count name a double click as an action of its own."""
    if isinstance(written, Mapping) and written.get("kind") == "double_click":
        return {**written, "kind": "click", "count": 2}
    return written


Action = Annotated[
    Annotated[
        Click
        | MouseDown
        | MouseUp
        | Move
        | Drag
        | Scroll
        | TypeText
        | PressKey
        | KeyDown
        | KeyUp
        | HoldKey
        | Wait
        | Navigate
        | Back
        | Forward
        | Screenshot,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_as_written_now),
]
