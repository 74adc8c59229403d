"""Pydantic's errors in words, with the path and the place that the file has."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, JsonValue
from pydantic_core import ErrorDetails

from rolldeck.domain.errors import FieldProblem
from rolldeck.environments.recipes.file import model
from rolldeck.environments.recipes.file.yaml_text import Path, YamlText, dotted

_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): model.RecipePart,
    ("services", "*"): model.ServicePart,
    ("services", "*", "build"): model.BuildPart,
    ("services", "*", "seeds", "*"): model.SeedPart,
    ("services", "*", "postgres"): model.PostgresPart,
    ("services", "*", "sql", "*"): model.SqlPart,
    ("services", "*", "health"): model.HealthPart,
    ("services", "*", "limits"): model.LimitsPart,
    ("login",): model.LoginPart,
    ("login", "form"): model.FormPart,
    ("login", "cookies", "*"): model.CookiePart,
    ("databases", "*"): model.DatabasePart,
}


def problem_at(path: Path, message: str, text: YamlText) -> FieldProblem:
    """Return a problem of the field that a path leads to."""
    return FieldProblem(dotted(path), message, place=text.place_of(path))


def explained(error: ErrorDetails, text: YamlText) -> FieldProblem:
    """Say what one of pydantic's errors means, with the path as the file has it."""
    path = _path_in(text.value, error["loc"])
    context: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return problem_at((*path, error["loc"][-1]), "is missing", text)
        case "extra_forbidden":
            return problem_at(path, f"is not a known field{_did_you_mean(path)}", text)
        case "string_pattern_mismatch":
            return problem_at(path, _expected(path), text)
        case "too_short":
            return problem_at(path, "should not be empty", text)
        case "value_error":
            return problem_at(path, str(context.get("error", error["msg"])), text)
        case _:
            return problem_at(path, _sentence(error["msg"]), text)


def _sentence(message: str) -> str:
    return message.removeprefix("Input ")[:1].lower() + message.removeprefix("Input ")[1:]


def _path_in(value: JsonValue, where: tuple[int | str, ...]) -> Path:
    """Return the part of a location that is in the file: pydantic adds names of its own, such as ``[key]``."""
    path: Path = ()
    for part in where:
        match value:
            case dict() if part in value:
                value = value[str(part)]
            case list() if isinstance(part, int) and part < len(value):
                value = value[part]
            case _:
                continue
        path = (*path, part)
    return path


def _expected(path: Path) -> str:
    """Say what a text should look like whose pattern did not match."""
    match path:
        case (*_, "start_path") | (*_, "path") | ("pages", _):
            return "should be a path of the application that begins with one slash, e.g. /login"
        case (*_, "environment", _):
            return "should be the name of an environment variable, e.g. APP_MODE"
        case (*_, "database" | "owner" | "role") | ("databases", _):
            return "should be lower case letters, digits and underscores, and begin with a letter"
        case (*_, "image"):
            return "should be an image without spaces, e.g. node:20-slim"
        case (*_, "user") | ("login", "cookies", *_):
            return "has a character that does not belong there"
        case _:
            return "should be lower case letters, digits and dashes, and begin with a letter, e.g. my-wiki"


def _did_you_mean(path: Path) -> str:
    known = [field.alias or name for name, field in _model_of(path[:-1]).model_fields.items()]
    close = get_close_matches(str(path[-1])[:100], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f" (known: {', '.join(known)})"


def _model_of(path: Path) -> type[BaseModel]:
    """Return the model of what a path leads to; names and indices of one's own are ``*`` in the table."""
    kinds = tuple(
        "*" if isinstance(part, int) or (index == 1 and path[0] in {"services", "databases"}) else part
        for index, part in enumerate(path)
    )
    return _MODELS[kinds]
