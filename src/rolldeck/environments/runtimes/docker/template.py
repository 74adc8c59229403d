"""A composition's template for the Docker runtime: an image per service, known by what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rolldeck.domain.errors import TemplateError
from rolldeck.environments.composition import Composition, Service
from rolldeck.environments.fingerprint import fingerprint
from rolldeck.environments.recipe import Recipe, hash_of
from rolldeck.environments.runtimes.docker.images import template_reference

_HERE = Path(__file__).parent
_MAKERS = ("build.py", "postgres.py", "archives.py", "service_config.py")


@dataclass(frozen=True)
class DockerTemplate:
    """A recipe's services, and the key that follows from all that they are made of."""

    recipe: Recipe
    composition: Composition
    key: str

    def image_of(self, service: Service) -> str:
        """Return the name of a service's image."""
        return template_reference(self.recipe.name, service.name, self.key)

    def in_order(self) -> list[Service]:
        """Return the services so that each comes after those that it needs. Raises ``TemplateError`` for a circle."""
        ordered: dict[str, Service] = {}
        left = list(self.composition.services)
        while left:
            free = [service for service in left if set(service.needs) <= ordered.keys()]
            if not free:
                names = ", ".join(service.name for service in left)
                raise TemplateError(
                    f"services of {self.recipe.name} need each other in a circle, or one there is not: {names}"
                )
            ordered |= {service.name: service for service in free}
            left = [service for service in left if service.name not in ordered]
        return list(ordered.values())


def template_of(recipe: Recipe) -> DockerTemplate:
    """Say what the template is made of. Raises ``TemplateError`` where a file cannot be read, or it has no services."""
    composition = recipe.composition
    if composition is None:
        raise TemplateError(f"{recipe.title} has no services: the Docker runtime has no other way to run it")
    try:
        content = fingerprint(composition)
    except OSError as error:
        raise TemplateError(f"a file of {recipe.name} cannot be read: {error}") from error
    return DockerTemplate(recipe, composition, hash_of("docker", content, *(_HERE / name for name in _MAKERS)))


def obstacles_in_docker(recipe: Recipe) -> Sequence[str]:
    """Return what keeps a recipe's application from being run in containers; nothing where it can be."""
    if recipe.composition is None:
        return (f"{recipe.title} is not put together of services",)
    without = [service.name for service in recipe.composition.services if service.origin is None]
    return tuple(f"the service {name} has no image" for name in without)
