"""Compares an answer with the expected one, typed and recursively, with evidence for every field.

What counts as equal:

- Numbers: two whole numbers when they are the same; others within 1e-9 relative (``decimals``, ``tolerance`` say
  otherwise). True and false are no numbers, and numbers are neither.
- A number written as a plain text (``"1200.5"``) is that number, and the evidence notes it; so is a text of which the
  answer gives the plain number (``"42"`` against 42), and ``"true"`` for true. ``"19,000"`` and ``"$5"`` are numbers
  only with ``currency``.
- Texts: exactly, but for what ``normalize`` takes away from both.
- Lists: item by item; ``any``: in any order (as many pairs as possible); ``aligned``: the lists of one object that are
  equally long are permuted together, row by row; a list without such siblings may be permuted by itself.
- Objects: by key. A missing key is a mismatch, and so is a key that is not expected.
- ``alternatives`` of a path are compared like the expected value itself; the first that matches wholly counts.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from pydantic import JsonValue

from rolldeck.domain.verdict import ComparisonRule, Evidence, ListOrder, Match, Normalization, VerifierSpec
from rolldeck.verification.matching import most_pairs
from rolldeck.verification.normalization import money, normalized

WHOLE = "$"

_RELATIVE = 1e-9
_NEAR_ZERO = 1e-12
_MAX_UNEXPECTED = 100
_MAX_COMPARED = 150_000  # values looked at while trying orders; some seconds

_MAX_PAIRS = 100_000

Path = tuple[str, ...]
_Fits = Callable[[int, int], bool]


@dataclass(frozen=True)
class Compared:
    """What a comparison found. ``fields`` counts all values compared, also those that no evidence names one by one."""

    evidence: tuple[Evidence, ...]
    fields: int

    @property
    def matching(self) -> int:
        """How many fields match."""
        return sum(item.verdict is Match.MATCH for item in self.evidence)

    @property
    def success(self) -> bool:
        """Whether every field matches."""
        return self.matching == self.fields

    @property
    def share(self) -> float:
        """Matching fields of all, in [0, 1]."""
        return self.matching / self.fields


def compare(expected: JsonValue, got: JsonValue, spec: VerifierSpec) -> Compared:
    """Compare an answer with the expected one by a task's rules. Raises nothing; bounded for any answer."""
    return _Comparison(spec).at((), expected, got)


@dataclass(frozen=True)
class _Rule:
    """A rule with nothing left to inherit."""

    decimals: int | None = None
    tolerance: float | None = None
    normalize: tuple[Normalization, ...] = ()
    order: ListOrder = "exact"
    alternatives: tuple[JsonValue, ...] = ()

    def refined(self, rule: ComparisonRule) -> "_Rule":
        """Return what holds where ``rule`` is given too. One number rule replaces the other."""
        renumbered = rule.decimals is not None or rule.tolerance is not None
        return _Rule(
            decimals=rule.decimals if renumbered else self.decimals,
            tolerance=rule.tolerance if renumbered else self.tolerance,
            normalize=self.normalize if rule.normalize is None else rule.normalize,
            order=rule.order or self.order,
            alternatives=rule.alternatives or self.alternatives,
        )


@dataclass
class _Comparison:
    """One comparison: the rules by path, and how much work may still be spent on trying orders."""

    spec: VerifierSpec
    budget: int = field(default=_MAX_COMPARED)

    def __post_init__(self) -> None:
        patterns = [(tuple(path.split(".")), rule) for path, rule in self.spec.fields.items()]
        # The more a pattern says, the later it is applied.
        self._patterns = sorted(patterns, key=lambda pattern: -pattern[0].count("*"))
        self._rules: dict[Path, _Rule] = {}

    def rule(self, path: Path) -> _Rule:
        """Return the rule at a path: its own over those of the values around it; alternatives are not inherited."""
        known = self._rules.get(path)
        if known is not None:
            return known
        if path:
            outer = self.rule(path[:-1])
            rule = _Rule(outer.decimals, outer.tolerance, outer.normalize, outer.order)
        else:
            rule = _Rule().refined(self.spec)
        parts = tuple(".".join(path).split(".")) if path else (WHOLE,)
        for pattern, own in self._patterns:
            if len(pattern) == len(parts) and all(
                mine in ("*", part) for mine, part in zip(pattern, parts, strict=True)
            ):
                rule = rule.refined(own)
        self._rules[path] = rule
        return rule

    def at(self, path: Path, expected: JsonValue, got: JsonValue) -> Compared:
        """Compare the values at a path, alternatives included."""
        first = self._one(path, expected, got)
        if first.success:
            return first
        for alternative in self.rule(path).alternatives:
            other = self._one(path, alternative, got)
            if other.success:
                return other
        return first

    def _one(self, path: Path, expected: JsonValue, got: JsonValue) -> Compared:
        self.budget -= 1
        if isinstance(expected, dict) and expected and isinstance(got, dict):
            return self._objects(path, expected, got)
        if isinstance(expected, list) and expected and isinstance(got, list):
            return self._lists(path, expected, got)
        matches, note = _same_value(expected, got, self.rule(path))
        verdict = Match.MATCH if matches else Match.MISMATCH
        return Compared((_evidence(path, expected, got, verdict, note),), _count(expected))

    def same(self, path: Path, expected: JsonValue, got: JsonValue) -> bool:
        """Return what ``at`` would call a success; quicker, as it stops at the first difference and keeps no evidence."""
        return any(self._same_one(path, value, got) for value in (expected, *self.rule(path).alternatives))

    def _same_one(self, path: Path, expected: JsonValue, got: JsonValue) -> bool:
        self.budget -= 1
        if isinstance(expected, dict) and expected and isinstance(got, dict):
            if expected.keys() != got.keys():
                return False
            if self._aligned_keys(path, expected):
                return self._objects(path, expected, got).success
            return all(self.same((*path, key), value, got[key]) for key, value in expected.items())
        if isinstance(expected, list) and expected and isinstance(got, list):
            if len(expected) != len(got):
                return False
            if self.rule(path).order != "exact":
                return self._lists(path, expected, got).success
            pairs = zip(expected, got, strict=True)
            return all(self.same((*path, str(index)), mine, theirs) for index, (mine, theirs) in enumerate(pairs))
        return _same_value(expected, got, self.rule(path)).same

    # ------------------------------------------------------------ objects

    def _objects(self, path: Path, expected: dict[str, JsonValue], got: dict[str, JsonValue]) -> Compared:
        aligned = self._aligned(path, expected, got)
        parts: dict[str, Compared] = dict(aligned)
        for key, value in expected.items():
            if key in parts:
                continue
            inner = (*path, key)
            parts[key] = self.at(inner, value, got[key]) if key in got else _missing(inner, value)
        unexpected = [((*path, key), value) for key, value in got.items() if key not in expected]
        return _joined([*(parts[key] for key in expected), _unexpected(unexpected)])

    def _aligned(self, path: Path, expected: dict[str, JsonValue], got: dict[str, JsonValue]) -> dict[str, Compared]:
        """Compare the sibling lists that are permuted together; each key's part of the result, for those that were."""
        found: dict[str, Compared] = {}
        for length, keys in self._aligned_keys(path, expected).items():
            found |= self._rows(path, length, {key: (expected[key], got.get(key)) for key in keys})
        return found

    def _aligned_keys(self, path: Path, expected: dict[str, JsonValue]) -> dict[int, list[str]]:
        """Return the keys of the lists that are permuted together, by their length."""
        by_length: dict[int, list[str]] = {}
        for key, value in expected.items():
            rule = self.rule((*path, key))
            if isinstance(value, list) and value and rule.order == "aligned" and not rule.alternatives:
                by_length.setdefault(len(value), []).append(key)
        return {length: keys for length, keys in by_length.items() if len(keys) > 1}

    def _rows(self, path: Path, length: int, columns: dict[str, tuple[JsonValue, JsonValue]]) -> dict[str, Compared]:
        """Compare lists as the columns of one table whose rows may come in any order."""
        pairs = {
            key: (mine, theirs)
            for key, (mine, theirs) in columns.items()
            if isinstance(mine, list) and isinstance(theirs, list) and len(theirs) == length
        }
        if len(pairs) < len(columns):  # no table: each list for itself, in order
            return {
                key: self._in_order((*path, key), mine, theirs)
                if isinstance(mine, list) and isinstance(theirs, list)
                else _missing((*path, key), mine)
                if theirs is None
                else self._one((*path, key), mine, theirs)
                for key, (mine, theirs) in columns.items()
            }

        def fits(row: int, place: int) -> bool:
            return all(
                self.same((*path, key, str(row)), mine[row], theirs[place]) for key, (mine, theirs) in pairs.items()
            )

        mine_by_row: list[JsonValue] = [[mine[row] for mine, _ in pairs.values()] for row in range(length)]
        theirs_by_row: list[JsonValue] = [[theirs[row] for _, theirs in pairs.values()] for row in range(length)]
        places = self._places(mine_by_row, theirs_by_row, fits)
        return {
            key: _joined(
                _moved(self.at((*path, key, str(row)), mine[row], theirs[place]), row, place)
                for row, place in sorted(places.items())
            )
            for key, (mine, theirs) in pairs.items()
        }

    # ------------------------------------------------------------ lists

    def _lists(self, path: Path, expected: list[JsonValue], got: list[JsonValue]) -> Compared:
        if self.rule(path).order == "exact":
            return self._in_order(path, expected, got)

        def fits(row: int, place: int) -> bool:
            return self.same((*path, str(row)), expected[row], got[place])

        places = self._places(expected, got, fits)
        parts = [
            _moved(self.at((*path, str(row)), value, got[places[row]]), row, places[row])
            if row in places
            else _missing((*path, str(row)), value)
            for row, value in enumerate(expected)
        ]
        used = set(places.values())
        extra = [((*path, str(place)), value) for place, value in enumerate(got) if place not in used]
        return _joined([*parts, _unexpected(extra)])

    def _in_order(self, path: Path, expected: list[JsonValue], got: list[JsonValue]) -> Compared:
        parts = [
            self.at((*path, str(index)), value, got[index])
            if index < len(got)
            else _missing((*path, str(index)), value)
            for index, value in enumerate(expected)
        ]
        extra = [((*path, str(index)), got[index]) for index in range(len(expected), len(got))]
        return _joined([*parts, _unexpected(extra)])

    def _places(self, mine: Sequence[JsonValue], theirs: Sequence[JsonValue], fits: _Fits) -> dict[int, int]:
        """Return which place every row is compared with: as many fitting pairs as possible, the others in order.

        In lists too long to try all pairs, what is written the same is paired first. Once the work exceeds its bound,
        nothing more is tried, and rows stay where they are.
        """

        def affordable(row: int, place: int) -> bool:
            return self.budget > 0 and fits(row, place)

        # Most answers are in order already: then the square of all pairs need not be tried.
        if len(mine) == len(theirs) and all(affordable(row, row) for row in range(len(mine))):
            return {row: row for row in range(len(mine))}
        paired = _written_the_same(mine, theirs) if len(mine) * len(theirs) > _MAX_PAIRS else {}
        rows = [row for row in range(len(mine)) if row not in paired]
        taken = set(paired.values())
        places = [place for place in range(len(theirs)) if place not in taken]
        if self.budget > 0 and len(rows) * len(places) <= _MAX_PAIRS:
            found = most_pairs(len(rows), len(places), lambda row, place: affordable(rows[row], places[place]))
            paired |= {rows[row]: places[place] for row, place in found.items()}
        taken = set(paired.values())
        free = [place for place in range(len(theirs)) if place not in taken]
        left = [row for row in range(len(mine)) if row not in paired]
        return paired | dict(zip(left, free, strict=False))


def _written_the_same(mine: Sequence[JsonValue], theirs: Sequence[JsonValue]) -> dict[int, int]:
    places: dict[str, list[int]] = {}
    for place in reversed(range(len(theirs))):
        places.setdefault(json.dumps(theirs[place], sort_keys=True), []).append(place)
    rows = {row: places.get(json.dumps(value, sort_keys=True)) for row, value in enumerate(mine)}
    return {row: candidates.pop() for row, candidates in rows.items() if candidates}


# ---------------------------------------------------------------- evidence


def rendered(path: Path) -> str:
    """Return a path as evidence has it: dotted, ``$`` for the whole answer."""
    return ".".join(path) or WHOLE


def _evidence(path: Path, expected: JsonValue, got: JsonValue, verdict: Match, note: str = "") -> Evidence:
    return Evidence(path=rendered(path), expected=expected, got=got, verdict=verdict, note=note)


def _missing(path: Path, expected: JsonValue) -> Compared:
    return Compared((_evidence(path, expected, None, Match.MISSING, "is not in the answer"),), _count(expected))


def _unexpected(extra: Sequence[tuple[Path, JsonValue]]) -> Compared:
    """Every value too many is a field that does not match; only the first ones are named."""
    evidence = [
        _evidence(path, None, value, Match.UNEXPECTED, "is not expected") for path, value in extra[:_MAX_UNEXPECTED]
    ]
    return Compared(tuple(evidence), len(extra))


def _joined(parts: Iterable[Compared]) -> Compared:
    parts = list(parts)
    return Compared(tuple(item for part in parts for item in part.evidence), sum(part.fields for part in parts))


def _moved(compared: Compared, row: int, place: int) -> Compared:
    """Note where in the answer an item was found, where that is another place than the expected one."""
    if row == place:
        return compared
    note = f"found at position {place}"
    evidence = (
        item.model_copy(update={"note": f"{item.note}; {note}" if item.note else note}) for item in compared.evidence
    )
    return Compared(tuple(evidence), compared.fields)


def _count(value: JsonValue) -> int:
    """How many fields a value has: its leaves."""
    if isinstance(value, dict) and value:
        return sum(_count(inner) for inner in value.values())
    if isinstance(value, list) and value:
        return sum(_count(inner) for inner in value)
    return 1


# ---------------------------------------------------------------- single values


class _Sameness(NamedTuple):
    same: bool
    note: str = ""


def _same_value(expected: JsonValue, got: JsonValue, rule: _Rule) -> _Sameness:
    """Compare two values of which at least one is not a filled object or list, or whose kinds differ."""
    if isinstance(expected, bool):
        return _same_truth(expected, got)
    if isinstance(expected, int | float):
        return _same_as_number(expected, got, rule)
    if isinstance(expected, str):
        return _same_as_text(expected, got, rule)
    if type(expected) is type(got):
        return _Sameness(expected == got)
    return _other_kind(expected, got)


def _other_kind(expected: JsonValue, got: JsonValue) -> _Sameness:
    return _Sameness(False, f"{_kind(expected)} is expected, {_kind(got)} is given")


def _kind(value: JsonValue) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")


def _same_truth(expected: bool, got: JsonValue) -> _Sameness:
    if isinstance(got, bool):
        return _Sameness(expected is got)
    if isinstance(got, str) and got.strip().lower() in {"true", "false"}:
        return _Sameness((got.strip().lower() == "true") is expected, "given as a text")
    return _other_kind(expected, got)


def _same_as_number(expected: float, got: JsonValue, rule: _Rule) -> _Sameness:
    if isinstance(got, int | float) and not isinstance(got, bool):
        return _Sameness(same_number(expected, got, rule.decimals, rule.tolerance))
    number = _number_in(got, "currency" in rule.normalize) if isinstance(got, str) else None
    if number is None:
        return _other_kind(expected, got)
    return _Sameness(same_number(expected, number, rule.decimals, rule.tolerance), "given as a text")


_PLAIN_NUMBER = re.compile(r"\s*[-+]?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,3})?\s*")


def _number_in(text: str, as_money: bool) -> int | float | None:
    if _PLAIN_NUMBER.fullmatch(text):
        return float(text) if re.search("[.eE]", text) else int(text)
    amount = money(text) if as_money else None
    if amount is None:
        return None
    return int(amount.amount) if amount.amount == int(amount.amount) else float(amount.amount)


def same_number(expected: float, got: float, decimals: int | None, tolerance: float | None) -> bool:
    """Whether two numbers count as equal; two whole numbers without a rule only when they are the same."""
    if expected == got:
        return True
    try:
        if tolerance is not None:
            # 1.01 - 1.00 is a little more than 0.01 in binary.
            noise = 1e-15 * max(abs(expected), abs(got))
            return abs(expected - got) <= tolerance + noise
        if decimals is not None and max(abs(expected), abs(got)) < 1e15:
            return bool(_roundings(expected, decimals) & _roundings(got, decimals))
        if decimals is None and isinstance(expected, int) and isinstance(got, int):
            return False
        return math.isclose(expected, got, rel_tol=_RELATIVE, abs_tol=_NEAR_ZERO if expected == 0 else 0)
    except OverflowError:  # an integer that no float can hold is near nothing that a float can hold
        return False


def _roundings(number: float, decimals: int) -> set[Decimal]:
    """Return a number rounded; a half goes up, or to the even neighbour: applications do the one or the other."""
    exact = Decimal(repr(number))
    place = Decimal(1).scaleb(-decimals)
    return {exact.quantize(place, rounding, _PRECISE) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)}


_PRECISE = Context(prec=60)


def _same_as_text(expected: str, got: JsonValue, rule: _Rule) -> _Sameness:
    if isinstance(got, int | float) and not isinstance(got, bool):
        # 42 for the text "42", but not 7 for "007".
        return _Sameness(True, "given as a number") if json.dumps(got) == expected else _other_kind(expected, got)
    if not isinstance(got, str):
        return _other_kind(expected, got)
    if expected == got or normalized(expected, rule.normalize) == normalized(got, rule.normalize):
        return _Sameness(True)
    if "currency" in rule.normalize:
        mine, theirs = money(expected), money(got)
        if mine is not None and theirs is not None:
            return _Sameness(mine.same_as(theirs))
    return _Sameness(False, _near_miss(expected, got))


def _near_miss(expected: str, got: str) -> str:
    """Say what kind of difference it is, where ignoring it would make the texts equal."""
    kinds: tuple[tuple[Normalization, str], ...] = (
        ("case", "upper and lower case"),
        ("space", "white space"),
        ("unicode", "Unicode forms"),
        ("date", "the spelling of a date"),
    )
    for kind, words in kinds:
        if normalized(expected, (kind,)) == normalized(got, (kind,)):
            return f"differs in {words} only"
    return ""
