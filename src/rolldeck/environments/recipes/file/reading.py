"""From a recipe file to what runtimes understand, or to every reason why that cannot be."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError

from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.environments.composition import Composition
from rolldeck.environments.recipes.file import model
from rolldeck.environments.recipes.file.checks import faults_of, web_of
from rolldeck.environments.recipes.file.compose import ComposeServices
from rolldeck.environments.recipes.file.conversion import composition_of
from rolldeck.environments.recipes.file.model import existing
from rolldeck.environments.recipes.file.problems import explained, problem_at
from rolldeck.environments.recipes.file.yaml_text import MAX_BYTES, NotReadable, YamlText, read_yaml


@dataclass(frozen=True)
class FileRecipe:
    """What a recipe file says."""

    file: Path
    name: str
    title: str
    composition: Composition


def read_recipe(file: Path) -> FileRecipe:
    """Return what a recipe file says.

    Raises ``InvalidInput`` whose ``problems`` name field, line and column of everything that is wrong.
    """
    try:
        text = read_text(file)
    except NotReadable as error:
        raise InvalidInput(str(error), (error.problem,)) from error
    directory = file.resolve().parent
    from_compose = _add_compose(text, directory)
    part, problems = _validated(text, directory)
    problems = [*text.problems, *from_compose, *problems]
    web = None if part is None else web_of(part)
    if part is None or web is None or problems:
        ordered = sorted(problems, key=_place)
        more = f", and {len(ordered) - 1} more" if len(ordered) > 1 else ""
        raise InvalidInput(f"{ordered[0]}{more}", tuple(ordered))
    return FileRecipe(file, part.name, part.title, composition_of(part, web))


def recipe_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema (draft 2020-12) of a recipe file, generated from the models."""
    schema: dict[str, JsonValue] = model.RecipePart.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:rolldeck:schema:recipe",
        **schema,
        "title": "Rolldeck recipe",
        "description": "A recipe file: an application as services, its data, and how a browser is logged in.",
    }


def read_text(file: Path) -> YamlText:
    """Return a YAML file's values. Raises ``NotReadable``, and ``InvalidInput`` where there is no such file."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    return read_yaml(content, str(file))


def _add_compose(text: YamlText, directory: Path) -> list[FieldProblem]:
    """Add the services of the compose file that a recipe names to the recipe's own, whose fields come first."""
    recipe = text.value
    if not isinstance(recipe, dict) or not isinstance(recipe.get("compose"), str):
        return []
    try:
        file = existing(recipe["compose"], directory)
        composed = ComposeServices(read_text(file), str(file.parent.relative_to(directory)))
    except NotReadable as error:
        return [error.problem]
    except (ValueError, InvalidInput) as error:
        return [problem_at(("compose",), str(error), text)]
    own = recipe.get("services", {})
    if isinstance(own, dict):
        merged: dict[str, JsonValue] = {**composed.services, **own}
        for name in composed.services.keys() & own.keys():
            fields = own[name]
            merged[name] = {**composed.services[name], **fields} if isinstance(fields, dict) else fields
        recipe["services"] = merged
    text.places = {**composed.places, **text.places}
    return composed.problems


def _place(problem: FieldProblem) -> tuple[str, int, int]:
    place = problem.place
    return ("", 0, 0) if place is None else (place.file, place.line, place.column)


def _validated(text: YamlText, directory: Path) -> tuple[model.RecipePart | None, list[FieldProblem]]:
    if not isinstance(text.value, dict):
        return None, [FieldProblem("", "should be a recipe: name, title, services", place=text.place_of(()))]
    try:
        # Through JSON text, strictly: "5" is no number and true is no 1, but a list is still a tuple.
        part = model.RecipePart.model_validate_json(
            json.dumps(text.value), strict=True, context={"directory": directory}
        )
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [explained(details, text) for details in found]
    return part, [problem_at(fault.path, fault.message, text) for fault in faults_of(part)]
