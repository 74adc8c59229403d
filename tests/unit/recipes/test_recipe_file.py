"""Recipe files: what they say, and every reason why one says nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import (
    Composition,
    ContainerImage,
    CookieLogin,
    EmptyDatabase,
    FilesSource,
    FormLogin,
    HealthCheck,
    ImageBuild,
    PostgresRoles,
    PostgresSource,
    SeedFile,
    Service,
    ServiceLimits,
    SqlDump,
    SqliteSource,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolldeck.environments.recipes.file.reading import FileRecipe

    from .conftest import ProblemsOf

SMALLEST = """
name: wiki
title: A wiki
services:
  web:
    command: serve --port ${port}
    port: 8080
"""
LARGEST = """
name: notes
title: Notes on PostgreSQL
web: app
services:
  app:
    build: {context: app, dockerfile: Other, arguments: {VERSION: 3}}
    install:
      - npm install --prefix ${directory}
      - [sh, -c, "echo done"]
    command: [node, server.js, "--port=${port}"]
    environment: {DATABASE_URL: "postgres://app:${secret.app}@${service.db.host}:${service.db.port}/notes", DEBUG: 0}
    seeds: [{from: app/seed, to: data}]
    state: [data, /var/lib/app]
    port: 3000
    health: {path: /health, seconds: 30}
    needs: [db]
    limits: {memory_mb: 512, cpus: 0.5, processes: 64}
    user: node
  db:
    image: postgres:16
    postgres: {roles: {app: app, reader: reading}}
    sql: [{from: notes.sql, database: notes, owner: app}, {database: cache, owner: app}]
    port: 5432
    health: {command: pg_isready -q}
start_path: /notes
login:
  form: {path: /login, fields: {user: ada, password: "${secret.ada}"}}
databases:
  data: {service: db, database: notes, role: reader}
  own: {service: app, sqlite: data/app.db}
  uploads: {service: app, files: data/uploads}
instruction: You are Ada.
pages: [/notes, /about]
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "app" / "seed").mkdir(parents=True)
    (tmp_path / "notes.sql").touch()
    return tmp_path


def test_the_smallest_recipe_is_a_service_that_a_browser_opens(read: "Callable[[str], FileRecipe]") -> None:
    recipe = read(SMALLEST)
    assert (recipe.name, recipe.title) == ("wiki", "A wiki")
    service = Service("web", command=("serve", "--port", "${port}"), port=8080)
    assert recipe.composition == Composition((service,), web="web")


def test_every_field_has_its_meaning(read: "Callable[[str], FileRecipe]", files: Path) -> None:
    composition = read(LARGEST).composition
    app, database = composition.services
    assert app == Service(
        name="app",
        origin=ImageBuild(files / "app", "Other", {"VERSION": "3"}),
        install=(("npm", "install", "--prefix", "${directory}"), ("sh", "-c", "echo done")),
        command=("node", "server.js", "--port=${port}"),
        environment={
            "DATABASE_URL": "postgres://app:${secret.app}@${service.db.host}:${service.db.port}/notes",
            "DEBUG": "0",
        },
        seeds=(SeedFile(files / "app" / "seed", "data"),),
        state=("data", "/var/lib/app"),
        port=3000,
        health=HealthCheck(path="/health", deadline_seconds=30),
        needs=("db",),
        limits=ServiceLimits(512, 0.5, 64),
        user="node",
    )
    assert database == Service(
        name="db",
        origin=ContainerImage("postgres:16"),
        seeds=(SqlDump(files / "notes.sql", "notes", "app"), EmptyDatabase("cache", "app")),
        postgres=PostgresRoles({"app": "app", "reader": "reading"}),
        port=5432,
        health=HealthCheck(command=("pg_isready", "-q")),
    )
    assert (composition.web, composition.start_path, composition.pages) == ("app", "/notes", ("/notes", "/about"))
    assert composition.login == FormLogin("/login", {"user": "ada", "password": "${secret.ada}"})
    assert composition.databases == {
        "data": PostgresSource("db", "notes", "reader"),
        "own": SqliteSource("app", "data/app.db"),
        "uploads": FilesSource("app", "data/uploads"),
    }
    assert composition.instruction == "You are Ada."


def test_cookies_can_be_known_beforehand(read: "Callable[[str], FileRecipe]") -> None:
    login = read(SMALLEST + "login: {cookies: [{name: session, value: abc}]}").composition.login
    assert login == CookieLogin((Cookie("session", "abc"),))


BROKEN = """name: Wiki
title: 5
services:
  web:
    imge: x
    port: 80a
    command: "serve 'it"
    seeds:
      - {from: ../secrets, to: ../x}
    health: {path: //elsewhere, seconds: 0}
    environment: {A B: 1, C: 1.5}
  db:
    image: x
    build: .
login: {form: {path: /login, fields: {}}}
databases:
  Data: {service: db}
pages: []
webb: x
"""
PROBLEMS = [
    "1:1: field 'name': should be lower case letters",
    "2:1: field 'title': should be a valid string",
    "5:5: field 'services.web.imge': is not a known field; did you mean 'image'?",
    "6:5: field 'services.web.port': should be a valid integer",
    "7:5: field 'services.web.command': is no command: no closing quotation",
    "9:10: field 'services.web.seeds.0.from': should be a path in the recipe's own directory",
    "9:28: field 'services.web.seeds.0.to': should be a path in the service without ..",
    "10:14: field 'services.web.health.path': should be a path of the application",
    "10:33: field 'services.web.health.seconds': should be greater than 0",
    "11:19: field 'services.web.environment.A B': should be the name of an environment variable",
    "11:27: field 'services.web.environment.C': should be a valid string",
    "12:3: field 'services.db': has an image and a build: choose one",
    "15:30: field 'login.form.fields': should not be empty",
    "17:3: field 'databases.Data': should be lower case letters",
    "17:3: field 'databases.Data': needs either database and role, or sqlite, or files",
    "18:1: field 'pages': should not be empty",
    "19:1: field 'webb': is not a known field; did you mean 'web'?",
]


def test_every_problem_is_told_at_once_with_its_field_line_and_column(
    problems_of: "ProblemsOf", tmp_path: Path
) -> None:
    found = [str(problem).removeprefix(f"{tmp_path / 'recipe.yaml'}:") for problem in problems_of(BROKEN)]
    assert [one[: len(wanted)] for one, wanted in zip(found, PROBLEMS, strict=True)] == PROBLEMS


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ((" --port ${port}\n    port: 8080\n", "\n"), "services.web.port", "is missing"),
        (("title: A wiki\n", ""), "title", "is missing"),
        (("    command: serve --port ${port}\n", ""), "services.web", "needs one of image, build, command"),
        (("serve --port ${port}", "serve ${service.db.host}"), "services.web.command", "no service 'db'"),
        (("serve --port ${port}", "serve ${PORT}"), "services.web.command", "none of"),
        (("    port", "    needs: [db]\n    port"), "services.web.needs.0", "there is no service 'db'"),
        (("    port", "    needs: [web]\n    port"), "services.web.needs", "wait for each other: web → web"),
        (("services:", "web: app\nservices:"), "web", "there is no service 'app'"),
        (("services:", "databases: {d: {service: x, sqlite: a}}\nservices:"), "databases.d.service", "no service 'x'"),
        (("    port", "    seeds: [{from: nothing, to: x}]\n    port"), "services.web.seeds.0.from", "no nothing"),
        (
            ("    port", "    sql: [{database: d, owner: o}]\n    port"),
            "services.web.sql.0.owner",
            "is a role of a service",
        ),
        (
            ("    port", "    postgres: {roles: {a: b}}\n    sql: [{database: d, owner: o}]\n    port"),
            "services.web.sql.0.owner",
            "no role 'o'; there are: a",
        ),
        (("    port", "    state: ['.']\n    port"), "services.web.state.0", "below the service's directory"),
        (
            ("services:", "login: {form: {path: /, fields: {a: '${port}'}}}\nservices:"),
            "login.form.fields.a",
            "in a service's texts only",
        ),
        (("services:", "login: {}\nservices:"), "login", "needs one of form, cookies"),
    ],
)
def test_fields_that_do_not_fit_together_are_named(
    problems_of: "ProblemsOf", change: tuple[str, str], field: str, message: str
) -> None:
    [problem] = problems_of(SMALLEST.replace(*change))
    assert (problem.field, message in problem.message) == (field, True), str(problem)
    assert problem.place is not None


def test_with_several_services_the_one_for_the_browser_is_named(problems_of: "ProblemsOf") -> None:
    [problem] = problems_of(SMALLEST + "  db: {image: postgres}\n")
    assert (problem.field, problem.message) == ("web", "is missing: which of web, db does a browser open?")


@pytest.mark.parametrize("content", ["", "- a", "just words"])
def test_a_file_of_something_else_is_told_what_it_should_be(problems_of: "ProblemsOf", content: str) -> None:
    [problem] = problems_of(content)
    assert problem.message == "should be a recipe: name, title, services"
