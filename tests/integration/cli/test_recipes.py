"""Recipe files as a person or a script meets them on the command line."""

import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Rolldeck, StartRolldeck

RECIPES = Path(__file__).parents[3] / "recipes"
BROKEN = "name: wiki\ntitle: A wiki\nservices:\n  web:\n    comand: serve\n"


@pytest.fixture
def recipes(tmp_path: Path, variables: dict[str, str]) -> Path:
    """A directory that the settings name, beside this checkout's recipes: with a broken one, and one for Docker."""
    for name, content in {
        "broken": BROKEN,
        "contained": "name: shop\ntitle: Shop\nservices: {web: {image: nginx, port: 80}}\n",
    }.items():
        (tmp_path / "recipes" / name).mkdir(parents=True)
        (tmp_path / "recipes" / name / "recipe.yaml").write_text(content)
    variables["ROLLDECK_RECIPES"] = f"{tmp_path / 'recipes'}:{RECIPES}"
    return tmp_path / "recipes"


def test_a_right_recipe_is_told_what_it_is(rolldeck: "Rolldeck") -> None:
    file = RECIPES / "tiddlywiki" / "recipe.yaml"
    done = rolldeck("env", "validate", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert "environment 'tiddlywiki' with the services wiki" in done.stderr
    report = json.loads(rolldeck("env", "validate", file, "--json").stdout)
    assert (report["ok"], report["name"], report["services"]) == (True, "tiddlywiki", ["wiki"])


def test_a_wrong_one_ends_with_2_and_its_problems_by_line(rolldeck: "Rolldeck", recipes: Path) -> None:
    file = recipes / "broken" / "recipe.yaml"
    done = rolldeck("env", "validate", file)
    assert done.returncode == 2
    assert f"{file}:5:5: field 'services.web.comand': is not a known field; did you mean 'command'?" in done.stderr
    as_json = rolldeck("env", "validate", file, "--json")
    assert as_json.returncode == 2
    report = json.loads(as_json.stdout)
    assert report["ok"] is False
    assert [(one["field"], one["line"], one["column"]) for one in report["problems"]][-1] == (
        "services.web.comand",
        5,
        5,
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_file_that_is_not_there_ends_with_2(rolldeck: "Rolldeck", tmp_path: Path, options: tuple[str, ...]) -> None:
    done = rolldeck("env", "validate", tmp_path / "nothing.yaml", *options)
    assert done.returncode == 2
    assert "cannot be read: No such file" in done.stdout + done.stderr


def test_recipes_of_the_settings_are_listed_and_broken_ones_told(rolldeck: "Rolldeck", recipes: Path) -> None:
    done = rolldeck("env", "list")
    assert done.returncode == 0
    assert "tiddlywiki" in done.stdout
    assert f"{recipes}/broken/recipe.yaml:5:5: field 'services.web.comand'" in done.stderr
    document = json.loads(rolldeck("env", "list", "--json").stdout)
    assert {one["name"] for one in document["environments"]} >= {"superset", "tiddlywiki"}
    assert document["broken_recipes"][0]["file"] == f"{recipes}/broken/recipe.yaml"


@pytest.mark.usefixtures("recipes")
def test_the_doctor_says_which_recipes_are_broken(rolldeck: "Rolldeck") -> None:
    findings = json.loads(rolldeck("doctor", "--json").stdout)["findings"]
    told = [(one["state"], one["todo"].split("/")[-2]) for one in findings if one["name"] == "recipe"]
    assert ("warn", "broken") in told
    assert "environment tiddlywiki" in {one["name"] for one in findings}


def test_a_server_starts_although_recipes_are_broken_or_cannot_be_built(
    start_rolldeck: "StartRolldeck", recipes: Path, variables: dict[str, str]
) -> None:
    failing = recipes / "failing" / "recipe.yaml"
    failing.parent.mkdir()
    failing.write_text(
        "name: failing\ntitle: F\nservices: {web: {command: 'x ${port}', install: ['false'], port: 1}}\n"
    )
    variables["ROLLDECK_RECIPES"] = str(recipes)
    server = start_rolldeck("serve", "--workers", "0", "--port", "0", "--json")
    assert server.stdout is not None
    address = json.loads(server.stdout.readline())["address"]
    with urllib.request.urlopen(f"{address}/api/environments", timeout=30) as answer:
        environments = {one["name"]: one["built"] for one in json.load(answer)}
    assert (environments["superset"], environments["failing"]) == (True, False)
    server.terminate()
    said = server.communicate(timeout=30)[1]
    assert "field 'services.web.comand'" in said
    assert "Rollouts in failing will fail: the template of failing could not be built" in said


@pytest.mark.usefixtures("recipes")
def test_tasks_name_a_recipe_and_run_in_it(rolldeck: "Rolldeck") -> None:
    tasks = RECIPES / "tiddlywiki" / "tasks.json"
    done = rolldeck("run", tasks, "--agent", "oracle", "--task", "longest-plot", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["success"] for one in json.loads(done.stdout)["rollouts"]] == [True]


def test_an_environment_that_nobody_knows_is_refused_with_where_it_could_come_from(rolldeck: "Rolldeck") -> None:
    done = rolldeck("env", "build", "tiddlywiki")
    assert done.returncode == 2
    assert "ROLLDECK_RECIPES" in done.stderr
