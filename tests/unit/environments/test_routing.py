"""Several runtimes as one, and which recipe is for which."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput
from rolldeck.domain.worker import PoolReport
from rolldeck.environments.port import TemplateInfo
from rolldeck.environments.provider import environments_for, known_recipes
from rolldeck.environments.recipes.metabase import MetabaseSource
from rolldeck.environments.routing import Route, RoutedEnvironments

RECIPE = """
name: {name}
title: An application
services:
  web:
    {origin}
    port: 8080
"""


class Runtime:
    """Stands for a runtime: it tells what it was asked."""

    def __init__(self, *names: str, blocked: str | None = None) -> None:
        self.names = names
        self.blocked = blocked
        self.asked: list[object] = []
        self.leftovers: int | EnvironmentFailure = 1

    async def templates(self) -> Sequence[TemplateInfo]:
        return [TemplateInfo(name, name, "a runtime", "hash", True, 1) for name in self.names]

    async def build(self, name: str, on_progress: object) -> None:
        self.asked.append(("build", name))

    async def provision(self, name: str, rollout_id: str) -> None:
        self.asked.append(("provision", name))

    def expect(self, demand: Mapping[str, int]) -> None:
        self.asked.append(dict(demand))

    def report(self) -> PoolReport:
        return PoolReport(ready=1, hits=2, misses=3, discarded=4)

    async def reap(self) -> int:
        self.asked.append("reap")
        if isinstance(self.leftovers, EnvironmentFailure):
            raise self.leftovers
        return self.leftovers


def routed(*runtimes: Runtime) -> RoutedEnvironments:
    return RoutedEnvironments([Route(frozenset(runtime.names), runtime) for runtime in runtimes])


async def test_each_name_is_asked_of_its_own_runtime() -> None:
    one, other = Runtime("shop"), Runtime("wiki", "forum")
    environments = routed(one, other)
    assert [template.name for template in await environments.templates()] == ["forum", "shop", "wiki"]
    await environments.build("wiki", lambda _: None)
    await environments.provision("shop", "rollout")
    environments.expect({"shop": 2, "forum": 1})
    assert one.asked == [("provision", "shop"), {"shop": 2}]
    assert other.asked == [("build", "wiki"), {"forum": 1}]
    assert environments.report() == PoolReport(ready=2, hits=4, misses=6, discarded=8)


async def test_a_name_that_no_runtime_has_is_refused() -> None:
    environments = routed(Runtime("shop"))
    with pytest.raises(InvalidInput, match="there are: shop"):
        await environments.build("wiki", lambda _: None)
    with pytest.raises(EnvironmentFailure):
        await environments.provision("wiki", "rollout")


async def test_a_runtime_that_is_away_blocks_and_the_others_are_reaped_nevertheless() -> None:
    one, other = Runtime("shop", blocked="the engine is away"), Runtime("wiki")
    one.leftovers = EnvironmentFailure("the engine is away")
    environments = routed(one, other)
    assert environments.blocked == "the engine is away"
    with pytest.raises(EnvironmentFailure, match="away"):
        await environments.reap()
    assert other.asked == ["reap"]


async def test_a_runtime_without_a_name_is_asked_nothing() -> None:
    idle = Runtime()
    assert await routed(idle, Runtime("shop")).reap() == 1
    assert idle.asked == []


@pytest.fixture
def recipes(tmp_path: Path) -> list[Path]:
    (tmp_path / "contained.yaml").write_text(RECIPE.format(name="contained", origin="image: example/web:1"))
    (tmp_path / "plain.yaml").write_text(RECIPE.format(name="plain", origin='command: ["serve", "${port}"]'))
    return [tmp_path / "contained.yaml", tmp_path / "plain.yaml"]


@pytest.mark.parametrize(
    ("choice", "users"), [("auto", {"contained", "plain"}), ("process", {"plain"}), ("docker", {"contained"})]
)
def test_what_cannot_be_run_where_it_is_chosen_is_told_with_the_reason(
    recipes: list[Path], choice: str, users: set[str]
) -> None:
    known = known_recipes(recipes, choice)
    assert {recipe.name for recipe in known.users} == users
    assert len(known.broken) == 2 - len(users)
    assert all(f"ROLLDECK_RUNTIME={choice}" in str(one.error) for one in known.broken)


async def test_docker_is_for_what_needs_it_unless_it_is_chosen_for_all(recipes: list[Path], tmp_path: Path) -> None:
    made_of = [recipe for recipe in known_recipes(recipes).users if recipe.name == "contained"]
    environments = environments_for(
        made_of, "auto", cache_dir=tmp_path, run_dir=tmp_path, installation_id="test", relay_image="none"
    )
    assert [template.runtime for template in await environments.templates()] == ["docker"]
    await environments.close()


def test_metabase_is_built_at_a_servers_start_only_where_somebody_has_named_a_dump_for_it(tmp_path: Path) -> None:
    dump = tmp_path / "shop.sql"
    dump.touch()
    assert known_recipes([]).on_demand == {"metabase"}
    assert known_recipes([], source=MetabaseSource(dump)).on_demand == set()
