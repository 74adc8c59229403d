"""The recipes of a user: those that the files and directories of a setting hold. A broken one hides no other."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.environments.recipes.file.reading import FileRecipe, read_recipe

_FILE_NAME = "recipe.yaml"


@dataclass(frozen=True)
class BrokenRecipe:
    """A recipe file that says no recipe, or another file without which there is none; ``remedy`` is what to do then."""

    file: Path
    error: InvalidInput
    remedy: str | None = None


@dataclass(frozen=True)
class RecipeCollection:
    """What was found. Names are unique."""

    recipes: tuple[FileRecipe, ...] = ()
    broken: tuple[BrokenRecipe, ...] = ()


def collect(paths: Sequence[Path], *, taken: Collection[str] = ()) -> RecipeCollection:
    """Read the recipes of files, and of directories that hold a ``recipe.yaml`` or directories with one.

    ``taken`` are names that a recipe cannot have. Raises nothing: what cannot be read is ``broken``.
    """
    recipes: dict[str, FileRecipe] = {}
    broken: list[BrokenRecipe] = []
    for file in dict.fromkeys(found for path in paths for found in _files(path)):
        try:
            recipe = read_recipe(file)
            _refuse_taken(recipe, recipes, taken)
        except InvalidInput as error:
            broken.append(BrokenRecipe(file, error))
        else:
            recipes[recipe.name] = recipe
    return RecipeCollection(tuple(recipes.values()), tuple(broken))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    candidates = [path / _FILE_NAME, *sorted(path.glob(f"*/{_FILE_NAME}"))]
    found = [candidate for candidate in candidates if candidate.is_file()]
    yield from found or [path / _FILE_NAME]  # which will be said to be missing


def _refuse_taken(recipe: FileRecipe, recipes: dict[str, FileRecipe], taken: Collection[str]) -> None:
    message = None
    if recipe.name in taken:
        message = f"{recipe.name!r} is the name of one of Rolldeck's own environments: choose another"
    elif recipe.name in recipes:
        message = f"{recipe.name!r} is the name of another recipe, {recipes[recipe.name].file}: choose another"
    if message is not None:
        raise InvalidInput(f"{recipe.file}: {message}", (FieldProblem("name", message),))
