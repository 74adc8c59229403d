"""Finds the answer in an agent's text.

The text is hostile: only its last 200,000 characters are looked at, every method's work is bounded, and what is found is
nested at most 64 levels deep and can be stored (no NUL, no lone surrogate, no infinite number).

Methods, in this order; the first that finds something of the expected kind wins:

1. the whole text is JSON;
2. JSON in a fenced block or inside prose: the one whose keys are most like the expected ones, then a fenced one, then
   the last one;
3. the same in escaped JSON (``{\\"total\\": 3}``), also a JSON string that holds JSON;
4. a Python literal (``{'total': 3, 'ok': True}``);
5. repaired JSON (cut off, unquoted keys, trailing commas), for texts up to 4,000 characters;
6. where a plain value is expected: what follows the last "answer is" or "answer:", the one emphasised value, the only
   number of the text; a text is also the whole text itself.

An object with the single key ``answer``, ``final_answer``, ``result``, ``output`` or ``response`` is opened where what is
inside is more like the expected answer.
"""

import ast
import json
import math
import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import json_repair
from pydantic import JsonValue

MAX_TEXT = 200_000
MAX_DEPTH = 64
WHOLE_TEXT = "the text"
"""How an answer was found that is all that the agent said."""

_MAX_SCANNED = 2_000_000
_FAILURE = 200  # what a failed attempt costs, as characters: the decoder counts the lines before it
_MAX_LITERAL = 20_000
_MAX_LITERALS = 20
_MAX_REPAIRED = 4_000  # its time grows with the square: 0.4 s at worst
_LIKE_ENOUGH = 0.5
_MAX_KINDS = 20  # items of a list that others are held to
_WRAPPERS = frozenset({"answer", "final_answer", "result", "output", "response"})


@dataclass(frozen=True)
class Found:
    """The answer, and how it was found, in words that complete "found in …"."""

    value: JsonValue
    method: str


def has_form(found: Found, shapes: Sequence[JsonValue]) -> bool:
    """Whether what was found is written as one of the shapes is: all its keys and no others, and the same kinds of values.

    A plain text that is nothing but all that the agent said says nothing about that, and does not count.
    """
    if found.method == WHOLE_TEXT:
        return False
    return any(_alike(shape, found.value) for shape in shapes)


def _alike(shape: JsonValue, value: JsonValue) -> bool:
    if shape is None or value is None:
        return True
    if isinstance(shape, dict):
        return (
            isinstance(value, dict)
            and shape.keys() == value.keys()
            and all(_alike(shape[key], value[key]) for key in shape)
        )
    if isinstance(shape, list):
        kinds = shape[:_MAX_KINDS]
        return isinstance(value, list) and (
            not kinds or all(any(_alike(kind, item) for kind in kinds) for item in value)
        )
    return _same_kind(shape, value)


@dataclass(frozen=True)
class _Candidate:
    value: JsonValue
    method: str
    fenced: bool = False


def find_answer(text: str, shapes: Sequence[JsonValue]) -> Found | None:
    """Return what in the text is most like an answer of one of these shapes (the expected answer and alternatives).

    None where nothing was found. Raises nothing; takes a few seconds at worst, whatever the text.
    """
    text = text[-MAX_TEXT:].strip()
    best: _Candidate | None = None
    for method in _METHODS:
        candidates = [_opened(candidate, shapes) for candidate in method(text, shapes)]
        candidates.reverse()  # of equals, max takes the first: the last one said
        found = max(candidates, key=lambda candidate: _rank(candidate, shapes), default=None)
        if found is not None and (best is None or _rank(found, shapes) > _rank(best, shapes)):
            best = found
        if best is not None and _rank(best, shapes)[0] >= _LIKE_ENOUGH:
            break
    return None if best is None else Found(best.value, best.method)


# ---------------------------------------------------------------- ranking


def _rank(candidate: _Candidate, shapes: Sequence[JsonValue]) -> tuple[float, bool]:
    return max(likeness(shape, candidate.value) for shape in shapes), candidate.fenced


def likeness(expected: JsonValue, got: JsonValue) -> float:
    """Return how much the shapes of two values are alike, in [0, 1]: kinds and keys, never contents."""
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return 0.0
        if not expected or not got:
            return 1.0 if expected == got else 0.1
        common = [key for key in expected if key in got]
        inner = sum(0.5 + 0.5 * _same_kind(expected[key], got[key]) for key in common)
        return 0.1 + 0.9 * inner / len(expected.keys() | got.keys())
    if isinstance(expected, list):
        if not isinstance(got, list):
            return 0.0
        if not expected or not got:
            return 1.0 if expected == got else 0.1
        return 0.1 + 0.8 * likeness(expected[0], got[0]) + 0.1 * (len(expected) == len(got))
    return float(_same_kind(expected, got))


def _same_kind(expected: JsonValue, got: JsonValue) -> bool:
    def kind(value: JsonValue) -> str:
        return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__

    return kind(expected) == kind(got)


def _opened(candidate: _Candidate, shapes: Sequence[JsonValue]) -> _Candidate:
    """Take the answer out of ``{"answer": …}``, or out of a string that holds JSON, where that is more like it."""
    best = candidate
    inner: JsonValue = candidate.value
    for _ in range(3):
        if isinstance(inner, dict) and len(inner) == 1 and next(iter(inner)).lower() in _WRAPPERS:
            inner = next(iter(inner.values()))
        elif isinstance(inner, str) and inner.lstrip()[:1] in {"{", "[", '"'}:
            parsed = _json(inner)
            if parsed is None:
                break
            inner = parsed.value
        else:
            break
        opened = _Candidate(inner, candidate.method, candidate.fenced)
        if _rank(opened, shapes) > _rank(best, shapes):
            best = opened
    return best


# ---------------------------------------------------------------- what can be kept


class _Unusable(ValueError):
    """A value that is nested too deeply."""


def _usable(value: object, depth: int = 0) -> JsonValue:
    """Return a JSON value that can be compared and stored. Raises ``_Unusable``."""
    if depth > MAX_DEPTH:
        raise _Unusable
    if isinstance(value, str):
        return _STORABLE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {_STORABLE.sub("\ufffd", str(key)): _usable(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_usable(inner, depth + 1) for inner in value]
    raise _Unusable


_STORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class _Parsed:
    value: JsonValue


def _parsed(parse: Callable[[str], object], text: str) -> _Parsed | None:
    try:
        return _Parsed(_usable(parse(text)))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):  # what the parsers raise on bad text
        return None


def _json(text: str) -> _Parsed | None:
    return _parsed(json.loads, text)


# ---------------------------------------------------------------- the methods

# Possessive, so that no text makes it backtrack.
_FENCE = re.compile(r"(?:```|~~~)(?:[ \t]*+[\w+-]*+[ \t]*+\r?\n)?+(?P<content>.*?)(?:```|~~~)", re.DOTALL)


def _whole(text: str, _: Sequence[JsonValue]) -> Iterator[_Candidate]:
    if (whole := _json(text)) is not None:
        yield _Candidate(whole.value, "")


def _inside(text: str, shapes: Sequence[JsonValue]) -> Iterator[_Candidate]:
    """JSON objects and lists anywhere in the text; plain values only where a fence holds nothing else."""
    fences = list(_FENCE.finditer(text))
    if not all(isinstance(shape, dict | list) for shape in shapes):
        for fence in fences:
            if (content := _json(fence["content"])) is not None:
                yield _Candidate(content.value, "a fenced block", fenced=True)
    starts = [fence.start() for fence in fences]
    for at, value in _embedded(text):
        before = bisect(starts, at) - 1
        if before >= 0 and at < fences[before].end():
            yield _Candidate(value, "a fenced block", fenced=True)
        else:
            yield _Candidate(value, "JSON inside the text")


def _escaped(text: str, shapes: Sequence[JsonValue]) -> Iterator[_Candidate]:
    for _round in range(2):
        if '\\"' not in text:
            return
        text = text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
        for candidate in _inside(text, shapes):
            yield _Candidate(candidate.value, "escaped JSON", candidate.fenced)


_DECODER = json.JSONDecoder()
_OPENING = re.compile(r"\{(?=\s*+[\"}])|\[")


def _embedded(text: str) -> Iterator[tuple[int, JsonValue]]:
    """Yield the outermost objects and lists of the text, with their places. Stops after ``_MAX_SCANNED`` characters."""
    at = scanned = 0
    while scanned < _MAX_SCANNED and (opening := _OPENING.search(text, at)):
        start = opening.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
            yield start, _usable(value)
        except _Unusable:
            scanned += end - start
        except json.JSONDecodeError as error:
            scanned += error.pos - start + _FAILURE
            end = start + 1
        except (ValueError, RecursionError):  # digits without end, or too deep to be kept
            scanned += _MAX_LITERAL
            end = start + 1
        at = end


def _python_literals(text: str, _: Sequence[JsonValue]) -> Iterator[_Candidate]:
    regions = [region for region in _regions(text).closed if len(region) <= _MAX_LITERAL]
    for region in regions[-_MAX_LITERALS:]:
        if (parsed := _parsed(ast.literal_eval, region)) is not None:
            yield _Candidate(parsed.value, "a Python literal")


def _repaired(text: str, shapes: Sequence[JsonValue]) -> Iterator[_Candidate]:
    if not any(isinstance(shape, dict | list) for shape in shapes):
        return
    regions = _regions(text)
    broken = [region for region in (*regions.closed[-1:], regions.unclosed) if 0 < len(region) <= _MAX_REPAIRED]
    for region in broken:
        parsed = _parsed(lambda region: json_repair.loads(region, skip_json_loads=True), region)
        if parsed is not None and isinstance(parsed.value, dict | list):
            yield _Candidate(parsed.value, "JSON that had to be repaired")


@dataclass(frozen=True)
class _Regions:
    """The outermost bracketed stretches of a text, and what follows a bracket that is never closed ("" where none is)."""

    closed: list[str]
    unclosed: str


def _regions(text: str) -> _Regions:
    closed: list[str] = []
    opened: list[tuple[str, int]] = []
    for bracket in re.finditer(r"[{}\[\]]", text):
        if bracket[0] in "{[":
            opened.append((bracket[0], bracket.start()))
        elif opened and opened[-1][0] + bracket[0] in {"{}", "[]"}:
            _, start = opened.pop()
            if not opened:
                closed.append(text[start : bracket.end()])
        else:
            opened.clear()
    return _Regions(closed, text[opened[0][1] :] if opened else "")


# ---------------------------------------------------------------- plain values in plain words

_MARKER = re.compile(r"\b(?:answer|result)\b[*_ ]{0,5}(?:is|:|=)[*_ :]{0,5}(?P<said>[^\n]{0,2000})", re.IGNORECASE)
_EMPHASISED = re.compile(r"\*\*([^*\n]{1,2000})\*\*|`([^`\n]{1,2000})`")
_NUMBER = re.compile(
    r"(?<![\w.,])[-+\u2212]?(?:\d{1,3}(?:,\d{3})++(?:\.\d{1,30})?|\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?)(?![\w,]*\d)"
)
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


def _in_words(text: str, shapes: Sequence[JsonValue]) -> Iterator[_Candidate]:
    said, method = _said(text)
    for shape in shapes:
        if isinstance(shape, bool):
            truths = {_TRUTH[word.lower()] for word in re.findall(r"[A-Za-z]+", said) if word.lower() in _TRUTH}
            if len(truths) == 1:
                yield _Candidate(truths.pop(), method)
        elif isinstance(shape, int | float):
            numbers = {_number(found[0]) for found in _NUMBER.finditer(said)}
            if len(numbers) == 1:
                yield _Candidate(_usable(numbers.pop()), method)
        elif isinstance(shape, str) and said:
            yield _Candidate(_usable(said), method)


def _said(text: str) -> tuple[str, str]:
    """Return the part of the text that states the answer, and what part that is."""
    markers = list(_MARKER.finditer(text))
    if markers and (said := _bare(markers[-1]["said"])):
        return said, f"what follows “{markers[-1][0][:20].split()[0].strip('*_:')}”"
    emphasised = {_bare(first or second) for first, second in _EMPHASISED.findall(text)}
    if len(emphasised) == 1:
        return emphasised.pop(), "the emphasised part of the text"
    return _bare(text), WHOLE_TEXT


def _bare(text: str) -> str:
    """Take away what surrounds a value in prose: emphasis, quotes, a full stop."""
    bare = text.strip().strip("*_`").strip()
    bare = bare.removesuffix(".") if not bare.endswith("..") else bare
    bare = bare.strip("*_`").strip()
    if len(bare) > 1 and (bare[0], bare[-1]) in {('"', '"'), ("'", "'"), ("“", "”")}:
        bare = bare[1:-1]
    return bare


def _number(text: str) -> int | float:
    digits = text.replace(",", "").replace("\u2212", "-")
    return float(digits) if re.search(r"[.eE]", digits) else int(digits)


_METHODS: tuple[Callable[[str, Sequence[JsonValue]], Iterator[_Candidate]], ...] = (
    _whole,
    _inside,
    _escaped,
    _python_literals,
    _repaired,
    _in_words,
)
