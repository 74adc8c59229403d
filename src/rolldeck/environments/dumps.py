"""Dumps of PostgreSQL databases as people have them, recognised by what is in the file, never by its name.

``pg_dump`` writes plain SQL or its custom format (``-Fc``), and people often compress either with gzip, whatever the
file is called. A file of any other kind, or one that ends too early, is refused before anything is loaded.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from rolldeck.domain.errors import TemplateError

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_HEAD = 4096
_CUSTOM = b"PGDMP"
_FORMAT_OFFSET = 10  # after the mark, three bytes of version, and the sizes of an integer and of an offset
_CUSTOM_FORMAT = 1
_PG_DUMP = b"-- PostgreSQL database dump"
_COMPLETE = b"-- PostgreSQL database dump complete"
# What people take for a dump, by how it begins, and what to do about it.
_FOREIGN = (
    (b"SQLite format 3\0", "an SQLite database: only dumps of PostgreSQL can be loaded"),
    (b"H:2,", "an H2 database: move it to PostgreSQL with Metabase's `load-from-h2` first, then use pg_dump"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "compressed with bzip2: unpack it first, or compress it with gzip"),
    (b"\xfd7zXZ\0", "compressed with xz: unpack it first, or compress it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it first, or compress it with gzip"),
    (b"\xff\xfe", "text in UTF-16, as PowerShell's `>` writes it: use pg_dump's option --file"),
    (b"-- MySQL dump", "a dump of MySQL: only dumps of PostgreSQL can be loaded"),
    (b"-- MariaDB dump", "a dump of MariaDB: only dumps of PostgreSQL can be loaded"),
    (b"<", "HTML or XML, perhaps a page that was downloaded in place of the file"),
    (b"{", "JSON, not SQL"),
)
_CLUSTER = b"-- PostgreSQL database cluster dump"
# As pg_dump writes them, each at the end of a line: names are quoted where they need to be.
_NAME = rb'("(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_ROLES = re.compile(
    rb"^(?:ALTER [^\n]* OWNER TO|GRANT [^\n]* TO|REVOKE [^\n]* FROM|ALTER DEFAULT PRIVILEGES FOR ROLE) "
    + _NAME
    + rb"(?= WITH GRANT OPTION;| IN SCHEMA | GRANT | REVOKE |;)",
    re.MULTILINE,
)
_NOBODYS = {"PUBLIC", "CURRENT_USER", "SESSION_USER", "CURRENT_ROLE"}


class DumpKind(Enum):
    """What loads an unpacked dump."""

    SQL = "psql"
    CUSTOM = "pg_restore"


def kind_of(path: Path) -> DumpKind:
    """Say what kind of dump the file is, looking at all of it where it is compressed.

    Raises ``TemplateError`` for a file that cannot be read, is empty, ends too early or is something else. That a dump
    in the custom format ends too early is seen only by ``pg_restore``.
    """
    if path.is_dir():
        raise _refused(path, "is a directory: use pg_dump's custom format (-Fc) or plain SQL")
    head, tail = _ends_of(path)
    if not head.strip():
        raise _refused(path, "is empty")
    if head.startswith(_CUSTOM):
        return _checked_custom(path, head)
    if head[257:262] == b"ustar":
        raise _refused(path, "is a tar archive: use pg_dump's custom format (-Fc) or plain SQL")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, meaning in _FOREIGN:
        if head.startswith(mark) or text.startswith(mark):
            raise _refused(path, f"is {meaning}")
    return _checked_sql(path, text, tail)


def unpacked(path: Path) -> Iterator[bytes]:
    """Give the dump's bytes without gzip, in pieces. Raises ``TemplateError`` where it cannot be read to its end."""
    try:
        with path.open("rb") as file:
            compressed = file.read(len(_GZIP)) == _GZIP
        with gzip.open(path) if compressed else path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece
    except EOFError as error:
        raise _refused(path, "ends too early: it was cut off when it was copied or compressed") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise _refused(path, f"is damaged: {error}") from error
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or error}") from error


def roles_in(path: Path) -> set[str]:
    """Return the roles that own something or may do something in a plain SQL dump.

    They are of the server that it was made on; loading it needs them here, too. Raises ``TemplateError``.
    """
    found: set[str] = set()
    rest = b""
    for piece in unpacked(path):
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        found.update(_plain(name) for name in _ROLES.findall(lines + newline))
    found.update(_plain(name) for name in _ROLES.findall(rest))
    return {name for name in found if name.upper() not in _NOBODYS}


def _ends_of(path: Path) -> tuple[bytes, bytes]:
    head = tail = b""
    for piece in unpacked(path):
        if len(head) < _HEAD:
            head = (head + piece)[:_HEAD]
        tail = (tail + piece)[-_HEAD:]
        if head.startswith(_CUSTOM) and not _is_compressed(path):
            break
    return head, tail


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def _checked_custom(path: Path, head: bytes) -> DumpKind:
    if len(head) <= _FORMAT_OFFSET:
        raise _refused(path, "ends too early: it was cut off when it was copied")
    if head[_FORMAT_OFFSET] != _CUSTOM_FORMAT:
        raise _refused(path, "is a part of a dump in pg_dump's directory or tar format: use its custom format (-Fc)")
    return DumpKind.CUSTOM


def _checked_sql(path: Path, text: bytes, tail: bytes) -> DumpKind:
    if b"\0" in text:
        raise _refused(path, "is neither SQL nor pg_dump's custom format")
    if _CLUSTER in text:
        raise _refused(path, "was made with pg_dumpall: use pg_dump, which writes one database")
    if b"\n\\connect " in text:
        raise _refused(path, "was made with pg_dump's option --create: make it without")
    if _PG_DUMP in text and _COMPLETE not in tail:
        raise _refused(path, "ends too early: the last line that pg_dump writes is missing")
    return DumpKind.SQL


def _plain(name: bytes) -> str:
    text = name.decode(errors="replace")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _refused(path: Path, reason: str) -> TemplateError:
    return TemplateError(f"the dump {path} {reason}")
