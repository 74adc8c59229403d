"""A real deck: SQLite, Superset on PostgreSQL, Chromium, the recorder, the agents, the verifier."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rolldeck.settings import Settings
from rolldeck.wiring import Deck, open_deck


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deck(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deck]:
    """A started deck on a data directory of its own, with Superset's template built."""
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")))
    async with open_deck(settings) as opened:
        await opened.adapters.environments.build("superset", lambda _: None)
        await opened.start()
        yield opened
