"""Stands for any application in containers: a PostgreSQL with some fruit, and a page with notes of its own."""

from pathlib import Path

from small_recipe import Fruit

from rolldeck.environments.composition import (
    Composition,
    ContainerImage,
    FormLogin,
    HealthCheck,
    PostgresRoles,
    PostgresSource,
    SeedFile,
    Service,
    ServiceLimits,
    SqliteSource,
    Tables,
)
from rolldeck.environments.recipe import Recipe

_HERE = Path(__file__).parent


def database(image: str) -> Service:
    return Service(
        name="postgres",
        short_name="pg",
        origin=ContainerImage(image),
        command=("postgres", "-c", "fsync=off"),
        environment={"POSTGRES_PASSWORD": "${secret.postgres}", "PGDATA": "/var/lib/postgresql/rolldeck"},
        seeds=(Tables(Fruit(), database="fruit", owner="gardener"),),
        port=5432,
        limits=ServiceLimits(memory_mb=256, cpus=2, processes=64),
        postgres=PostgresRoles({"gardener": "gardener", "reader": "reader"}),
    )


def page(image: str, **changes: object) -> Service:
    described = {
        "name": "web",
        "origin": ContainerImage(image),
        "command": ("python3", "${directory}/server.py", "${port}"),
        "environment": {
            "PASSWORD": "${secret.visitor}",
            "DATABASE": "${service.postgres.host}:${service.postgres.port}",
        },
        "seeds": (SeedFile(_HERE / "server.py", "server.py"),),
        "state": ("notes.sqlite",),
        "port": 3000,
        "health": HealthCheck("/health", deadline_seconds=30),
        "needs": ("postgres",),
        "limits": ServiceLimits(memory_mb=128, cpus=1, processes=64),
        "user": "65534",
    }
    return Service(**{**described, **changes})


def small_containers(base: str, postgres: str, **changes: object) -> Recipe:
    """Return the recipe; ``changes`` are of the page's service."""
    return Recipe(
        name="small",
        title="a small application of two services",
        composition=Composition(
            services=(database(postgres), page(base, **changes)),
            web="web",
            login=FormLogin("/login", {"name": "visitor", "password": "${secret.visitor}"}),
            databases={
                "data": PostgresSource("postgres", "fruit", "reader"),
                "notes": SqliteSource("web", "notes.sqlite"),
            },
        ),
    )
