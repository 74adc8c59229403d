"""How the runtimes are that environments run in. Starts nothing."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.docker.inventory import take_inventory
from rolldeck.environments.runtimes.places import default_run_dir


@dataclass(frozen=True)
class RuntimeState:
    """A runtime, and the names of the environments that run in it. ``away``: those cannot, and ``todo`` says what to do.

    ``memory_bytes`` is what it has for all of them together; None where that is not known.
    """

    name: Literal["process", "docker"]
    title: str
    state: Literal["ready", "away", "unused"]
    found: str
    todo: str | None
    environments: tuple[str, ...]
    memory_bytes: int | None


def process_state(recipes: Sequence[Recipe], run_dir: Path | None, memory_bytes: int) -> RuntimeState:
    """Return how this machine is. ``run_dir`` as in ``ProcessEnvironments``."""
    directory = run_dir or default_run_dir()
    free = shutil.disk_usage(next(one for one in (directory, *directory.parents) if one.exists())).free
    return RuntimeState(
        name="process",
        title="Processes of this machine",
        state="ready" if recipes else "unused",
        found=f"scratch space in {directory}, {free / 1e9:.1f} GB free",
        todo=None,
        environments=_names_of(recipes),
        memory_bytes=memory_bytes,
    )


async def docker_state(recipes: Sequence[Recipe], relay_image: str) -> RuntimeState:
    """Return how the Docker engine is."""
    names = _names_of(recipes)
    try:
        inventory = await take_inventory(recipes, relay_image)
    except EnvironmentFailure as failure:
        todo = f"needed for {', '.join(names)}: start the engine; see docs/docker.md" if names else None
        return RuntimeState("docker", "Docker", "away" if names else "unused", str(failure), todo, names, None)
    missing = f"; not pulled yet: {', '.join(inventory.missing)}" if inventory.missing else ""
    return RuntimeState(
        name="docker",
        title="Docker",
        state="ready" if names else "unused",
        found=f"engine {inventory.version} (API {inventory.api_version}){missing}",
        todo="missing images are pulled when a template is built" if inventory.missing else None,
        environments=names,
        memory_bytes=inventory.memory_bytes,
    )


def _names_of(recipes: Sequence[Recipe]) -> tuple[str, ...]:
    return tuple(sorted(recipe.name for recipe in recipes))
