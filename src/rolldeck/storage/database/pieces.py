"""Long lists in statements."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_AT_ONCE = 5000  # SQLite allows 32,766 variables in a statement


def in_pieces(items: Sequence[_Item], at_once: int = _AT_ONCE) -> Iterable[Sequence[_Item]]:
    """Yield the items in pieces, each small enough for the variables of one statement."""
    return (items[start : start + at_once] for start in range(0, len(items), at_once))
