"""Recipes and what a template is made of."""

import dataclasses
import re
from pathlib import Path

from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes.superset import superset
from rolldeck.environments.runtimes.process.build import Template, template_of


class Nothing:
    """Stands for a recipe's data, which is not written here."""

    def write(self, directory: Path) -> None:
        raise NotImplementedError

    def content_hash(self) -> str:
        return "nothing"


class Other(Nothing):
    """Stands for other data."""

    def content_hash(self) -> str:
        return "other"


def test_every_package_of_superset_is_pinned_with_its_hashes_and_no_index_is_named() -> None:
    lock = superset(Nothing()).forked.requirements.read_text()
    packages = re.findall(r"^(\S+?)==\S+.*\\$", lock, re.MULTILINE)
    assert len(packages) > 100
    assert lock.count("==") >= len(packages)
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=\S+==)", lock, flags=re.MULTILINE)[1:])
    assert "://" not in lock


def test_the_lock_holds_what_was_asked_for() -> None:
    requirements = superset(Nothing()).forked.requirements
    asked = [line for line in requirements.with_suffix(".in").read_text().splitlines() if not line.startswith("#")]
    lock = requirements.read_text()
    assert all(re.search(rf"^{re.escape(line)}", lock, re.MULTILINE) for line in asked)


def test_new_data_makes_a_new_template_but_keeps_the_installed_application() -> None:
    one, other = template_of(superset(Nothing()), None), template_of(superset(Other()), None)
    assert one.environment == other.environment
    assert one.data != other.data
    assert one.cluster != other.cluster
    assert one.application != other.application


def test_a_changed_configuration_makes_a_new_template_but_keeps_data_and_packages(tmp_path: Path) -> None:
    changed = tmp_path / "configuration.py"
    changed.write_text("# changed")
    one = template_of(superset(Nothing()), None)
    other = template_of(_with(superset(Nothing()), sources=(changed,)), None)
    assert (one.environment, one.cluster) == (other.environment, other.cluster)
    assert one.application != other.application


def test_a_changed_pin_makes_everything_of_the_application_new(tmp_path: Path) -> None:
    changed = tmp_path / "requirements.lock"
    changed.write_text("apache-superset==6.2.0")
    one = template_of(superset(Nothing()), None)
    other = template_of(_with(superset(Nothing()), requirements=changed), None)
    assert one.environment != other.environment
    assert one.application != other.application
    assert one.cluster == other.cluster


def test_the_same_recipe_has_the_same_template() -> None:
    def names(template: Template) -> list[str]:
        return [stage.directory_name for stage in template.stages]

    assert names(template_of(superset(Nothing()), None)) == names(template_of(superset(Nothing()), None))


def _with(recipe: Recipe, **changes: object) -> Recipe:
    return dataclasses.replace(recipe, forked=dataclasses.replace(recipe.forked, **changes))
