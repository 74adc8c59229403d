"""State checks on files of a service: on a copy, as they were at one moment, for the application is hostile."""

import asyncio
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from rolldeck.domain.errors import VerificationError
from rolldeck.environments.composition import FilesSource, SqliteSource
from rolldeck.environments.placeholders import DIRECTORY_IN_CONTAINER
from rolldeck.environments.port import Row
from rolldeck.environments.runtimes.docker.archives import plain_files
from rolldeck.environments.runtimes.docker.container import Container
from rolldeck.environments.runtimes.queries import query_files, query_sqlite

_LARGEST_SQLITE = 256 << 20
_MOST_FILES = 64 << 20


async def query_in(container: Container, source: SqliteSource | FilesSource, query: str) -> list[Row]:
    """Query files of a container; errors as ``queries.query_sqlite``."""
    path = PurePosixPath(DIRECTORY_IN_CONTAINER, source.path)
    if isinstance(source, SqliteSource):
        return await _query_sqlite(container, path, query)
    async with container.standing_still():
        archive = await container.read_archive(str(path), most_bytes=_MOST_FILES)
    if archive is None:
        raise VerificationError(f"{path} is gone, or holds more than can be looked at")
    return await asyncio.to_thread(lambda: query_files(plain_files(archive), query))


async def _query_sqlite(container: Container, path: PurePosixPath, query: str) -> list[Row]:
    async with container.standing_still():
        content = await container.read(str(path), most_bytes=_LARGEST_SQLITE)
        log = await container.read(f"{path}-wal", most_bytes=_LARGEST_SQLITE)  # what is not written into it yet
    if content is None:
        raise VerificationError(f"{path} is no plain file any more, or too large to be copied")
    return await asyncio.to_thread(_query_copy, path.name, content, log, query)


def _query_copy(name: str, content: bytes, log: bytes | None, query: str) -> list[Row]:
    with TemporaryDirectory(prefix="rolldeck-sqlite-") as directory:
        file = Path(directory, name)
        file.write_bytes(content)
        if log is not None:
            Path(directory, f"{name}-wal").write_bytes(log)
        return query_sqlite(file, None, query)
