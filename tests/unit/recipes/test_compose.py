"""A ``docker-compose.yml`` as the services of a recipe."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rolldeck.environments.composition import (
    ContainerImage,
    HealthCheck,
    ImageBuild,
    PostgresRoles,
    SeedFile,
    Service,
    ServiceLimits,
)

if TYPE_CHECKING:
    from rolldeck.environments.recipes.file.reading import FileRecipe

    from .conftest import ProblemsOf

RECIPE = """
name: shop
title: A shop
compose: deploy/docker-compose.yml
web: web
"""
COMPOSE = """
version: "3.8"
services:
  web:
    build: {context: ../app, dockerfile: Other, args: [VERSION=3]}
    command: serve --money $$5
    environment:
      - DATABASE_URL=postgres://app:${secret.app}@${service.db.host}/shop
      - MODE=demo
    ports: ["127.0.0.1:8080:80"]
    depends_on: {db: {condition: service_healthy}}
    healthcheck: {test: "curl -f localhost", interval: 5s, retries: 3}
    volumes: ["./settings.ini:/etc/settings.ini:ro", "uploads:/srv/uploads"]
    mem_limit: 512m
    cpus: 0.5
    pids_limit: 64
    restart: always
    user: "1000"
  db:
    image: postgres:16
    expose: [5432]
    environment: {POSTGRES_DB: shop, TZ: UTC}
    healthcheck: {test: [CMD, pg_isready, -q]}
    volumes:
      - {type: volume, source: data, target: /var/lib/postgresql/data}
      - /tmp/scratch
volumes: {data: {}, uploads: {}}
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "deploy" / "settings.ini").touch()
    (tmp_path / "deploy" / "docker-compose.yml").write_text(COMPOSE)
    return tmp_path


def test_what_makes_sense_is_taken_over(read: "Callable[[str], FileRecipe]", files: Path) -> None:
    web, database = read(RECIPE).composition.services
    assert web == Service(
        name="web",
        origin=ImageBuild(files / "app", "Other", {"VERSION": "3"}),
        command=("serve", "--money", "$5"),
        environment={
            "DATABASE_URL": "postgres://app:${secret.app}@${service.db.host}/shop",
            "MODE": "demo",
        },
        seeds=(SeedFile(files / "deploy" / "settings.ini", "/etc/settings.ini"),),
        state=("/srv/uploads",),
        port=80,
        health=HealthCheck(command=("/bin/sh", "-c", "curl -f localhost")),
        needs=("db",),
        limits=ServiceLimits(537, 0.5, 64),
        user="1000",
    )
    assert database == Service(
        name="db",
        origin=ContainerImage("postgres:16"),
        environment={"POSTGRES_DB": "shop", "TZ": "UTC"},
        state=("/var/lib/postgresql/data", "/tmp/scratch"),
        port=5432,
        health=HealthCheck(command=("pg_isready", "-q")),
    )


def test_a_recipes_own_fields_come_before_those_of_the_compose_file(read: "Callable[[str], FileRecipe]") -> None:
    own = "services: {web: {health: {path: /health}, port: 81}, db: {postgres: {roles: {app: app}}}}\n"
    web, database = read(RECIPE + own).composition.services
    assert (web.health, web.port, web.user) == (HealthCheck(path="/health"), 81, "1000")
    assert (database.postgres, database.port) == (PostgresRoles({"app": "app"}), 5432)


REFUSED = [
    ("privileged: true", "privileged", "reaches out of the container"),
    ("cap_add: [SYS_ADMIN]", "cap_add", "reaches out of the container"),
    ("network_mode: host", "network_mode", "reaches out of the container"),
    ("pid: host", "pid", "reaches out of the container"),
    ("devices: [/dev/kvm]", "devices", "reaches out of the container"),
    ("security_opt: ['seccomp:unconfined']", "security_opt", "reaches out of the container"),
    (
        "volumes: ['/var/run/docker.sock:/var/run/docker.sock']",
        "volumes.0",
        "mounts /var/run/docker.sock of the machine",
    ),
    ("volumes: ['~/.ssh:/root/.ssh']", "volumes.0", "mounts ~/.ssh of the machine"),
    ("volumes: [{type: bind, source: /etc, target: /x}]", "volumes.0", "mounts /etc of the machine"),
    ("volumes: [{type: tmpfs, target: /x}]", "volumes.0", "should be SOURCE:TARGET"),
    ("env_file: .env", "env_file", "cannot be taken over"),
    ("entrypoint: sh", "entrypoint", "cannot be taken over"),
    ("deploy: {replicas: 2}", "deploy", "cannot be taken over"),
    ("environment: [HOME]", "environment.0", "HOME has no value"),
    ("environment: {A: $HOME}", "environment.A", "has a variable of compose"),
    ("ports: ['80:80', '443:443']", "ports", "should be one port"),
    ("ports: ['8000-8010:8000-8010']", "ports", "should be one port"),
    ("ports: ['53:53/udp']", "ports", "should be one port"),
    ("healthcheck: {test: [NONE]}", "healthcheck.test", "should be a text"),
    ("healthcheck: {disable: true}", "healthcheck.disable", "cannot be taken over"),
    ("mem_limit: lots", "mem_limit", "should be a size"),
    ("build: {context: ., ssh: [default]}", "build.ssh", "cannot be taken over"),
    ("nonsense: 1", "nonsense", "cannot be taken over"),
]


@pytest.mark.parametrize(("field", "path", "message"), REFUSED, ids=[field for field, _, _ in REFUSED])
def test_whatever_is_not_taken_over_is_a_problem_by_name_and_place(
    problems_of: "ProblemsOf", files: Path, field: str, path: str, message: str
) -> None:
    compose = files / "deploy" / "docker-compose.yml"
    compose.write_text(f"services:\n  web:\n    image: nginx\n    {field}\n  own: {{image: x, expose: [1]}}\n")
    problems = problems_of(RECIPE + "services: {web: {port: 80}}\n")
    found = next(problem for problem in problems if problem.field == f"services.web.{path}")
    assert message in found.message
    assert found.place is not None
    assert (found.place.file, found.place.line) == (str(compose), 4)


def test_what_a_recipe_refuses_of_a_compose_file_is_told_where_it_stands_there(
    problems_of: "ProblemsOf", files: Path
) -> None:
    compose = files / "deploy" / "docker-compose.yml"
    compose.write_text(COMPOSE.replace("./settings.ini", "../../elsewhere").replace("image: postgres:16", "image: 5"))
    found = {problem.field: problem for problem in problems_of(RECIPE)}
    assert str(found["services.web.seeds.0.from"].place) == f"{compose}:13:5"
    assert str(found["services.db.image"].place) == f"{compose}:20:5"


@pytest.mark.parametrize(
    ("compose", "field", "message"),
    [
        ("deploy/nothing.yml", "compose", "there is no"),
        ("../docker-compose.yml", "compose", "in the recipe's own directory"),
        ("deploy", "compose", "cannot be read"),
        ("[a]", "compose", "should be a valid string"),
    ],
)
def test_a_compose_file_that_is_not_there_is_a_problem_of_the_recipe(
    problems_of: "ProblemsOf", compose: str, field: str, message: str
) -> None:
    found = {problem.field: problem.message for problem in problems_of(f"name: a\ntitle: A\ncompose: {compose}\n")}
    assert message in found[field]


@pytest.mark.parametrize("content", ["", "- x", "services: [a]", "services: {a: 1}", "services: {a: {image: [}}"])
def test_a_compose_file_without_services_is_told(problems_of: "ProblemsOf", files: Path, content: str) -> None:
    compose = files / "deploy" / "docker-compose.yml"
    compose.write_text(content)
    assert str(compose) in str(problems_of(RECIPE)[0].place)
