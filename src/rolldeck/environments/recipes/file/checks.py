"""What must be right between the fields of a recipe file, each of which is right alone."""

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from rolldeck.environments.placeholders import problems_of
from rolldeck.environments.recipes.file.model import RecipePart, ServicePart
from rolldeck.environments.recipes.file.yaml_text import Path


class Fault(NamedTuple):
    """What is wrong, and the path of the field that it is about."""

    path: Path
    message: str


def faults_of(recipe: RecipePart) -> Iterator[Fault]:
    """Find all of them."""
    if not recipe.services:
        yield Fault((), "has no services: name them, or a docker-compose.yml with `compose`")
        return
    yield from _faults_of_web(recipe)
    yield from _faults_of_needs(recipe)
    yield from _faults_of_databases(recipe)
    ports = [name for name, service in recipe.services.items() if service.port is not None]
    for name, service in recipe.services.items():
        for path, text in _texts_of(service):
            for problem in problems_of(text, ports=ports, of_service=name):
                yield Fault(("services", name, *path), problem)
    if recipe.login is not None and recipe.login.form is not None:
        for field, text in recipe.login.form.fields.items():
            for problem in problems_of(text, ports=ports, of_service=None):
                yield Fault(("login", "form", "fields", field), problem)


def web_of(recipe: RecipePart) -> str | None:
    """Return the service that a browser opens: the named one, else the only one."""
    if recipe.web is None and len(recipe.services) == 1:
        return next(iter(recipe.services))
    return recipe.web


def _faults_of_web(recipe: RecipePart) -> Iterator[Fault]:
    web = web_of(recipe)
    if web is None:
        yield Fault(("web",), f"is missing: which of {_names(recipe.services)} does a browser open?")
    elif web not in recipe.services:
        yield Fault(("web",), f"there is no service {web!r}; there are: {_names(recipe.services)}")
    elif recipe.services[web].port is None:
        yield Fault(("services", web, "port"), "is missing: a browser opens this service")


def _faults_of_needs(recipe: RecipePart) -> Iterator[Fault]:
    for name, service in recipe.services.items():
        for index, needed in enumerate(service.needs):
            if needed not in recipe.services:
                message = f"there is no service {needed!r}; there are: {_names(recipe.services)}"
                yield Fault(("services", name, "needs", index), message)
    try:
        TopologicalSorter({name: service.needs for name, service in recipe.services.items()}).prepare()
    except CycleError as error:
        circle = error.args[1]
        yield Fault(("services", circle[0], "needs"), f"services wait for each other: {' → '.join(circle)}")


def _faults_of_databases(recipe: RecipePart) -> Iterator[Fault]:
    for name, service in recipe.services.items():
        for index, database in enumerate(service.sql):
            yield from _faults_of_role(database.owner, service, ("services", name, "sql", index, "owner"))
        if service.postgres is not None and service.port is None:
            yield Fault(("services", name, "port"), "is missing: PostgreSQL is reached at it")
        if service.health.path is not None and service.port is None:
            yield Fault(("services", name, "port"), "is missing: its health path is asked at it")
    for name, source in recipe.databases.items():
        if source.service not in recipe.services:
            message = f"there is no service {source.service!r}; there are: {_names(recipe.services)}"
            yield Fault(("databases", name, "service"), message)
        elif source.role is not None:
            yield from _faults_of_role(source.role, recipe.services[source.service], ("databases", name, "role"))


def _faults_of_role(role: str, service: ServicePart, path: Path) -> Iterator[Fault]:
    if service.postgres is None:
        yield Fault(path, "is a role of a service that does not say that it is a PostgreSQL: `postgres: {roles: …}`")
    elif role not in service.postgres.roles:
        yield Fault(path, f"there is no role {role!r}; there are: {_names(service.postgres.roles)}")


def _texts_of(service: ServicePart) -> Iterator[tuple[Path, str]]:
    for index, command in enumerate(service.install):
        yield from (((("install", index)), word) for word in command)
    yield from ((("command",), word) for word in service.command or ())
    yield from ((("health", "command"), word) for word in service.health.command or ())
    yield from ((("environment", name), text) for name, text in service.environment.items())


def _names(services: Iterable[str]) -> str:
    return ", ".join(services)
