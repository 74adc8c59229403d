"""What an engine has of what recipes need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolldeck.environments.composition import ContainerImage
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.docker.engine import Engine
from rolldeck.environments.runtimes.docker.images import Images

_MB = 1 << 20


@dataclass(frozen=True)
class Inventory:
    """The engine, its memory, the images that recipes start from, and the most that one environment of each may use."""

    version: str
    api_version: str
    memory_bytes: int
    present: Sequence[str]
    missing: Sequence[str]
    needs: Mapping[str, int]


async def take_inventory(recipes: Sequence[Recipe], relay_image: str, engine_url: str | None = None) -> Inventory:
    """Ask the engine. Raises ``EnvironmentFailure`` where it does not answer."""
    engine = Engine(engine_url)
    try:
        version = await engine.ping()
        async with engine.asking("say what it is") as docker:
            information = await docker.system.info()
        wanted = sorted({relay_image, *_images_of(recipes)})
        there = {reference: await Images(engine).inspect(reference) is not None for reference in wanted}
    finally:
        await engine.close()
    return Inventory(
        version=str(version["Version"]),
        api_version=str(version["ApiVersion"]),
        memory_bytes=int(information["MemTotal"]),
        present=[reference for reference in wanted if there[reference]],
        missing=[reference for reference in wanted if not there[reference]],
        needs={recipe.name: _memory_of(recipe) for recipe in recipes},
    )


def _images_of(recipes: Sequence[Recipe]) -> set[str]:
    services = (service for one in recipes if one.composition is not None for service in one.composition.services)
    return {service.origin.reference for service in services if isinstance(service.origin, ContainerImage)}


def _memory_of(recipe: Recipe) -> int:
    services = () if recipe.composition is None else recipe.composition.services
    return sum(service.limits.memory_mb for service in services) * _MB
