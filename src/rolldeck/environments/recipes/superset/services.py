"""Superset as services in containers: from the same application, configuration, pins and data as the forked one."""

from dataclasses import dataclass
from pathlib import Path

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
    TableData,
    Tables,
)

_HERE = Path(__file__).parent
_DATA = "shop"
_OWNER, _READER = "owner", "reader"


@dataclass(frozen=True)
class SupersetContainers:
    """The images that the services start from. ``packages``: Superset's packages are there already, as a directory."""

    python: str = "python:3.11-slim"
    postgres: str = "postgres:16"
    packages: Path | None = None


def services_of(data: TableData, containers: SupersetContainers) -> Composition:
    """Return the services over this data."""
    return Composition(
        services=(_postgres(data, containers), _superset(containers)),
        web="superset",
        login=FormLogin("/rolldeck/login", {"token": "${secret.login}"}, as_json=True),
        databases={
            "data": PostgresSource("postgres", _DATA, _READER),
            "metadata": SqliteSource("superset", "metadata.sqlite"),
        },
        pages=("/superset/welcome/", "/chart/list/", "/sqllab/", "/api/v1/dataset/1"),
    )


def _postgres(data: TableData, containers: SupersetContainers) -> Service:
    return Service(
        name="postgres",
        short_name="pg",
        origin=ContainerImage(containers.postgres),
        # What is lost with the machine was scratch.
        command=("postgres", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
        environment={"POSTGRES_PASSWORD": "${secret.postgres}", "PGDATA": "/var/lib/postgresql/rolldeck"},
        seeds=(Tables(data, _DATA, owner=_OWNER),),
        state=("/var/lib/postgresql/rolldeck",),
        port=5432,
        limits=ServiceLimits(memory_mb=512, cpus=2, processes=128),
        postgres=PostgresRoles({_OWNER: _OWNER, _READER: _READER}),
    )


def _superset(containers: SupersetContainers) -> Service:
    files = ("application.py", "configuration.py", "container.py", "requirements.lock")
    packages = () if containers.packages is None else (SeedFile(containers.packages, "packages"),)
    install = ("pip", "install", "--no-cache-dir", "--require-hashes", "--target", "${directory}/packages")
    return Service(
        name="superset",
        origin=ContainerImage(containers.python),
        install=() if packages else ((*install, "-r", "${directory}/requirements.lock"),),
        command=("python3", "${directory}/container.py", "${directory}", "${port}"),
        environment={
            "PYTHONPATH": "${directory}/packages",
            "HOME": "${directory}",
            "DATA_NAME": _DATA,
            "DATA_HOST": "${service.postgres.host}",
            "DATA_PORT": "${service.postgres.port}",
            "DATA_USER": _READER,
            "DATA_PASSWORD": f"${{secret.{_READER}}}",
            "SESSION_SECRET": "${secret.session}",
            "LOGIN_TOKEN": "${secret.login}",
        },
        seeds=(*(SeedFile(_HERE / name, name) for name in files), *packages),
        state=("metadata.sqlite",),
        port=8088,
        health=HealthCheck(
            "/health", deadline_seconds=600, interval_seconds=0.1
        ),  # its first start builds its metadata
        needs=("postgres",),
        limits=ServiceLimits(memory_mb=1024, cpus=2, processes=256),
        user="65534",
    )
