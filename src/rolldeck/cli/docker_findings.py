"""What ``rolldeck doctor`` finds of the Docker engine, for the environments that run in it. Starts nothing."""

from collections.abc import Sequence

from rolldeck.diagnosis import Finding
from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.docker.inventory import Inventory, take_inventory
from rolldeck.settings import Settings
from rolldeck.wiring import recipes_in_docker

_GB = 1e9


async def examine_docker(settings: Settings) -> Sequence[Finding]:
    """Look at the engine, its images, and how many environments its memory is enough for."""
    recipes = recipes_in_docker(settings)
    if not recipes:
        return [
            Finding(name="Docker", state="ok", found="not needed: every environment runs as processes of this machine")
        ]
    try:
        inventory = await take_inventory(recipes, settings.relay_image)
    except EnvironmentFailure as failure:
        names = ", ".join(recipe.name for recipe in recipes)
        return [
            Finding(name="Docker", state="missing", found=str(failure), todo=f"needed for {names}; see docs/docker.md")
        ]
    return [_engine(inventory), _images(inventory), *_memory(inventory)]


def _engine(inventory: Inventory) -> Finding:
    found = f"{inventory.version} (API {inventory.api_version}), {inventory.memory_bytes / _GB:.1f} GB of memory"
    return Finding(name="Docker", state="ok", found=found)


def _images(inventory: Inventory) -> Finding:
    name = "images"
    if inventory.missing:
        found = f"{len(inventory.present)} present; not present: {', '.join(inventory.missing)}"
        return Finding(
            name=name, state="warn", found=found, todo="they are pulled when a template is built: rolldeck env build"
        )
    return Finding(name=name, state="ok", found=f"all present: {', '.join(inventory.present)}")


def _memory(inventory: Inventory) -> Sequence[Finding]:
    findings = []
    for recipe, need in inventory.needs.items():
        fits = inventory.memory_bytes // need
        found = f"at most {need / _GB:.1f} GB each: the engine has memory for {fits}"
        todo = None if fits else "give the engine more memory, or the recipe's services smaller limits"
        findings.append(Finding(name=f"memory for {recipe}", state="ok" if fits else "warn", found=found, todo=todo))
    return findings
