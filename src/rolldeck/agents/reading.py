"""From texts on a page to the answer object that they belong in."""

import json
import re
from collections.abc import Iterable

from pydantic import JsonValue

from rolldeck.domain.errors import AgentError
from rolldeck.domain.solution import ReadAs

# 1,234.50 · 1 234.50 · 1'234.50, with a sign, a currency and a percent sign that are not part of the number.
_GROUPED = r"\d{1,3}(?:[,' \u00a0\u2009\u202f]\d{3})+"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+\u2212])?\s*(?P<currency>[$€£¥₹]|[A-Z]{{3}})?\s*(?(sign)|(?P<sign2>[-+\u2212])?)\s*"
    rf"(?P<digits>(?:{_GROUPED}|\d+)(?:\.\d+)?(?:[eE][-+]?\d{{1,3}})?|\.\d+)"
    r"\s*(?:[$€£¥₹%]|[A-Z]{3})?\s*(?(open)\))"
)


def as_value(text: str, kind: ReadAs) -> JsonValue:
    """Return a text of the page as the kind of value that the solution says. Raises ``AgentError`` where it is none."""
    match kind:
        case "text":
            return text
        case "number":
            return as_number(text)
        case "integer":
            number = as_number(text)
            if number != int(number):
                raise AgentError(f"{_shown(text)} is no whole number")
            return int(number)
        case "json":
            try:
                value: JsonValue = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise AgentError(f"{_shown(text)} is not JSON") from error
            return value


def as_number(text: str) -> int | float:
    """Return the number that a text shows: ``19,021``, ``$1,234.50``, ``−3 %``, ``(12.00)`` for minus twelve.

    The point is the decimal sign; commas, apostrophes and spaces group thousands. Raises ``AgentError``.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise AgentError(f"{_shown(text)} is no number")
    digits = re.sub(r"[,'\s]", "", found["digits"])
    number = float(digits) if re.search(r"[.eE]", digits) else int(digits)
    signs = [found["open"], found["sign"], found["sign2"]]
    return -number if any(sign in {"(", "-", "\u2212"} for sign in signs) else number


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


def nested(values: Iterable[tuple[str, JsonValue]]) -> JsonValue:
    """Build the answer from dotted paths: ``totals.revenue``; a number is an index in a list; ``$`` is all of it.

    Raises ``AgentError`` where two paths contradict each other.
    """
    root: dict[str, JsonValue] = {}
    for path, value in values:
        _put(root, path, value)
    if "$" not in root:
        return _with_lists(root)
    if len(root) > 1:
        raise AgentError("one step reads the whole answer ($), another a part of it: they contradict each other")
    return root["$"]


class _Inner(dict[str, JsonValue]):
    """An object made by a path, as opposed to one that was read."""


def _put(root: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    *outer, last = path.split(".")
    place = root
    for key in outer:
        inner = place.setdefault(key, _Inner())
        if not isinstance(inner, _Inner):
            raise AgentError(f"the solution reads two values into {path!r}: one is inside the other")
        place = inner
    if last in place:
        raise AgentError(f"the solution reads two values into {path!r}")
    place[last] = value


def _with_lists(value: dict[str, JsonValue]) -> JsonValue:
    """Turn every object that a path made with the keys 0 … n-1 into a list."""
    plain = {key: _with_lists(inner) if isinstance(inner, _Inner) else inner for key, inner in value.items()}
    indices = [str(index) for index in range(len(plain))]
    return [plain[index] for index in indices] if plain and set(plain) == set(indices) else plain
