"""Stands for any application of services that are run by commands: a page behind a login, and a service that it needs."""

import dataclasses
from pathlib import Path

from rolldeck.environments.composition import (
    Composition,
    ContainerImage,
    FilesSource,
    FormLogin,
    HealthCheck,
    SeedFile,
    Service,
    SqliteSource,
)
from rolldeck.environments.recipe import Recipe

_HERE = Path(__file__).parent

COUNTER = Service(
    name="counter",
    command=("python3", "-m", "http.server", "--bind", "${host}", "${port}"),
    port=8001,
)
WEB = Service(
    name="web",
    origin=ContainerImage("python:3.11-slim"),
    install=(("sh", "-c", 'echo installed > "$WHERE/installed"'),),
    command=("python3", "${directory}/program/server.py", "${host}", "${port}"),
    environment={
        "PASSWORD": "${secret.ada}",
        "WHERE": "${directory}",
        "COUNTER": "http://${service.counter.host}:${service.counter.port}/",
    },
    seeds=(SeedFile(_HERE / "server.py", "program/server.py"),),
    state=("data",),
    port=8000,
    health=HealthCheck(path="/health", deadline_seconds=30),
    needs=("counter",),
)


def services(**changes: object) -> Recipe:
    """Return the recipe; ``changes`` are of its web service."""
    web = dataclasses.replace(WEB, **changes)  # type: ignore[arg-type]
    composition = Composition(
        services=(web, COUNTER),
        web="web",
        login=FormLogin("/login", {"user": "ada", "password": "${secret.ada}"}),
        databases={
            "data": SqliteSource("web", "data/data.sqlite"),
            "notes": SqliteSource("web", "data/notes.sqlite"),
            "files": FilesSource("web", "data"),
        },
    )
    return Recipe("small", "a small application of services", composition=composition)
