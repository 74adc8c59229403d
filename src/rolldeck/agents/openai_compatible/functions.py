"""The canonical actions as function tools, for models that have no computer tool of their own.

The functions follow from the actions themselves (``domain/action.py``): a new action is a new function.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args

import json_repair
from pydantic import BaseModel, TypeAdapter, ValidationError

from rolldeck.agents.models.arguments import Arguments, MalformedCall, Point
from rolldeck.agents.models.key_names import dom_chord
from rolldeck.agents.models.scale import Scale
from rolldeck.domain.action import Action, Drag

_ACTION: TypeAdapter[Action] = TypeAdapter(Action)
_PIXELS = ("x", "y", "dx", "dy")
_CHORDS = ("keys", "key", "held")
_TEXTS = ("text", "url")
_LONGEST_REPAIRED = 20_000  # characters: repairing takes longer the longer the text is


@dataclass(frozen=True)
class Grid:
    """What coordinates mean to a model: pixels of the screenshot (None), or 0 to ``size`` across and down it."""

    size: int | None = None

    @property
    def words(self) -> str:
        """How the model is told."""
        if self.size is None:
            return "Coordinates are pixels of the newest screenshot, from its upper left corner."
        return (
            f"Coordinates go from 0 to {self.size} across and down the newest screenshot, from its upper left corner."
        )

    def to_page(self, point: Point, scale: Scale) -> Point:
        """Return the page's pixel that a model's point is on."""
        if self.size is None:
            return scale.to_page(point)
        return Point(point.x * scale.width // self.size, point.y * scale.height // self.size)


def function_tools() -> list[dict[str, Any]]:
    """Return the tools of a chat completion: a function for each canonical action, named after its kind."""
    return [
        {
            "type": "function",
            "function": {"name": kind, "description": _described(model), "parameters": _schema(model)},
        }
        for kind, model in _MODELS.items()
    ]


def action_of(name: str, written: str, grid: Grid, scale: Scale) -> Action:
    """Return the action that a call names, in pixels of the page. Raises ``MalformedCall``.

    ``written`` is the arguments' JSON; what is broken of it is repaired where that can be done.
    """
    if name not in _MODELS:
        raise MalformedCall(f"there is no function {name!r}; there are: {', '.join(_MODELS)}")
    values = _tidied(name, _parsed(name, written))
    try:
        action = _ACTION.validate_python({**values, "kind": name})
    except ValidationError as error:
        raise MalformedCall(f"{name}: {_problems(error)}") from error
    return _on_page(action, grid, scale)


def repaired(written: str) -> str:
    """Return arguments as JSON of an object, which is all that some servers take back."""
    values = _lenient(written)
    return json.dumps(values if isinstance(values, dict) else {})


def is_written_action(text: str) -> bool:
    """Whether a text holds a call that its model should have made: a JSON object that names one of the functions."""
    found = _lenient(text) if "{" in text else None
    calls = found if isinstance(found, list) else [found]
    return any(isinstance(call, dict) and _names_function(call) for call in calls)


def _names_function(call: dict[str, Any]) -> bool:
    inner = call.get("function")
    names = (inner.get("name") if isinstance(inner, dict) else inner, call.get("name"), call.get("action"))
    return any(isinstance(name, str) and name in _MODELS for name in names)


def _members() -> dict[str, type[BaseModel]]:
    """Return the models of the actions by kind."""
    union = get_args(Action)[0]
    return {str(model.model_fields["kind"].default): model for model in get_args(union)}


_MODELS = _members()


def _described(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").replace("``", "'").strip()


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of an action's fields, in words that also simple servers know."""
    schema = model.model_json_schema()
    fields = {name: _simple(field) for name, field in schema.get("properties", {}).items() if name != "kind"}
    return {
        "type": "object",
        "properties": fields,
        "required": [name for name in schema.get("required", []) if name in fields],
        "additionalProperties": False,
    }


def _simple(schema: Any) -> Any:
    """Leave titles out, and write a pair of numbers as a list of two: grammars of small servers know no tuples."""
    if not isinstance(schema, dict):
        return schema
    plain = {key: _simple(value) for key, value in schema.items() if key != "title"}
    if "prefixItems" in plain:
        plain["items"] = plain.pop("prefixItems")[0]
    return plain


def _parsed(name: str, written: str) -> dict[str, Any]:
    values = _lenient(written) if written.strip() else {}
    if not isinstance(values, dict):
        raise MalformedCall(f"{name}: the arguments must be a JSON object")
    return values


def _lenient(text: str) -> Any:
    """Return what a text of JSON holds, also a broken one's; None where nothing can be made of it."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    if len(text) > _LONGEST_REPAIRED:
        return None
    with suppress(ValueError, RecursionError):
        return json_repair.loads(text, skip_json_loads=True)
    return None


def _tidied(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with whole pixels, the DOM's names of keys, and texts that can be stored."""
    arguments = Arguments(name, values)
    tidied = {key: value for key, value in values.items() if value is not None and key != "kind"}
    tidied |= {key: arguments.pixel(key) for key in _PIXELS if key in tidied}
    tidied |= {key: dom_chord(arguments.text(key)) for key in _CHORDS if tidied.get(key)}
    tidied |= {key: arguments.text(key) for key in _TEXTS if key in tidied}
    if "path" in tidied:
        tidied["path"] = [_path_point(name, point) for point in arguments.list("path")]
    return tidied


def _path_point(name: str, point: object) -> Point:
    if isinstance(point, dict):
        return Arguments(f"{name}: path", point).xy()
    return Arguments(name, {"path": point}).point("path")


def _problems(error: ValidationError) -> str:
    """Say what is wrong with which argument, without the links that pydantic adds."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )


def _on_page(action: Action, grid: Grid, scale: Scale) -> Action:
    if isinstance(action, Drag):
        path = tuple(grid.to_page(Point(*point), scale) for point in action.path)
        return action.model_copy(update={"path": path})
    if "x" in type(action).model_fields:
        x, y = grid.to_page(Arguments(action.kind, action.model_dump()).xy(), scale)
        return action.model_copy(update={"x": x, "y": y})
    return action
