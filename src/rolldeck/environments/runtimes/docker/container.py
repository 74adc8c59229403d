"""One container: what Rolldeck asks of the engine about it."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiodocker.containers import DockerContainer

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.docker.archives import only_file
from rolldeck.environments.runtimes.docker.engine import Engine, EngineRefusal
from rolldeck.environments.runtimes.docker.labels import Mark

_NOT_FOUND, _CONFLICT = 404, 409
_START_SECONDS = 120.0
_COPY_SECONDS = 1800.0
_MOST_OUTPUT = 20_000
_MOST_LOG_LINES = 5_000
_MB = 1 << 20
_ARCHIVE_EXTRA = 20 * 512  # of a tar archive with one file in it


@dataclass(frozen=True)
class Executed:
    """What a command in a container came to: its exit code and the end of what it wrote."""

    code: int
    output: str


class Container:
    """A container that exists, perhaps not running any more."""

    def __init__(self, engine: Engine, container_id: str, part: str) -> None:
        """``part`` is what it is called in messages: its service."""
        self.id = container_id
        self.part = part
        self._engine = engine

    @classmethod
    async def create(
        cls, engine: Engine, mark: Mark, part: str, short_name: str, config: Mapping[str, Any]
    ) -> "Container":
        """Create it, labelled and named. Raises ``EnvironmentFailure``, also where its image is missing."""
        try:
            return await cls._create(engine, mark.name_of(short_name), part, config)
        except EngineRefusal as refusal:
            if refusal.status == _NOT_FOUND:
                raise EnvironmentFailure(
                    f"the image {config['Image']} is missing: build the environment's template (`rolldeck env build`)"
                ) from refusal
            if refusal.status != _CONFLICT:
                raise
        return await cls._create(engine, mark.other_name_of(short_name), part, config)

    @classmethod
    async def _create(cls, engine: Engine, name: str, part: str, config: Mapping[str, Any]) -> "Container":
        async with engine.asking(f"create the container {name}") as docker:
            created = await docker.containers.create(dict(config), name=name)
        return cls(engine, created.id, part)

    async def rename(self, mark: Mark, short_name: str) -> None:
        """Name it as if it had been created with this mark. Raises ``EnvironmentFailure``."""
        try:
            await self._rename(mark.name_of(short_name))
        except EngineRefusal as refusal:
            if refusal.status != _CONFLICT:
                raise
            await self._rename(mark.other_name_of(short_name))

    async def _rename(self, name: str) -> None:
        async with self._engine.asking(f"name {self.part} {name}") as docker:
            await self._of(docker).rename(name)

    async def start(self) -> None:
        """Start it. Raises ``EnvironmentFailure``."""
        async with self._engine.asking(f"start {self.part}", seconds=_START_SECONDS) as docker:
            await self._of(docker).start()

    async def stop(self, *, within_seconds: int) -> None:
        """Ask it to stop, and wait until it has. Raises ``EnvironmentFailure``."""
        async with self._engine.asking(f"stop {self.part}", seconds=within_seconds + _START_SECONDS) as docker:
            await self._of(docker).stop(t=within_seconds)

    async def wait(self, *, within_seconds: float) -> int:
        """Wait until it has ended; return its exit code. Raises ``EnvironmentFailure``."""
        async with self._engine.asking(f"come to an end of {self.part}", seconds=within_seconds) as docker:
            ended = await self._of(docker).wait()
        return int(ended["StatusCode"])

    async def inspect(self) -> Mapping[str, Any]:
        """Return what the engine knows of it. Raises ``EnvironmentFailure``, also where it is gone."""
        async with self._engine.asking(f"say how {self.part} is") as docker:
            return await self._of(docker).show()

    async def execute(
        self,
        command: Sequence[str],
        *,
        user: str = "",
        variables: Mapping[str, str] | None = None,
        seconds: float = 60.0,
    ) -> Executed:
        """Run a command in it. Raises ``EnvironmentFailure`` where that is not possible, or takes too long."""
        output = bytearray()
        async with self._engine.asking(f"run {command[0]} in {self.part}", seconds=seconds) as docker:
            execution = await self._of(docker).exec(list(command), user=user, environment=variables)
            async with execution.start(detach=False) as stream:
                while (message := await stream.read_out()) is not None:
                    output += message.data
                    del output[:-_MOST_OUTPUT]
            state = await execution.inspect()
        return Executed(int(state["ExitCode"]), output.decode(errors="replace").strip())

    async def put(self, archive: Path) -> None:
        """Unpack a tar archive in it, from its root on. Raises ``EnvironmentFailure``."""
        async with self._engine.asking(f"copy files into {self.part}", seconds=_COPY_SECONDS) as docker:
            with archive.open("rb") as content:
                await self._of(docker).put_archive("/", content)

    async def fetch(self, path: str, archive: Path) -> None:
        """Write a file or directory of it, as a tar archive, into a file. Raises ``EnvironmentFailure``."""
        reading = self._engine.reading(f"copy {path} of {self.part}", f"containers/{self.id}/archive", {"path": path})
        async with reading as content:
            with archive.open("wb") as file:
                async for piece in content.iter_chunked(_MB):
                    file.write(piece)

    async def read(self, path: str, *, most_bytes: int = _MB) -> bytes | None:
        """Return the content of a plain file in it; None where there is none, it is something else or larger.

        Raises ``EnvironmentFailure``.
        """
        archive = await self.read_archive(path, most_bytes=most_bytes + _ARCHIVE_EXTRA)
        return None if archive is None else only_file(archive)

    async def read_archive(self, path: str, *, most_bytes: int) -> bytes | None:
        """Return a file or directory of it as a tar archive; None where there is none, or it would be larger.

        Raises ``EnvironmentFailure``.
        """
        reading = self._engine.reading(f"read {path} of {self.part}", f"containers/{self.id}/archive", {"path": path})
        archive = bytearray()
        try:
            async with reading as content:
                async for piece in content.iter_chunked(_MB):
                    archive += piece
                    if len(archive) > most_bytes:
                        return None
        except EngineRefusal as refusal:
            if refusal.status != _NOT_FOUND:
                raise
            return None
        return bytes(archive)

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Let nothing in it go on until the block ends. Raises ``EnvironmentFailure``."""
        async with self._engine.asking(f"halt {self.part}") as docker:
            await self._of(docker).pause()
        try:
            yield
        finally:
            async with self._engine.asking(f"let {self.part} go on") as docker:
                await self._of(docker).unpause()

    async def memory_bytes(self) -> int:
        """Return the memory that it needs, without files that could be read again. ``EnvironmentFailure`` if it is gone."""
        path = f"containers/{self.id}/stats"
        parameters = {"stream": "false", "one-shot": "true"}
        async with self._engine.reading(f"measure {self.part}", path, parameters) as content:
            memory = json.loads(await content.read()).get("memory_stats", {})
        if "usage" not in memory:
            raise EnvironmentFailure(f"the environment's {self.part} is not running")
        figures = memory.get("stats", {})
        return int(memory["usage"]) - int(figures.get("total_inactive_file", figures.get("inactive_file", 0)))

    async def log(self, *, lines: int = _MOST_LOG_LINES, most_bytes: int = _MB) -> str:
        """Return the end of what it wrote, on either stream. Raises ``EnvironmentFailure``."""
        async with self._engine.asking(f"give the log of {self.part}") as docker:
            pieces = await self._of(docker).log(stdout=True, stderr=True, tail=lines)
        return "".join(pieces)[-most_bytes:]

    async def last_words(self) -> str:
        """Return the last lines that it wrote, for a message; empty where they cannot be had."""
        with contextlib.suppress(EnvironmentFailure):
            return (await self.log(lines=20, most_bytes=4000)).strip()
        return ""

    async def commit(self, image: str, *, changes: Sequence[str], config: Mapping[str, Any]) -> None:
        """Keep its files as an image; ``config`` and ``changes`` say what the image runs. Raises ``EnvironmentFailure``."""
        repository, _, tag = image.rpartition(":")
        async with self._engine.asking(f"keep {self.part} as an image", seconds=_COPY_SECONDS) as docker:
            await self._of(docker).commit(repository=repository, tag=tag, changes=list(changes), config=dict(config))

    async def remove(self) -> None:
        """Remove it, running or not, with its volumes. Idempotent. Raises ``EnvironmentFailure``."""
        try:
            async with self._engine.asking(f"remove {self.part}") as docker:
                await self._of(docker).delete(force=True, v=True)
        except EngineRefusal as refusal:
            if refusal.status not in (_NOT_FOUND, _CONFLICT):  # a conflict: somebody else is removing it now
                raise

    def _of(self, docker: Any) -> DockerContainer:
        container: DockerContainer = docker.containers.container(self.id)
        return container
