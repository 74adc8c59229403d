"""A YAML file as plain values, and where in it each of them stands.

The file is hostile until it is read: its size, the number and depth of its values are bounded (aliases count as often
as they are used), no tag makes anything but plain values, and nothing is read twice. Plain scalars mean what YAML 1.2's
core schema says: ``no`` is a text, and ``22:22`` is not a number of base 60.
"""

import math
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from pydantic import JsonValue

from rolldeck.domain.errors import FieldProblem, TextPlace

MAX_BYTES = 256 * 1024
MAX_VALUES = 10_000
MAX_DEPTH = 20
_MAX_QUOTED = 80

Path = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


class NotReadable(Exception):
    """The text is no YAML that can be read; ``problem`` says why, and where."""

    def __init__(self, problem: FieldProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass
class YamlText:
    """What a file says. ``problems`` are of single values, which ``value`` lacks."""

    file: str
    value: JsonValue = None
    places: dict[Path, TextPlace] = field(default_factory=dict)
    problems: list[FieldProblem] = field(default_factory=list)

    def place_of(self, path: Path) -> TextPlace:
        """Return where a value stands, or the nearest one around it that is there."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, TextPlace(self.file, 1, 1))


def read_yaml(content: bytes, file: str) -> YamlText:
    """Return what a file with this content says. Raises ``NotReadable``; problems of single values are in the result."""
    if len(content) > MAX_BYTES:
        raise NotReadable(_problem(file, f"the file is larger than {MAX_BYTES // 1024} KiB"))
    text = YamlText(file)
    node = _compose(content, file)
    if node is not None:
        text.value = _Values(text).value(node, ())
    return text


def quote(text: str) -> str:
    """Return hostile text in a form that can be shown anywhere."""
    shown = text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shown)


def dotted(path: Path) -> str:
    """Return a path as people write it: ``services.web.port``."""
    return ".".join(quote(str(part)) for part in path)


class _Loader(yaml.SafeLoader):
    """Knows the scalars of the core schema; is only used to compose nodes."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape


_TAG = "tag:yaml.org,2002:"
_SCALARS: Mapping[str, tuple[str, str]] = {
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+", "-+0123456789"),
    "float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
}
for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(
        _TAG + _name, re.compile(f"^(?:{_pattern})$"), ["" if one == "\0" else one for one in _first]
    )


def _compose(content: bytes, file: str) -> yaml.Node | None:
    try:
        loader = _Loader(content.decode("utf-8-sig"))
        return loader.get_single_node()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotReadable(_problem(file, "the file is not UTF-8", line)) from error
    except RecursionError as error:
        raise NotReadable(_problem(file, f"the file is nested more than {MAX_DEPTH} levels deep")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise NotReadable(_problem(file, f"the file is not YAML: {what}", line, column)) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise NotReadable(_problem(file, f"the file is not YAML: {quote(str(error))}")) from error


def _problem(file: str, message: str, line: int = 1, column: int = 1) -> FieldProblem:
    return FieldProblem("", message, place=TextPlace(file, line, column))


class _Values:
    """Turns nodes into values, and remembers where they stand."""

    def __init__(self, text: YamlText) -> None:
        self._text = text
        self._count = 0

    def value(self, node: yaml.Node, path: Path) -> JsonValue:
        place = TextPlace(self._text.file, node.start_mark.line + 1, node.start_mark.column + 1)
        self._text.places.setdefault(path, place)  # a key's place is better known than its value's
        self._count += 1
        if self._count > MAX_VALUES:
            raise NotReadable(_problem(self._text.file, f"the file holds more than {MAX_VALUES:,} values"))
        if len(path) > MAX_DEPTH:
            raise NotReadable(FieldProblem(dotted(path), f"is nested more than {MAX_DEPTH} levels deep", place=place))
        match node:
            case yaml.MappingNode() if node.tag == f"{_TAG}map":
                return dict(self._items(node, path))
            case yaml.SequenceNode() if node.tag == f"{_TAG}seq":
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode() if node.tag.removeprefix(_TAG) in {*_SCALARS, "str"}:
                return _scalar(node)
        self._refuse(path, f"has the tag {quote(node.tag)!r}: only plain values can be read")
        return None

    def _items(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, JsonValue]]:
        seen: set[Hashable] = set()
        for key, value in node.value:
            place = TextPlace(self._text.file, key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, yaml.ScalarNode):
                self._text.problems.append(FieldProblem(dotted(path), "has a key that is no text", place=place))
                continue
            inner = (*path, key.value)
            if key.value in seen:
                self._text.problems.append(FieldProblem(dotted(inner), "is given twice", place=place))
                continue
            seen.add(key.value)
            self._text.places[inner] = place
            if key.value == "<<":
                self._refuse(inner, "merge keys are not read: write the fields out")
                continue
            yield key.value, self.value(value, inner)

    def _refuse(self, path: Path, message: str) -> None:
        self._text.problems.append(FieldProblem(dotted(path), message, place=self._text.place_of(path)))


def _scalar(node: yaml.ScalarNode) -> JsonValue:
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return str(node.value).lower() == "true"
        case "int" if len(node.value) <= 18:
            return int(node.value)
        case "float" | "int" if math.isfinite(number := float(node.value)):
            return number
    return str(node.value)
