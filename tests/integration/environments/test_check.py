"""One environment's whole life, as ``rolldeck env check`` tells it."""

import dataclasses
from pathlib import Path

import pytest
from small_services import services

from rolldeck.environments.check import check_recipe, title_of
from rolldeck.environments.composition import FormLogin, SqliteSource
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments


async def checked(scratch: Path, recipe: Recipe) -> list[tuple[str, bool]]:
    environments = ProcessEnvironments(
        [recipe], cache_dir=scratch / "cache", run_dir=scratch / "check", installation_id="tests"
    )
    await environments.build("small", lambda _: None)
    await environments.start()
    steps = [step async for step in check_recipe(environments, recipe)]
    assert not list((scratch / "check").glob("*/rolldeck_*")), "torn down"
    await environments.close()
    assert all(step.found for step in steps)
    return [(step.name, step.ok) for step in steps]


async def test_every_step_of_a_recipe_that_works_is_ok(scratch: Path) -> None:
    assert await checked(scratch, services()) == [
        ("provision and log in", True),
        ("open /", True),
        ("read data", True),
        ("read notes", True),
        ("read files", True),
        ("is it well", True),
        ("tear down", True),
    ]


async def test_what_does_not_work_is_told_and_the_rest_is_tried(scratch: Path) -> None:
    composition = services().composition
    assert composition is not None
    databases = {"nowhere": SqliteSource("web", "data/nowhere.sqlite")}
    wrong = dataclasses.replace(composition, pages=("/", "/read"), databases=databases)
    assert await checked(scratch, Recipe("small", "Small", composition=wrong)) == [
        ("provision and log in", True),
        ("open /", True),
        ("open /read", False),
        ("read nowhere", False),
        ("is it well", True),
        ("tear down", True),
    ]


async def test_a_login_that_fails_is_the_end_of_it(scratch: Path) -> None:
    composition = services().composition
    assert composition is not None
    login = FormLogin("/login", {"user": "bob", "password": "guessed"})
    wrong = dataclasses.replace(composition, login=login)
    assert await checked(scratch, Recipe("small", "Small", composition=wrong)) == [("provision and log in", False)]


@pytest.mark.parametrize(
    ("page", "title"),
    [("<title>A &amp;\n B</title>", "A & B"), ("<TITLE lang=en>x</TITLE><title>y</title>", "x"), ("no title", "")],
)
async def test_pages_are_told_by_their_titles(page: str, title: str) -> None:
    assert title_of(page) == title
