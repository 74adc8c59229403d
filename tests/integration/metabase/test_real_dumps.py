"""What the real ``pg_dump`` writes is recognised, in every format that it has."""

import gzip
from pathlib import Path

import pytest
import pytest_asyncio
from metabase_place import Place

from rolldeck.domain.errors import TemplateError
from rolldeck.environments.dumps import DumpKind, kind_of, roles_in
from rolldeck.environments.runtimes.process.postgres import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(cluster: Cluster) -> Place:
    """A database with a table that belongs to one role and may be read by another."""
    place = Place(cluster)
    await place.make_roles()
    await place.make_database("orchard")
    await place.execute('CREATE ROLE "Head ""G"" ardener"; CREATE ROLE picker')
    await place.execute(
        'CREATE TABLE fruit (id int); ALTER TABLE fruit OWNER TO "Head ""G"" ardener"; GRANT SELECT ON fruit TO picker;',
        "orchard",
    )
    await place.execute("INSERT INTO fruit SELECT generate_series(1, 1000)", "orchard")
    return place


@pytest.mark.parametrize(
    ("options", "kind"), [((), DumpKind.SQL), (("--inserts",), DumpKind.SQL), (("-Fc",), DumpKind.CUSTOM)]
)
@pytest.mark.parametrize("packed", [False, True])
async def test_a_dump_is_recognised(
    place: Place, tmp_path: Path, options: tuple[str, ...], kind: DumpKind, packed: bool
) -> None:
    dump = place.dump("orchard", *options)
    file = tmp_path / "dump.sql"
    file.write_bytes(gzip.compress(dump) if packed else dump)
    assert kind_of(file) is kind


async def test_the_roles_that_a_dump_names_are_found(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "dump.sql"
    file.write_bytes(place.dump("orchard"))
    assert roles_in(file) == {'Head "G" ardener', "picker"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [(("-Ft",), "is a tar archive"), (("--create",), "--create"), (("--create", "--clean"), "--create")],
)
async def test_a_dump_of_a_kind_that_cannot_be_loaded_is_refused(
    place: Place, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    file = tmp_path / "dump.sql"
    file.write_bytes(place.dump("orchard", *options))
    with pytest.raises(TemplateError, match=reason):
        kind_of(file)


async def test_a_dump_of_all_databases_is_refused(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "dump.sql"
    file.write_bytes(place._run("pg_dumpall"))
    with pytest.raises(TemplateError, match="pg_dumpall"):
        kind_of(file)


@pytest.mark.parametrize("rest", [0.2, 0.5, 0.9, 0.97])
async def test_a_dump_that_is_cut_off_anywhere_is_refused(place: Place, tmp_path: Path, rest: float) -> None:
    dump = place.dump("orchard")
    file = tmp_path / "dump.sql"
    file.write_bytes(dump[: int(len(dump) * rest)])
    with pytest.raises(TemplateError, match="ends too early"):
        kind_of(file)
