"""A real PostgreSQL for Metabase's double."""

import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from rolldeck.environments.runtimes.places import default_run_dir
from rolldeck.environments.runtimes.process import postgres
from rolldeck.environments.runtimes.process.accounts import service_account
from rolldeck.environments.runtimes.process.build import temporary_cluster
from rolldeck.environments.runtimes.process.postgres import Cluster
from rolldeck.environments.runtimes.process.session import Session

sys.path.insert(0, str(Path(__file__).parent))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    """An empty PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-", dir=default_run_dir()) as directory:
        Path(directory).chmod(0o755)
        session = Session.create(Path(directory), "tests")
        try:
            async with temporary_cluster(session, postgres.binaries(), None, service_account()) as cluster:
                yield cluster
        finally:
            await session.close()
