"""The file that people upload: a JSON list of tasks, read all or nothing.

The seed format ``[{"id", "task", "answer"}]`` is accepted unchanged: ``answer`` is a string that holds JSON, or JSON of
any other type. Ids that are whole numbers are taken as their digits. UTF-8, with or without a byte order mark.

The file is hostile until it is read: its size, the number and depth of its values, and so the memory that it takes, are
bounded before anything is built from it.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import NamedTuple, NoReturn, get_args

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from rolldeck.domain.errors import FieldProblem, InputTooLarge, InvalidInput
from rolldeck.domain.solution import SolutionStep, Target
from rolldeck.domain.task import Limits, Task
from rolldeck.domain.task_lines import lines_of_tasks
from rolldeck.domain.verdict import ComparisonRule, StateCheck, VerifierSpec

MAX_DEPTH = 64
"""How deep a task may be nested, its answer included."""

MAX_PROBLEMS = 100
"""How many problems a refusal names; the others are counted."""

_MAX_TASKS = 100_000
_MAX_FIELDS = 50
_MAX_VALUES_PER_FIELD = 50_000
_MAX_COUNTED = 10_000
_MAX_CONTAINERS = 500_000
_MAX_VALUES = 4_000_000
_MAX_INTEGER = 2**63 - 1
_MAX_QUOTED = 120
_INDICES_TRIED = 1000  # of a list, for the path of a rule: its items are alike

_STEPS: dict[str, type[BaseModel]] = {
    get_args(step.model_fields["do"].annotation)[0]: step for step in get_args(get_args(SolutionStep)[0])
}


def parse_task_file(content: bytes, *, environments: Collection[str], max_bytes: int) -> tuple[Task, ...]:
    """Return the tasks of an uploaded file, in its order.

    Raises ``InvalidInput`` whose ``problems`` name index, line, id and field of every error (the first 100, and the message
    says how many more there are), or ``InputTooLarge`` for more than ``max_bytes`` bytes. Raises nothing else.
    """
    if len(content) > max_bytes:
        raise InputTooLarge(
            f"the file has {len(content) / 1e6:.1f} MB, more than the {max_bytes / 1e6:.1f} MB allowed: "
            "split it, or raise the limit (ROLLDECK_MAX_UPLOAD_MB)"
        )
    _refuse_too_many_values(content)
    text = _decode(content)
    problems = _Problems(text)
    tasks = [
        task
        for index, entry in enumerate(_entries(text))
        if (task := _task(index, entry, environments, problems)) is not None
    ]
    problems.raise_if_any()
    return tuple(tasks)


def task_file_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema (draft 2020-12) of a whole file, generated from the task model."""
    task: dict[str, JsonValue] = Task.model_json_schema(by_alias=True)
    definitions = task.pop("$defs", {})
    properties = task["properties"]
    if not isinstance(properties, dict):
        raise TypeError("a model's JSON Schema has no object of properties")
    text_id = properties["id"]
    properties["id"] = {
        "title": "Id",
        "description": "unique in the file; a whole number is taken as its digits",
        "anyOf": [text_id, {"type": "integer"}],
    }
    properties["answer"] = {
        "title": "Answer",
        "description": (
            "the expected answer; null where only state is checked. A string holds JSON: "
            'the text Paris is written "\\"Paris\\""'
        ),
        "default": None,
        "anyOf": [
            {"type": "string", "contentMediaType": "application/json"},
            {"type": ["object", "array", "number", "boolean", "null"]},
        ],
        "examples": ['{"orders": 5321}', {"orders": 5321}, '"Paris"'],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:rolldeck:schema:tasks",
        "title": "Rolldeck tasks",
        "description": "A task file: what agents are asked, what is right, and how it is verified.",
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/Task"},
        "$defs": {**(definitions if isinstance(definitions, dict) else {}), "Task": task},
    }


# ---------------------------------------------------------------- problems


class _Problems:
    """Gathers what is wrong with a file; keeps the first ones, counts all, and remembers the ids that were seen."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._kept: list[FieldProblem] = []
        self._count = 0
        self.index_by_id: dict[str, int] = {}

    def add(self, problem: FieldProblem) -> None:
        """Raises ``InvalidInput`` once there are so many that counting on would help nobody."""
        self._count += 1
        if len(self._kept) < MAX_PROBLEMS:
            self._kept.append(problem)
        if self._count >= _MAX_COUNTED:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        if not self._count:
            return
        at_least = "at least " if self._count >= _MAX_COUNTED else ""
        more = f", and {at_least}{self._count - 1:,} more" if self._count > 1 else ""
        listed = f" (the first {MAX_PROBLEMS} are listed)" if self._count > MAX_PROBLEMS else ""
        self._find_lines()
        raise InvalidInput(f"{self._kept[0]}{more}{listed}", tuple(self._kept))

    def _find_lines(self) -> None:
        lines = lines_of_tasks(self._text)
        for problem in self._kept:
            if problem.index is not None and problem.index < len(lines):
                problem.line = lines[problem.index]


class _Problem(NamedTuple):
    """What is wrong inside one task, before its index and id are known. ``within`` is the task's field as written."""

    field: str
    message: str
    within: str = ""


def _refuse(message: str) -> NoReturn:
    raise InvalidInput(message, (FieldProblem("", message),))


def _quote(text: str) -> str:
    """Return hostile text in a form that can be shown and encoded anywhere."""
    shown = text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shown)


def _did_you_mean(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name[:_MAX_QUOTED], sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


# ---------------------------------------------------------------- from bytes to JSON


class _RepeatedKeys(dict[str, JsonValue]):
    """An object that names a key twice: two readers of the file would disagree on what it says."""

    repeated: str


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    marked = _RepeatedKeys(plain)
    marked.repeated = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return marked


def _integer(digits: str) -> int | float:
    # Beyond 20 digits it is out of range whatever it is: an infinity says so without the cost of converting it.
    return int(digits) if len(digits) <= 20 else math.inf


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=float)
# NaN and Infinity become floats that are refused where they stand, with their path. The decoder's recursion is bounded by Python's, a thousand: deeper text raises RecursionError, never a crash.


def _refuse_too_many_values(content: bytes) -> None:
    """Bound the memory that the file can take: an empty list of two bytes becomes an object of sixty."""
    containers = content.count(b"[") + content.count(b"{")
    if containers > _MAX_CONTAINERS or containers + content.count(b",") > _MAX_VALUES:
        _refuse(
            f"the file holds too many values (more than {_MAX_CONTAINERS:,} lists and objects, or "
            f"{_MAX_VALUES:,} values): split it"
        )


def _decode(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    if encoding not in {"utf-8", "utf-8-sig"}:
        _refuse(f"the file is {encoding.upper()}: save it as UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse(f"the file is not UTF-8 (byte {error.start}, line {line}): save it as UTF-8")


def _entries(text: str) -> list[JsonValue]:
    if not text.strip():
        _refuse('the file is empty: it should hold a list of tasks, [{"id": …, "task": …, "answer": …}]')
    try:
        entries: JsonValue = _DECODER.decode(text)
    except RecursionError:
        _refuse(f"the file is nested too deeply: at most {MAX_DEPTH} levels in a task")
    except json.JSONDecodeError as error:
        hint = ": the tasks belong into one list, [ … ], with commas between them" if error.msg == "Extra data" else ""
        _refuse(f"the file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}{hint}")
    if not isinstance(entries, list):
        _refuse(f'the file should hold a list of tasks, [{{"id": …, "task": …, "answer": …}}], not {_kind(entries)}')
    if not entries:
        _refuse("the file holds no task: its list is empty")
    if len(entries) > _MAX_TASKS:
        _refuse(f"the file holds {len(entries):,} tasks, more than {_MAX_TASKS:,}: split it")
    return entries


def _kind(value: JsonValue) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return next((name for kind, name in names.items() if isinstance(value, kind)), "null")


# ---------------------------------------------------------------- from JSON to a task


def _task(index: int, entry: JsonValue, environments: Collection[str], problems: _Problems) -> Task | None:
    """Return the task of one entry; None where it is not one, whose problems are added."""
    if not isinstance(entry, dict):
        problems.add(FieldProblem("", f"should be an object, not {_kind(entry)}", index=index))
        return None
    fields = dict(entry)
    if isinstance(fields.get("id"), int) and not isinstance(fields["id"], bool):
        fields["id"] = str(fields["id"])
    found = list(_own_problems(entry, fields, environments))
    spoiled = {problem.within for problem in found}
    task, invalid = _validated(fields, spoiled)
    found += invalid if task is None else _rules_without_a_field(task)
    item_id = fields.get("id")
    if isinstance(item_id, str):
        found += _repeated_id(index, item_id, problems.index_by_id)
    shown_id = _quote(item_id) if isinstance(item_id, str) else None
    for problem in found:
        problems.add(FieldProblem(problem.field, problem.message, index=index, item_id=shown_id))
    return None if found else task


def _own_problems(
    entry: dict[str, JsonValue], fields: dict[str, JsonValue], environments: Collection[str]
) -> Iterator[_Problem]:
    """Find what the model cannot; turns a string answer into the JSON that it holds, in ``fields``."""
    if isinstance(entry, _RepeatedKeys):
        yield _Problem(_quote(entry.repeated), "is given twice", entry.repeated)
    if len(entry) > _MAX_FIELDS:
        unknown = [name for name in entry if name not in Task.model_fields]
        yield _Problem("", f"has {len(unknown):,} unknown fields: {', '.join(_quote(name) for name in unknown[:5])}, …")
        for name in unknown:
            del fields[name]
    for name, value in fields.items():
        yield from _value_problems(name, value)
    answer = fields.get("answer")
    if isinstance(answer, str):
        parsed = _parsed_answer(answer)
        if isinstance(parsed, _Problem):
            yield parsed
        else:
            fields["answer"] = parsed.value
            yield from _value_problems("answer", parsed.value)
    environment = fields.get("environment")
    if isinstance(environment, str) and environment not in environments:
        known = ", ".join(sorted(environments)) or "none"
        hint = _did_you_mean(environment, environments)
        message = f"there is no environment {_quote(environment)!r}{hint} (known: {known})"
        yield _Problem("environment", message, "environment")


class _Json(NamedTuple):
    value: JsonValue


def _parsed_answer(text: str) -> _Json | _Problem:
    try:
        return _Json(_DECODER.decode(text))
    except RecursionError:
        return _Problem("answer", f"is nested more than {MAX_DEPTH} levels deep", "answer")
    except json.JSONDecodeError as error:
        what = f"{error.msg} at column {error.pos + 1}"
        written = _quote(json.dumps(json.dumps(text[:60], ensure_ascii=False), ensure_ascii=False))
        message = f"is a string that holds no JSON ({what}); a text is written with quotes: {written}"
        return _Problem("answer", message, "answer")


def _value_problems(name: str, field: JsonValue) -> Iterator[_Problem]:
    """Look at every value of a field: depth, numbers, texts, keys. Linear in their number, and not recursive."""
    path = _Path(None, name, 1)
    if (fault := _text_fault(name)) is not None:
        yield _Problem(str(path), f"its name {fault}", name)
    if (fault := _fault(path.depth, field)) is not None:
        yield _Problem(str(path), fault, name)
        return
    pending = [(path, field)]
    looked_at = 0
    while pending:
        path, value = pending.pop()
        for key, inner in _inside(value):
            looked_at += 1
            fault = _key_fault(key) or _fault(path.depth + 1, inner)
            if fault is not None:
                yield _Problem(str(_Path(path, key, path.depth + 1)), fault, name)
            elif isinstance(inner, dict | list):
                pending.append((_Path(path, key, path.depth + 1), inner))
    # Each could be an error of its own to the model; an answer's values cannot.
    if looked_at > _MAX_VALUES_PER_FIELD and name != "answer":
        yield _Problem(_quote(name), f"holds more than {_MAX_VALUES_PER_FIELD:,} values", name)


def _inside(value: JsonValue) -> Iterable[tuple[str | int, JsonValue]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


class _Path(NamedTuple):
    """Where a value is; rendered only for a problem."""

    outer: "_Path | None"
    key: str | int
    depth: int

    def __str__(self) -> str:
        parts = []
        place: _Path | None = self
        while place is not None:
            parts.append(_quote(str(place.key)))
            place = place.outer
        return ".".join(reversed(parts))


def _key_fault(key: str | int) -> str | None:
    fault = _text_fault(key) if isinstance(key, str) else None
    return fault and f"its name {fault}"


def _fault(depth: int, value: JsonValue) -> str | None:
    if isinstance(value, str):
        return _text_fault(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else "is not a number that JSON can keep (infinite, or no number)"
    if isinstance(value, int):
        return None if -_MAX_INTEGER <= value <= _MAX_INTEGER else "is an integer beyond 64 bits: write it as a text"
    if isinstance(value, dict | list) and depth > MAX_DEPTH:
        return f"is nested more than {MAX_DEPTH} levels deep"
    if isinstance(value, _RepeatedKeys):
        return f"names the key {_quote(value.repeated)!r} twice"
    return None


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _text_fault(text: str) -> str | None:
    found = _UNSTORABLE.search(text)
    if found is None:
        return None
    kind = "the NUL character" if found[0] == "\x00" else "half of a character (a lone surrogate)"
    return f"holds {kind} at position {found.start()}, which cannot be stored"


_STAND_INS: dict[str, JsonValue] = {"id": "x", "task": "x", "answer": True}


def _validated(fields: dict[str, JsonValue], spoiled: Collection[str]) -> tuple[Task | None, list[_Problem]]:
    """Validate all fields but the spoiled ones, which have a problem of their own already."""
    checked = {name: value for name, value in fields.items() if name not in spoiled}
    checked |= {name: value for name, value in _STAND_INS.items() if name in spoiled}
    try:
        # Through JSON text, strictly: "5" is no number and true is no 1, but a list is still a tuple.
        return Task.model_validate_json(json.dumps(checked), strict=True), []
    except ValidationError as error:
        return None, [_explained(details) for details in error.errors(include_url=False, include_input=False)]


def _rules_without_a_field(task: Task) -> Iterator[_Problem]:
    """Find verifier rules that would silently never be applied. An answer with alternatives may have other fields."""
    if task.answer is None or task.verifier.alternatives:
        return
    for path in task.verifier.fields:
        if not _leads_somewhere(path.split("."), task.answer):
            yield _Problem(f"verifier.fields.{_quote(path)}", "the answer has nothing at this path")


def _leads_somewhere(path: list[str], value: JsonValue) -> bool:
    """Whether a dotted path names a value inside this one; ``*`` is any index, and a key may itself hold dots."""
    if not path or path == ["$"]:
        return True
    if isinstance(value, dict):
        inner: dict[str, JsonValue] = value
    elif isinstance(value, list):
        inner = {str(index): item for index, item in enumerate(value[:_INDICES_TRIED])}
    else:
        return False
    if path[0] == "*":
        return any(_leads_somewhere(path[1:], item) for item in islice(inner.values(), _INDICES_TRIED))
    keys = ((".".join(path[:length]), path[length:]) for length in range(1, len(path) + 1))
    return any(key in inner and _leads_somewhere(rest, inner[key]) for key, rest in keys)


def _repeated_id(index: int, item_id: str, index_by_id: dict[str, int]) -> Iterator[_Problem]:
    first = index_by_id.setdefault(item_id, index)
    if first != index:
        yield _Problem("id", f"is given to task {first} and task {index}: ids are unique in a file")


# ---------------------------------------------------------------- pydantic's errors, in words


def _explained(error: ErrorDetails) -> _Problem:
    """Say what one of pydantic's errors means, with the path as the file has it."""
    where = error["loc"]
    path = ".".join(_quote(str(part)) for part in _without_union_tag(where))
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return _Problem(path, "is missing")
        case "extra_forbidden":
            model = _model_around(where)
            known = [field.alias or name for name, field in model.model_fields.items()]
            return _Problem(path, f"is not a known field{_did_you_mean(str(where[-1]), known)}")
        case "union_tag_not_found":
            return _Problem(f"{path}.do", f"is missing: one of {', '.join(_STEPS)}")
        case "union_tag_invalid":
            tag = str(context.get("tag", ""))
            hint = _did_you_mean(tag, _STEPS)
            return _Problem(f"{path}.do", f"is {_quote(tag)!r}{hint or ', not one of ' + ', '.join(_STEPS)}")
        case "string_pattern_mismatch" if where[-1] in {"path", "start_path"}:
            return _Problem(path, "should be a path of the environment that begins with one slash, e.g. /chart/list/")
        case "string_pattern_mismatch" if where[-1] == "into":
            return _Problem(path, "should be dotted keys of the answer, e.g. totals.revenue, or $ for all of it")
        case "value_error":
            # An error of the whole task is about what it expects: the answer or the state checks.
            return _Problem(path or "answer", str(context.get("error", error["msg"])))
        case _:
            return _Problem(path, _sentence(error["msg"]))


def _sentence(message: str) -> str:
    return message.removeprefix("Input ")[:1].lower() + message.removeprefix("Input ")[1:]


def _without_union_tag(where: tuple[int | str, ...]) -> tuple[int | str, ...]:
    # ("solution", 3, "click", "target") is solution.3.target in the file.
    return (*where[:2], *where[3:]) if where[:1] == ("solution",) else where


def _model_around(where: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model that a field belongs to."""
    match where:
        case ("limits", _):
            return Limits
        case ("verifier", "state", *_):
            return StateCheck
        case ("verifier", "fields", *_):
            return ComparisonRule
        case ("verifier", _):
            return VerifierSpec
        case ("solution", _, str() as step, _):
            return _STEPS[step]
        case ("solution", *_):
            return Target
        case _:
            return Task
