"""The canonical actions of an agent: what a person can do with a mouse, a keyboard and an address bar.

Every agent, whatever its provider's protocol, speaks to the browser in these and in nothing else. Coordinates are CSS
pixels of the viewport, origin at its top left corner. Key names are those of the DOM's ``KeyboardEvent.key``
(https://www.w3.org/TR/uievents-key/), joined with ``+`` for a chord: ``Enter``, ``Control+A``, ``Shift+ArrowLeft``.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Button = Literal["left", "middle", "right"]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Click(_Action):
    """Press and release a mouse button at a point."""

    kind: Literal["click"] = "click"
    x: int
    y: int
    button: Button = "left"


class DoubleClick(_Action):
    """Two quick clicks with the left button at a point."""

    kind: Literal["double_click"] = "double_click"
    x: int
    y: int


class Move(_Action):
    """Move the mouse pointer to a point, pressing nothing: hovering."""

    kind: Literal["move"] = "move"
    x: int
    y: int


class Drag(_Action):
    """Press the left button at the first point, move along the others, release at the last one."""

    kind: Literal["drag"] = "drag"
    path: tuple[tuple[int, int], ...] = Field(min_length=2)


class Scroll(_Action):
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


Action = Annotated[
    Click | DoubleClick | Move | Drag | Scroll | TypeText | PressKey | Wait | Navigate | Back | Forward | Screenshot,
    Field(discriminator="kind"),
]
