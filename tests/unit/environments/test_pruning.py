"""What is kept of templates that no recipe names any more."""

import asyncio
import subprocess
import sys
from pathlib import Path

from rolldeck.environments.pruning import Superfluous
from rolldeck.environments.recipes.superset import superset
from rolldeck.environments.runtimes.process.accounts import service_account
from rolldeck.environments.runtimes.process.build import template_of
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments


class Nothing:
    """Stands for a recipe's data, which is not written here."""

    def write(self, directory: Path) -> None:
        raise NotImplementedError

    def content_hash(self) -> str:
        return "nothing"


def a_cache(directory: Path) -> ProcessEnvironments:
    """A cache with one stage that the recipe has, and one that it had before."""
    needed = template_of(superset(Nothing()), service_account()).cluster
    for name in (needed.directory_name, "cluster-0123456789abcdef"):
        (directory / "templates" / name).mkdir(parents=True)
        (directory / "templates" / name / "bin").write_text("")
        (directory / "templates" / f"{name}.size").write_text("7")
    return ProcessEnvironments([superset(Nothing())], cache_dir=directory, run_dir=directory, installation_id="tests")


async def test_stages_that_no_recipe_has_are_found_and_removed(tmp_path: Path) -> None:
    environments = a_cache(tmp_path)
    [old] = await environments.superfluous()
    assert old == Superfluous("process", "cluster-0123456789abcdef", 7, in_use=False)
    assert await environments.prune([old]) == [old]
    assert await environments.superfluous() == []
    left = {path.suffix for path in (tmp_path / "templates").iterdir()}
    assert len(list((tmp_path / "templates").iterdir())) == 2, left


async def test_what_is_not_asked_for_stays(tmp_path: Path) -> None:
    environments = a_cache(tmp_path)
    needed = Superfluous(
        "process", template_of(superset(Nothing()), service_account()).cluster.directory_name, 7, False
    )
    assert await environments.prune([needed]) == []
    assert await environments.prune([]) == []
    assert len(await environments.superfluous()) == 1


async def test_while_something_runs_from_the_cache_nothing_of_it_is_removed(tmp_path: Path) -> None:
    environments = a_cache(tmp_path)
    program = "import sys; sys.stdin.read()"
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, f"{tmp_path}/templates/python-1/bin/python", stdin=subprocess.PIPE
    )
    [old] = await environments.superfluous()
    assert old.in_use
    assert await environments.prune([old]) == []
    await running.communicate(b"")
    [old] = await environments.superfluous()
    assert not old.in_use
