"""Superset's recipe for the tests' engine: no registry of packages is reached from its containers."""

import dataclasses
from pathlib import Path

from docker_engine.engine import DockerEngine
from rolldeck.environments.composition import SeedFile, Service
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.superset import SupersetContainers, superset
from rolldeck.environments.runtimes.process.accounts import service_account
from rolldeck.environments.runtimes.process.build import template_of
from rolldeck.settings import Settings

_MORE = Path(__file__).parent / "packages" / "async_timeout.py"


def superset_in(engine: DockerEngine) -> Recipe:
    """Return the recipe with the packages of the process runtime's template, which must be built."""
    stage = template_of(superset(shop), service_account()).environment
    [packages] = (Settings().cache_dir / "templates" / stage.directory_name / "lib").glob("python3*/site-packages")
    recipe = superset(shop, SupersetContainers(engine.base, engine.postgres, packages))
    assert recipe.composition is not None
    services = tuple(_with_more(service) for service in recipe.composition.services)
    return dataclasses.replace(recipe, composition=dataclasses.replace(recipe.composition, services=services))


def _with_more(service: Service) -> Service:
    if service.name != "superset":
        return service
    more = SeedFile(_MORE, f"packages/{_MORE.name}")
    return dataclasses.replace(service, seeds=(*service.seeds, more))
