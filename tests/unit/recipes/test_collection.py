"""Where recipes are found, and what a broken one does to the others."""

from pathlib import Path

from rolldeck.environments.recipes.file.collection import collect

RECIPE = "name: {name}\ntitle: One\nservices: {{web: {{command: serve, port: 80}}}}\n"


def add(directory: Path, name: str, content: str = RECIPE) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "recipe.yaml"
    file.write_text(content.format(name=name))
    return file


def test_files_directories_and_directories_of_directories_are_looked_into_once(tmp_path: Path) -> None:
    add(tmp_path / "many" / "a", "a")
    add(tmp_path / "many" / "b", "b")
    single = add(tmp_path / "single", "c")
    found = collect([tmp_path / "many", single, tmp_path / "single"])
    assert [recipe.name for recipe in found.recipes] == ["a", "b", "c"]
    assert found.broken == ()


def test_a_broken_recipe_is_told_and_hides_no_other(tmp_path: Path) -> None:
    broken = add(tmp_path / "a", "a", "name: [")
    add(tmp_path / "b", "b")
    found = collect([tmp_path, tmp_path / "nowhere"])
    assert [recipe.name for recipe in found.recipes] == ["b"]
    assert [one.file for one in found.broken] == [broken, tmp_path / "nowhere"]
    assert "is not YAML" in str(found.broken[0].error)
    assert "No such file" in str(found.broken[1].error)


def test_a_directory_without_a_recipe_is_told(tmp_path: Path) -> None:
    [broken] = collect([tmp_path]).broken
    assert broken.file == tmp_path / "recipe.yaml"


def test_two_recipes_of_one_name_and_those_of_rolldecks_own_names_are_broken(tmp_path: Path) -> None:
    first = add(tmp_path / "a", "wiki")
    add(tmp_path / "b", "wiki")
    add(tmp_path / "c", "superset")
    found = collect([tmp_path], taken={"superset"})
    assert [recipe.file for recipe in found.recipes] == [first]
    assert [str(one.error.problems[0].message).split(":")[0] for one in found.broken] == [
        f"'wiki' is the name of another recipe, {first}",
        "'superset' is the name of one of Rolldeck's own environments",
    ]
