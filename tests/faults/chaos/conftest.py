"""What the faults' tests share: a seed, how much to inject, a database to hurt, and the account at the end."""

import os
import random
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.choices import Chaos, Report
from chaos.figures import Figures
from chaos.installation import Installation, opened
from chaos.postgres import OwnPostgres

DEFAULT_SEED = 20261122


@pytest.fixture
def chaos(request: pytest.FixtureRequest) -> Chaos:
    """The seed is ``CHAOS_SEED``; with ``CHAOS_FULL`` it is the whole suite, as ``make chaos`` runs it."""
    seed = int(os.environ.get("CHAOS_SEED", DEFAULT_SEED))
    return Chaos(seed, random.Random(f"{seed}/{request.node.name}"), bool(os.environ.get("CHAOS_FULL")))


@pytest.fixture
def report(record_property: Callable[[str, object], None], chaos: Chaos) -> Report:
    """Print a test's figures, keep them for the whole suite's, and fail where a target does not hold."""

    def tell(figures: Figures) -> None:
        record_property("chaos", figures.as_record())
        print(f"  seed {chaos.seed}: {figures.as_json()}")  # noqa: T201
        assert figures.failures == 0, f"targets are missed (seed {chaos.seed}): {figures.as_json()}; see above"

    return tell


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[OwnPostgres]:
    """A PostgreSQL server of the tests' own."""
    async with OwnPostgres.started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is empty yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/rolldeck.db"
    server: OwnPostgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest_asyncio.fixture
async def installation(tmp_path: Path, database_url: str) -> AsyncIterator[Installation]:
    """An installation on either database, without workers yet."""
    async with opened(tmp_path, database_url, tmp_path / "workers.log") as installation:
        yield installation


@pytest_asyncio.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation on SQLite, without workers yet."""
    async with opened(tmp_path, f"sqlite:///{tmp_path}/rolldeck.db", tmp_path / "workers.log") as installation:
        yield installation
