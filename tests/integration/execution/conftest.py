"""A real deck: SQLite, Superset on PostgreSQL, Chromium, the recorder, the agents, the verifier."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from rolldeck.execution.adapters import Adapters
from rolldeck.settings import Settings
from rolldeck.wiring import Deck, Use, open_adapters, open_deck


@dataclass(frozen=True)
class Stage:
    """A deck, and all that rollouts are executed with, started."""

    deck: Deck
    adapters: Adapters


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A deck on a data directory of its own, with Superset's template built."""
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")), pool_mb=0)
    async with open_deck(settings, Use.OWN) as deck:
        await deck.environments.build("superset", lambda _: None)
        async with open_adapters(deck) as adapters:
            yield Stage(deck, adapters)
