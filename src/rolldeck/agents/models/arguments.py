"""What a model wrote as a call's arguments, read with suspicion: a wrong one is told to the model, never guessed at."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from rolldeck.domain.storable import storable

_FARTHEST = 1_000_000  # pixels: no screen is as large, and what is stored of an action stays small

Option = TypeVar("Option", bound=str)


class Point(NamedTuple):
    """A point in pixels, from the upper left corner."""

    x: int
    y: int


class MalformedCall(Exception):
    """A call that names nothing which can be done; the text says why, for the model."""


class Arguments:
    """The arguments of one call. All readers raise ``MalformedCall``, which names the call and the argument."""

    def __init__(self, call: str, values: Mapping[str, object]) -> None:
        self.call = call
        self._values = values

    def has(self, name: str) -> bool:
        """Whether an argument is given; null is none."""
        return self._values.get(name) is not None

    def inner(self, name: str) -> "Arguments":
        """Return an object as arguments of its own."""
        value = self._values.get(name)
        if not isinstance(value, Mapping):
            raise self.wrong(name, "an object")
        return Arguments(f"{self.call}: {name}", value)

    def list(self, name: str) -> Sequence[object]:
        """Return a list as it is."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text that can be stored."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        try:
            return storable(value)
        except ValueError as error:
            raise MalformedCall(f"{self.call}: {name} {error}") from error

    def choice(self, name: str, options: Sequence[Option], default: Option | None = None) -> Option:
        """Return one of some words."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        for option in options:
            if value == option:
                return option
        raise self.wrong(name, f"one of {', '.join(options)}")

    def flag(self, name: str, default: bool) -> bool:
        """Return whether something is so; one that is written as a text counts."""
        value = self._values.get(name)
        value = {"true": True, "false": False}.get(value.strip().lower(), value) if isinstance(value, str) else value
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number; one that is written as a text counts."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        number = _as_number(value)
        if number is None:
            raise self.wrong(name, "a number")
        return number

    def pixel(self, name: str) -> int:
        """Return a coordinate, rounded to whole pixels."""
        return self._pixel(self._values.get(name), name, "a number of pixels")

    def xy(self) -> Point:
        """Return the point that the arguments ``x`` and ``y`` name."""
        return Point(self.pixel("x"), self.pixel("y"))

    def point(self, name: str) -> Point:
        """Return a point that is written as ``[x, y]``."""
        value = self._values.get(name)
        wanted = "[x, y] in pixels"
        if not isinstance(value, list) or len(value) != 2:
            raise self.wrong(name, wanted)
        return Point(*(self._pixel(part, name, wanted) for part in value))

    def region(self, name: str) -> tuple[int, int, int, int]:
        """Return a rectangle that is written as ``[left, top, right, bottom]`` and is not empty."""
        value = self._values.get(name)
        wanted = "[x0, y0, x1, y1] in pixels, with x0 < x1 and y0 < y1"
        if not isinstance(value, list) or len(value) != 4:
            raise self.wrong(name, wanted)
        left, top, right, bottom = (self._pixel(part, name, wanted) for part in value)
        if left >= right or top >= bottom:
            raise self.wrong(name, wanted)
        return left, top, right, bottom

    def wrong(self, name: str, wanted: str) -> MalformedCall:
        """Return the error that says what an argument must be, and what it is."""
        if not self.has(name):
            return MalformedCall(f"{self.call}: {name} is missing, it must be {wanted}")
        return MalformedCall(f"{self.call}: {name} must be {wanted}, not {_shown(self._values[name])}")

    def _pixel(self, value: object, name: str, wanted: str) -> int:
        number = _as_number(value)
        if number is None or abs(number) > _FARTHEST:
            raise self.wrong(name, wanted)
        return math.floor(number + 0.5)


def _as_number(value: object) -> float | None:
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{1,15})?\s*", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > 2**53:
        return None
    return float(value) if math.isfinite(value) else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
