"""The Docker engine: which one it is, whether it answers, and its refusals as Rolldeck's errors.

API: https://docs.docker.com/reference/api/engine/, from 1.41 (20.10) on.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiodocker import Docker, DockerError

from rolldeck.domain.errors import EnvironmentFailure

_SECONDS = 60.0
_NOT_CONNECTED = 900  # no status of HTTP's: how the client says that there is no connection
_LONG_SECONDS = 1800.0
_PING_SECONDS = 5.0
_NO_ROOM_FOR_NETWORKS = ("non-overlapping", "address pools")
_START_IT = "start it, or name another one with DOCKER_HOST or `docker context use`"

_FULL_SECONDS = 10.0
_FULL = (
    "the Docker engine has no addresses left for another network: add smaller ones to `default-address-pools` "
    'in its daemon.json, for example {"base": "10.220.0.0/16", "size": 28}, or run fewer rollouts at once '
    "(ROLLDECK_PARALLEL, ROLLDECK_POOL_MB)"
)


class EngineAway(EnvironmentFailure):
    """The engine does not answer; what it ran may be lost."""


class EngineRefusal(EnvironmentFailure):
    """The engine answered that it will not; ``status`` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Engine:
    """One engine: ``url``, else DOCKER_HOST, else the docker context, else the usual socket. Connects when first asked."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url or os.environ.get("DOCKER_HOST") or None
        self._docker: Docker | None = None
        self.away: str | None = None
        """Why nothing can be asked of it, in words; None as far as is known."""
        self._full: str | None = None
        self._full_since = 0.0

    @property
    def full(self) -> str | None:
        """Why it has no room for another network, in words; None where it may have: then it is worth another try."""
        # Others' networks come and go too, which nobody tells.
        return self._full if time.monotonic() - self._full_since < _FULL_SECONDS else None

    def has_room_again(self) -> None:
        """Take note that a network was removed."""
        self._full = None

    @asynccontextmanager
    async def asking(self, what: str, *, seconds: float = _SECONDS) -> AsyncIterator[Docker]:
        """Give the client for one request, or a few that belong together.

        Raises ``EngineAway`` where there is no answer (in time), ``EngineRefusal`` where it is a refusal to do ``what``.
        """
        try:
            async with asyncio.timeout(seconds):
                yield self._client()
        except DockerError as error:
            if error.status == _NOT_CONNECTED:
                raise self._no_answer(error.message) from error
            raise self._refusal(what, error) from error
        except TimeoutError as error:
            raise EngineAway(f"the Docker engine did not {what} within {seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._no_answer(error) from error

    def _no_answer(self, reason: object) -> EngineAway:
        self.away = f"the Docker engine does not answer ({reason}): {_START_IT}"
        return EngineAway(self.away)

    def _refusal(self, what: str, error: DockerError) -> EngineRefusal:
        if any(sign in str(error.message) for sign in _NO_ROOM_FOR_NETWORKS):
            self._full, self._full_since = _FULL, time.monotonic()
            return EngineRefusal(_FULL, error.status)
        return EngineRefusal(f"the Docker engine did not {what}: {error.message}", error.status)

    async def ping(self) -> Mapping[str, Any]:
        """Return what it says of its version, and note whether it answers. Raises ``EngineAway``."""
        async with self.asking("say its version", seconds=_PING_SECONDS) as docker:
            version: Mapping[str, Any] = await docker.version()
        self.away = None
        return version

    @asynccontextmanager
    async def reading(self, what: str, path: str, parameters: Mapping[str, str]) -> AsyncIterator[aiohttp.StreamReader]:
        """Give the body of an answer piece by piece: for what the client would read into memory whole, or not at all.

        Raises as ``asking``.
        """
        async with self.asking(what, seconds=_LONG_SECONDS) as docker:
            url = f"{docker.docker_host}/{docker.api_version}/{path}"
            async with docker.session.get(url, params=parameters) as response:
                if response.status >= 400:
                    raise DockerError(response.status, (await response.text())[:500])
                yield response.content

    async def close(self) -> None:
        """End its connections. Idempotent."""
        docker, self._docker = self._docker, None
        if docker is not None:
            await docker.close()

    def _client(self) -> Docker:
        if self._docker is None:
            try:
                self._docker = Docker(url=self._url)
            except (AssertionError, ValueError, DockerError) as error:  # an assertion is how it says: no socket found
                why = f" ({error})" if str(error) else ""
                raise EngineAway(f"there is no Docker engine here{why}: {_START_IT}") from error
        return self._docker
