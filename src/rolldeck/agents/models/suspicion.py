"""Reading what an API answered without believing that it has the form which its documentation gives it."""

from collections.abc import Mapping
from typing import Any


def object_in(value: object) -> Mapping[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def count_in(counts: Mapping[str, Any], name: str) -> int:
    """Return the count of that name; 0 where there is none, or something that is no count."""
    value = counts.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
