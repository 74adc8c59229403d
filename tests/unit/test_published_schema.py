"""The published JSON Schemas of the task file and of the recipe file."""

import json
from pathlib import Path

from jsonschema_rs import Draft202012Validator

from rolldeck.domain.task_file import task_file_schema
from rolldeck.environments.recipes.file.reading import recipe_schema

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "tasks.schema.json"
PUBLISHED_RECIPE = ROOT / "docs" / "recipe.schema.json"


def test_the_published_schema_is_the_models() -> None:
    """To publish a change: ``make schema``."""
    assert json.loads(PUBLISHED.read_text()) == task_file_schema()


def test_the_example_tasks_satisfy_the_published_schema() -> None:
    validator = Draft202012Validator(json.loads(PUBLISHED.read_text()))
    for example in sorted((ROOT / "examples").rglob("*.json")):
        assert [str(error) for error in validator.iter_errors(json.loads(example.read_text()))] == []


def test_the_seed_format_satisfies_the_published_schema() -> None:
    validator = Draft202012Validator(json.loads(PUBLISHED.read_text()))
    assert validator.is_valid([{"id": "1", "task": "How many?", "answer": '{"count": 3}'}])
    assert not validator.is_valid([{"id": "1", "answer": '{"count": 3}'}])


def test_the_published_recipe_schema_is_the_models() -> None:
    """To publish a change: ``make schema``."""
    assert json.loads(PUBLISHED_RECIPE.read_text()) == recipe_schema()


def test_short_forms_satisfy_the_published_recipe_schema() -> None:
    validator = Draft202012Validator(json.loads(PUBLISHED_RECIPE.read_text()))
    service = {"build": ".", "command": "serve ${port}", "environment": {"PORT": 80}, "port": 80}
    recipe = {"name": "wiki", "title": "Wiki", "services": {"web": service}, "login": "none"}
    assert validator.is_valid(recipe)
    assert not validator.is_valid({**recipe, "login": "yes"})
    assert not validator.is_valid({**recipe, "services": {"web": {**service, "privileged": True}}})
