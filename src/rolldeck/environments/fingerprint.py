"""What a composition's content follows from, as one hash: its description and every file that it names."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from rolldeck.environments.composition import Composition, Tables

_LARGE = 1 << 20


def fingerprint(composition: Composition) -> str:
    """Return a hash (hexadecimal, 16 characters); where a file lies does not count, what is in it does.

    Raises ``OSError`` where a file that the composition names cannot be read.
    """
    preparation = None if composition.preparation is None else composition.preparation.content_hash()
    described = [_described(dataclasses.replace(composition, preparation=None)), preparation]
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]


def content_of(path: Path) -> str:
    """Return a hash of a file, or of a directory with all that is in it: names, contents, and what may be executed."""
    digest = hashlib.sha256()
    for name, file in _files(path):
        found = file.stat()
        executable = b"x" if found.st_mode & 0o100 else b"-"
        if found.st_size < _LARGE:
            content = _digest_of(file)
        else:
            content = _digest_of_large(file, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        digest.update(json.dumps(name).encode() + executable + content)
    return digest.hexdigest()


def _digest_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


@lru_cache(maxsize=256)
def _digest_of_large(file: Path, _size: int, _written_at: int, _changed_at: int) -> bytes:
    """Return the digest, read again only when the file has changed: a dump may have gigabytes, and is asked for often."""
    return _digest_of(file)


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.is_dir():
        yield "", path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:  # Python makes it anew, and never the same
            yield file.relative_to(path).as_posix(), file


def _described(value: object) -> object:
    if isinstance(value, Path):
        return content_of(value)
    if isinstance(value, Tables):
        return [type(value).__name__, value.tables.content_hash(), value.database, value.owner]
    if dataclasses.is_dataclass(value):
        fields = {one.name: _described(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {str(key): _described(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_described(item) for item in value]
    return value
