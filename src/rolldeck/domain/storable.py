"""What every database and every JSON text can keep."""

import math
import re
from typing import TypeVar

from pydantic import JsonValue

_MOST_VALUES = 1000
_DEEPEST = 16
_LARGEST_INTEGER = 2**63 - 1
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Value = TypeVar("Value", bound=JsonValue)


def storable(value: Value) -> Value:
    """Return a small JSON value as it is.

    Raises ``ValueError`` where a text of it holds NUL or half of a character, a number is not finite or beyond 64 bits,
    or where it holds too many values or too deep ones.
    """
    pending: list[tuple[int, JsonValue]] = [(0, value)]
    looked_at = 0
    while pending:
        depth, part = pending.pop()
        looked_at += 1
        if looked_at > _MOST_VALUES:
            raise ValueError(f"holds more than {_MOST_VALUES:,} values")
        if depth > _DEEPEST:
            raise ValueError(f"is nested more than {_DEEPEST} levels deep")
        _refuse_what_cannot_be_kept(part)
        if isinstance(part, dict):
            pending += [(depth + 1, inner) for inner in (*part.keys(), *part.values())]
        elif isinstance(part, list):
            pending += [(depth + 1, inner) for inner in part]
    return value


def _refuse_what_cannot_be_kept(part: JsonValue) -> None:
    if isinstance(part, str) and _UNSTORABLE.search(part):
        raise ValueError("holds the NUL character or half of a character, which cannot be stored")
    if isinstance(part, float) and not math.isfinite(part):
        raise ValueError("holds a number that JSON cannot keep (infinite, or no number)")
    if isinstance(part, int) and abs(part) > _LARGEST_INTEGER:
        raise ValueError("holds an integer beyond 64 bits: write it as a text")
