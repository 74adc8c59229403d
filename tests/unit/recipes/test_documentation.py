"""docs/recipes.md, which is to be true: its examples, and that it has every field."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from rolldeck.domain.task_file import parse_task_file
from rolldeck.environments.recipes.file import model

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolldeck.environments.recipes.file.reading import FileRecipe

TEXT = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()


def test_its_recipe_and_its_task_are_valid(read: "Callable[[str], FileRecipe]") -> None:
    recipe = read(TEXT.split("```yaml\n")[1].split("```")[0])
    content = TEXT.split("```json\n")[1].split("```")[0].encode()
    [task] = parse_task_file(content, environments=[recipe.name], max_bytes=10**6)
    assert task.environment == recipe.name


@pytest.mark.parametrize(
    ("before", "part"),
    [
        ("## The fields", model.RecipePart),
        ("Of a service:", model.ServicePart),
        ("Of `login`", model.LoginPart),
        ("Of `databases`", model.DatabasePart),
    ],
)
def test_its_tables_have_exactly_the_fields_that_there_are(before: str, part: type[BaseModel]) -> None:
    table = TEXT.split(before)[1].split("\n\n")
    lines = next(paragraph for paragraph in table if paragraph.startswith("| field"))
    documented = re.findall(r"^\| `(\w+)` \|", lines, flags=re.MULTILINE)
    fields = [field.alias or name for name, field in part.model_fields.items()]
    together = {"service", "role"} if part is model.DatabasePart else set()  # said in a row of another field
    assert sorted(documented) == sorted(set(fields) - together)
