"""Where recipes and a runtime meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rolldeck.domain.errors import InvalidInput
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.file.collection import BrokenRecipe, collect
from rolldeck.environments.recipes.superset import superset
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments, obstacles_of


@dataclass(frozen=True)
class KnownRecipes:
    """The recipes that can be run here, Rolldeck's own and a user's; and files of the user's that say none."""

    own: tuple[Recipe, ...]
    users: tuple[Recipe, ...] = ()
    broken: tuple[BrokenRecipe, ...] = ()

    @property
    def all(self) -> tuple[Recipe, ...]:
        """What can be run."""
        return (*self.own, *self.users)


def known_recipes(paths: Sequence[Path]) -> KnownRecipes:
    """Return Rolldeck's own recipes and those of files and directories. Raises nothing: see ``KnownRecipes.broken``."""
    own = (superset(shop),)
    found = collect(paths, taken={recipe.name for recipe in own})
    users: list[Recipe] = []
    broken = list(found.broken)
    for one in found.recipes:
        recipe = Recipe(one.name, one.title, composition=one.composition)
        if obstacles := obstacles_of(recipe):
            error = InvalidInput(f"{one.file}: {one.name} needs Docker: {'; '.join(obstacles)}")
            broken.append(BrokenRecipe(one.file, error))
        else:
            users.append(recipe)
    return KnownRecipes(own, tuple(users), tuple(broken))


def process_environments(
    *, cache_dir: Path, run_dir: Path | None, installation_id: str, recipes: Sequence[Recipe] | None = None
) -> ProcessEnvironments:
    """Return the environments of recipes (default: Rolldeck's own), run as processes of this machine.

    ``cache_dir`` holds templates and may be shared by installations; ``run_dir`` holds what runs (None: memory, where
    there is room); ``installation_id`` is in the name of everything that runs.
    """
    made_of = known_recipes(()).own if recipes is None else recipes
    return ProcessEnvironments(made_of, cache_dir=cache_dir, run_dir=run_dir, installation_id=installation_id)
