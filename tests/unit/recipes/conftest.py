"""A recipe file in a directory of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.environments.recipes.file.reading import FileRecipe, read_recipe

Write = Callable[[str], Path]
ProblemsOf = Callable[[str], tuple[FieldProblem, ...]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str) -> Path:
        file = tmp_path / "recipe.yaml"
        file.write_text(content)
        return file

    return write


@pytest.fixture
def read(write: Write) -> Callable[[str], FileRecipe]:
    return lambda content: read_recipe(write(content))


@pytest.fixture
def problems_of(write: Write) -> ProblemsOf:
    def problems_of(content: str) -> tuple[FieldProblem, ...]:
        with pytest.raises(InvalidInput) as refusal:
            read_recipe(write(content))
        return refusal.value.problems

    return problems_of
