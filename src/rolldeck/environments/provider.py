"""Where recipes and runtimes meet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rolldeck.domain.errors import InvalidInput
from rolldeck.environments.port import Environments
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.file.collection import BrokenRecipe, collect
from rolldeck.environments.recipes.metabase import MetabaseSource, metabase
from rolldeck.environments.recipes.superset import superset
from rolldeck.environments.routing import Route, RoutedEnvironments
from rolldeck.environments.runtimes.docker.environments import RELAY_IMAGE, DockerEnvironments
from rolldeck.environments.runtimes.docker.template import obstacles_in_docker
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments, obstacles_of


@dataclass(frozen=True)
class KnownRecipes:
    """The recipes that can be run here, Rolldeck's own and a user's; and files of the user's that say none."""

    own: tuple[Recipe, ...]
    users: tuple[Recipe, ...] = ()
    broken: tuple[BrokenRecipe, ...] = ()
    on_demand: frozenset[str] = frozenset()
    """Names of those that nobody has asked for: a server does not pull and build them when it starts."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Where the user's are written, by name."""

    @property
    def all(self) -> tuple[Recipe, ...]:
        """What can be run."""
        return (*self.own, *self.users)


Choice = Literal["auto", "process", "docker"]
"""Where environments run; ``auto``: as processes where a recipe can be run so, else in Docker."""


_OVER_THE_SHOP = MetabaseSource(shop)


def known_recipes(
    paths: Sequence[Path], choice: Choice = "auto", source: MetabaseSource = _OVER_THE_SHOP
) -> KnownRecipes:
    """Return Rolldeck's own recipes and those of files and directories, as far as they can be run where it is chosen.

    ``source`` is what Metabase is made of. Raises nothing: see ``KnownRecipes.broken``.
    """
    own = (superset(shop), metabase(source))
    found = collect(paths, taken={recipe.name for recipe in own})
    users: list[Recipe] = []
    broken = [*found.broken, *_missing_dumps(source)]
    for one in found.recipes:
        recipe = Recipe(one.name, one.title, composition=one.composition)
        if obstacles := _obstacles(recipe, choice):
            broken.append(BrokenRecipe(one.file, InvalidInput(f"{one.file}: {one.name} {obstacles}")))
        else:
            users.append(recipe)
    without = {own[1].name} if any(_missing_dumps(source)) else set()
    usable = tuple(one for one in own if one.name not in without and not _obstacles(one, choice))
    on_demand = frozenset() if source.dumps else frozenset({own[1].name})
    files = {one.name: one.file for one in found.recipes}
    return KnownRecipes(usable, tuple(users), tuple(broken), on_demand, files)


def _missing_dumps(source: MetabaseSource) -> Iterator[BrokenRecipe]:
    """Give the dumps that Metabase is to be made of and that are not there."""
    for setting, file in source.dumps.items():
        if not file.is_file():
            error = InvalidInput(f"the environment metabase cannot be used: there is no file {file}")
            yield BrokenRecipe(file, error, remedy=f"see {setting}")


def environments_for(
    recipes: Sequence[Recipe],
    choice: Choice,
    *,
    cache_dir: Path,
    run_dir: Path | None,
    installation_id: str,
    relay_image: str = RELAY_IMAGE,
) -> Environments:
    """Return the environments of recipes that can be run where it is chosen; see ``known_recipes``.

    ``cache_dir`` holds templates and may be shared by installations; ``run_dir`` holds what runs (None: memory, where
    there is room); ``installation_id`` is in the name of everything that runs; ``relay_image``: see the Docker runtime.
    """
    # Each knows all that it can run, so that it keeps the templates of what is run elsewhere now.
    processes = ProcessEnvironments(
        [recipe for recipe in recipes if not obstacles_of(recipe)],
        cache_dir=cache_dir,
        run_dir=run_dir,
        installation_id=installation_id,
    )
    containers = DockerEnvironments(
        [recipe for recipe in recipes if not obstacles_in_docker(recipe)],
        cache_dir=cache_dir,
        run_dir=run_dir,
        installation_id=installation_id,
        relay_image=relay_image,
    )
    names = frozenset(recipe.name for recipe in recipes if is_for_docker(recipe, choice))
    others = frozenset(recipe.name for recipe in recipes) - names
    return RoutedEnvironments([Route(others, processes), Route(names, containers)])


def process_environments(
    *, cache_dir: Path, run_dir: Path | None, installation_id: str, recipes: Sequence[Recipe] | None = None
) -> ProcessEnvironments:
    """Return the environments of recipes (default: Rolldeck's own), run as processes of this machine.

    ``cache_dir`` holds templates and may be shared by installations; ``run_dir`` holds what runs (None: memory, where
    there is room); ``installation_id`` is in the name of everything that runs.
    """
    made_of = known_recipes((), "process").own if recipes is None else recipes
    return ProcessEnvironments(made_of, cache_dir=cache_dir, run_dir=run_dir, installation_id=installation_id)


def is_for_docker(recipe: Recipe, choice: Choice) -> bool:
    """Return whether a recipe's environments run in Docker."""
    return choice == "docker" or (choice == "auto" and bool(obstacles_of(recipe)))


def _obstacles(recipe: Recipe, choice: Choice) -> str | None:
    """Say why a recipe cannot be run where it is chosen."""
    in_processes, in_docker = obstacles_of(recipe), obstacles_in_docker(recipe)
    if choice == "process" and in_processes:
        return f"needs Docker: {'; '.join(in_processes)} (ROLLDECK_RUNTIME=process)"
    if choice == "docker" and in_docker:
        return f"cannot be run in Docker: {'; '.join(in_docker)} (ROLLDECK_RUNTIME=docker)"
    if choice == "auto" and in_processes and in_docker:
        return f"can be run neither in Docker nor without it: {'; '.join((*in_docker, *in_processes))}"
    return None
