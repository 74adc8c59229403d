"""What the engine tells without being asked: that a container has ended, that it is away itself, and back again."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.docker import labels
from rolldeck.environments.runtimes.docker.engine import Engine, EngineAway

_AGAIN_SECONDS = 1.0
_ENDLESS = 365 * 86_400.0

_log = structlog.get_logger(__name__)


class Watch:
    """Follows a session's containers for as long as it runs."""

    def __init__(self, engine: Engine, owner: labels.Owner, on_back: Callable[[], Awaitable[object]]) -> None:
        """``on_back`` is awaited when an engine that was away answers again."""
        self._engine = engine
        self._owner = owner
        self._on_back = on_back
        self._ended: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. Idempotent."""
        if self._task is None:
            self._task = asyncio.create_task(self._go_on(), name="docker events")

    async def stop(self) -> None:
        """End. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def end_of(self, container_id: str) -> str | None:
        """Say how a container of the session has ended; None while nothing is known of it."""
        return self._ended.get(container_id)

    def forget(self, container_id: str) -> None:
        """Remember its end no longer. Idempotent."""
        self._ended.pop(container_id, None)

    async def _go_on(self) -> None:
        while True:
            try:
                await self._follow()
            except EngineAway as away:
                _log.warning("the Docker engine is away", reason=str(away))
            except EnvironmentFailure as failure:
                _log.warning("the Docker engine's events cannot be followed", reason=str(failure))
            await self._until_back()

    async def _follow(self) -> None:
        """Hear events until the connection ends. Raises ``EngineAway`` then."""
        filters = {
            "type": ["container"],
            "event": ["die", "oom"],
            "label": [f"{name}={value}" for name, value in self._owner.labels().items()],
        }
        async with self._engine.asking("tell of its events", seconds=_ENDLESS) as docker:
            heard = docker.events.subscribe(create_task=False)
            telling = asyncio.create_task(docker.events.run(filters=json.dumps(filters)))
            try:
                while (event := await heard.get()) is not None:
                    self._hear(event)
                await telling  # raises why it ended
            finally:
                telling.cancel()
                await asyncio.wait({telling})
        self._engine.away = "the Docker engine has ended"
        raise EngineAway(self._engine.away)

    def _hear(self, event: Mapping[str, Any]) -> None:
        container, attributes = str(event["Actor"]["ID"]), event["Actor"]["Attributes"]
        service = attributes.get(labels.SERVICE, "a service")
        if event["Action"] == "oom":
            self._ended[container] = f"{service} needed more memory than it may use"
        else:
            self._ended.setdefault(container, f"{service} ended with exit code {attributes.get('exitCode')}")

    async def _until_back(self) -> None:
        was_away = self._engine.away is not None
        while True:
            with contextlib.suppress(EnvironmentFailure):
                await self._engine.ping()
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        if was_away:
            _log.info("the Docker engine is back")
            with contextlib.suppress(EnvironmentFailure):  # the next reaping tries again
                await self._on_back()
