"""What is known of a page wherever pages are met."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """Where an element is in the viewport, in CSS pixels from its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Cookie:
    """A cookie of the environment's origin, set before the first page so that the agent starts logged in."""

    name: str
    value: str
    path: str = "/"
    http_only: bool = True
