"""When a composition counts as another one, so that its template is built anew."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from rolldeck.environments.composition import Composition, HealthCheck, SeedFile, Service, Tables
from rolldeck.environments.fingerprint import fingerprint


@pytest.fixture
def composition(tmp_path: Path) -> Composition:
    (tmp_path / "wiki" / "tiddlers").mkdir(parents=True)
    (tmp_path / "wiki" / "tiddlers" / "one.tid").write_text("one")
    service = Service("web", command=("serve", "${port}"), seeds=(SeedFile(tmp_path / "wiki", "wiki"),), port=80)
    return Composition((service,), web="web")


def test_the_same_content_in_another_place_is_the_same(composition: Composition, tmp_path: Path) -> None:
    before = fingerprint(composition)
    (tmp_path / "wiki").rename(tmp_path / "moved")
    [service] = composition.services
    moved = replace(service, seeds=(SeedFile(tmp_path / "moved", "wiki"),))
    assert fingerprint(replace(composition, services=(moved,))) == before


@pytest.mark.parametrize("change", ["content", "name", "another file", "mode", "command", "health"])
def test_every_change_is_seen(composition: Composition, tmp_path: Path, change: str) -> None:
    before = fingerprint(composition)
    one = tmp_path / "wiki" / "tiddlers" / "one.tid"
    [service] = composition.services
    match change:
        case "content":
            one.write_text("two")
        case "name":
            one.rename(one.with_name("two.tid"))
        case "another file":
            one.with_name("empty.tid").touch()
        case "mode":
            one.chmod(0o755)
        case "command":
            service = replace(service, command=("serve", "it", "${port}"))
        case _:
            service = replace(service, health=HealthCheck(path="/health"))
    assert fingerprint(replace(composition, services=(service,))) != before


class Numbers:
    """Stands for tables of data."""

    def __init__(self, content: str) -> None:
        self._content = content

    def write(self, directory: Path) -> None:
        raise NotImplementedError

    def content_hash(self) -> str:
        return self._content


def test_other_tables_are_another_content() -> None:
    def with_tables(content: str) -> str:
        seed = Tables(Numbers(content), database="shop", owner="shop")
        return fingerprint(Composition(services=(Service("db", seeds=(seed,)),), web="db"))

    assert with_tables("one") == with_tables("one") != with_tables("two")


def test_a_large_file_is_read_again_only_when_it_has_changed(
    composition: Composition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = tmp_path / "wiki" / "dump.sql"
    dump.write_bytes(b"a" * (1 << 20))
    before = fingerprint(composition)
    read = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, kind: (read.append(file.name), real(file, kind))[1])
    assert fingerprint(composition) == before
    assert str(dump) not in map(str, read)
    dump.write_bytes(b"b" * (1 << 20))
    os.utime(dump, ns=(0, 0))
    assert fingerprint(composition) != before


def test_what_python_compiles_for_itself_does_not_count(composition: Composition, tmp_path: Path) -> None:
    before = fingerprint(composition)
    (tmp_path / "wiki" / "__pycache__").mkdir()
    (tmp_path / "wiki" / "__pycache__" / "one.pyc").write_bytes(b"compiled")
    assert fingerprint(composition) == before
