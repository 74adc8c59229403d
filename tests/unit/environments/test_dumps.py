"""Dumps recognised by what is in them."""

import gzip
from pathlib import Path

import pytest

from rolldeck.domain.errors import TemplateError
from rolldeck.environments.dumps import DumpKind, kind_of, roles_in, unpacked


def zipped(content: bytes) -> bytes:
    """Compress it to the same bytes at any time: they are in the tests' names."""
    return gzip.compress(content, mtime=0)


PLAIN = b"""--
-- PostgreSQL database dump
--

CREATE TABLE public.fruit (id integer);
ALTER TABLE public.fruit OWNER TO "The ""Orchard"" Ltd";
COPY public.fruit (id) FROM stdin;
1
\\.
GRANT SELECT ON TABLE public.fruit TO reporting WITH GRANT OPTION;
GRANT ALL ON SCHEMA public TO PUBLIC;
REVOKE ALL ON TABLE public.fruit FROM intern;
ALTER DEFAULT PRIVILEGES FOR ROLE gardener IN SCHEMA public GRANT SELECT ON TABLES TO reader;

--
-- PostgreSQL database dump complete
--

"""
CUSTOM = b"PGDMP\x01\x0f\x00\x04\x08\x01" + bytes(100)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PLAIN, DumpKind.SQL),
        (b"\xef\xbb\xbf" + PLAIN, DumpKind.SQL),
        (b"create table t (n int); insert into t values (1);\n", DumpKind.SQL),
        (CUSTOM, DumpKind.CUSTOM),
        (zipped(PLAIN), DumpKind.SQL),
        (zipped(CUSTOM), DumpKind.CUSTOM),
    ],
)
@pytest.mark.parametrize("name", ["dump.sql", "dump.gz", "backup"])
def test_a_dump_is_recognised_by_its_content_whatever_its_name(
    tmp_path: Path, content: bytes, kind: DumpKind, name: str
) -> None:
    assert kind_of(_file(tmp_path, content, name)) is kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (zipped(b""), "is empty"),
        (PLAIN[:-60], "ends too early"),
        (zipped(PLAIN)[:-9], "ends too early"),
        (CUSTOM[:8], "ends too early"),
        (zipped(PLAIN[:-60]), "ends too early"),
        (zipped(PLAIN)[:40] + b"\xff" * 20 + zipped(PLAIN)[60:], "is damaged"),
        (b"SQLite format 3\0" + bytes(84), "an SQLite database"),
        (b"H:2,block:5,blockSize:1000", "load-from-h2"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\0\0", "xz"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (PLAIN.decode().encode("utf-16"), "UTF-16"),
        (b"-- MySQL dump 10.13", "MySQL"),
        (b"\n<!DOCTYPE html><html>", "HTML"),
        (b'{"error": "not found"}', "JSON"),
        (b"PGDMP\x01\x0f\x00\x04\x08\x03" + bytes(100), "directory or tar"),
        (b"toc.dat".ljust(257, b"\0") + b"ustar  \0" + bytes(300), "a tar archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "neither SQL nor"),
        (b"--\n-- PostgreSQL database cluster dump\n--\nCREATE ROLE a;\n", "pg_dumpall"),
        (PLAIN.replace(b"CREATE TABLE", b"CREATE DATABASE shop;\n\\connect shop\nCREATE TABLE"), "--create"),
    ],
)
def test_what_is_no_whole_dump_is_refused_by_name_with_what_it_is(tmp_path: Path, content: bytes, reason: str) -> None:
    file = _file(tmp_path, content, "dump.sql")
    with pytest.raises(TemplateError, match=reason) as refusal:
        kind_of(file)
    assert str(file) in str(refusal.value)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"missing\.sql cannot be read: No such file"):
        kind_of(tmp_path / "missing.sql")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="is a directory"):
        kind_of(tmp_path)


@pytest.mark.parametrize("content", [PLAIN, CUSTOM, zipped(PLAIN)])
def test_a_dump_is_given_without_its_compression(tmp_path: Path, content: bytes) -> None:
    given = b"".join(unpacked(_file(tmp_path, content, "dump")))
    assert given == (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)


def test_a_dump_that_is_cut_off_is_not_given_as_if_it_were_whole(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="ends too early"):
        list(unpacked(_file(tmp_path, zipped(PLAIN)[:-4], "dump")))


def test_roles_that_a_dump_names_are_found_however_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _file(tmp_path, PLAIN, "dump.sql")
    expected = {'The "Orchard" Ltd', "reporting", "intern", "gardener"}
    assert roles_in(file) == expected
    monkeypatch.setattr("rolldeck.environments.dumps._CHUNK", 7)
    assert roles_in(file) == expected


def _file(directory: Path, content: bytes, name: str) -> Path:
    file = directory / name
    file.write_bytes(content)
    return file
