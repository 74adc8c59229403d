"""Environments of the small recipe, and of Superset, for the tests of this folder and of tests/faults."""

import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from rolldeck.environments.port import BuildProgress
from rolldeck.environments.provider import process_environments
from rolldeck.environments.runtimes.places import default_run_dir
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments
from rolldeck.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))

from small_recipe import small


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-", dir=default_run_dir()) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def environments(scratch: Path) -> AsyncIterator[ProcessEnvironments]:
    """The small recipe's environments, built and started."""
    environments = ProcessEnvironments(
        [small()], cache_dir=scratch / "cache", run_dir=scratch / "run", installation_id="tests"
    )
    await environments.build("small", _ignore)
    await environments.start()
    yield environments
    await environments.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def supersets(scratch: Path) -> AsyncIterator[ProcessEnvironments]:
    """Superset's environments; the template stays in the cache that Rolldeck itself uses."""
    environments = process_environments(
        cache_dir=Settings().cache_dir, run_dir=scratch / "run", installation_id="tests"
    )
    await environments.build("superset", _ignore)
    await environments.start()
    yield environments
    await environments.close()


def _ignore(_: BuildProgress) -> None:
    pass
