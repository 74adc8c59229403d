"""The small recipe's template, and environments of it, for the tests of this folder."""

import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from rolldeck.environments.runtimes.places import default_run_dir
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "environments"))

from small_recipe import small


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-", dir=default_run_dir()) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cache(scratch: Path) -> Path:
    """A cache that holds the small recipe's template."""
    building = ProcessEnvironments(
        [small()], cache_dir=scratch / "cache", run_dir=scratch / "building", installation_id="tests"
    )
    await building.build("small", lambda _: None)
    return scratch / "cache"


Open = Callable[[str], Awaitable[ProcessEnvironments]]


@pytest_asyncio.fixture(loop_scope="module")
async def opened(cache: Path, scratch: Path) -> AsyncIterator[Open]:
    """Start environments of an installation whose run directory has its name; close them at the end."""
    started = []

    async def start(installation_id: str) -> ProcessEnvironments:
        environments = ProcessEnvironments(
            [small()], cache_dir=cache, run_dir=scratch / installation_id, installation_id=installation_id
        )
        started.append(environments)
        await environments.start()
        return environments

    yield start
    for environments in started:
        await environments.close()
