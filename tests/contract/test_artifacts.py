"""What every artifact store must do behind the port ``Artifacts``. The object store joins ``KINDS`` when it is there."""

import asyncio
import shutil
from pathlib import Path

import pytest

from rolldeck.domain.errors import InvalidInput, NotFound
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.port import Artifacts, StoredArtifact, Workspace

KINDS = ("local",)


@pytest.fixture(params=KINDS)
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    assert request.param == "local"
    return LocalArtifacts(tmp_path / "artifacts")


async def content(artifacts: Artifacts, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in artifacts.read(key, start, end)])


async def test_what_is_put_can_be_read_whole_and_in_part(artifacts: Artifacts) -> None:
    big = bytes(range(256)) * 4096
    assert await artifacts.put("r1/screens/a.png", big) == "r1/screens/a.png"
    assert await content(artifacts, "r1/screens/a.png") == big
    assert await content(artifacts, "r1/screens/a.png", 10, 300_000) == big[10:300_000]
    assert await content(artifacts, "r1/screens/a.png", len(big) - 3) == big[-3:]
    assert await content(artifacts, "r1/screens/a.png", len(big) + 1) == b""
    assert await content(artifacts, "r1/screens/a.png", 5, 5) == b""


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("video.mp4", "video/mp4"), ("s.png", "image/png"), ("page.html", "application/octet-stream")],
)
async def test_the_media_type_is_that_of_the_suffix_and_never_active(
    artifacts: Artifacts, name: str, media_type: str
) -> None:
    await artifacts.put(f"r1/{name}", b"<script>")
    assert await artifacts.stat(f"r1/{name}") == StoredArtifact(f"r1/{name}", 8, media_type)


async def test_the_same_key_again_is_the_same_content(artifacts: Artifacts) -> None:
    await artifacts.put("r1/a.png", b"first")
    await artifacts.put("r1/a.png", b"first")
    assert await content(artifacts, "r1/a.png") == b"first"


async def test_a_finished_file_is_moved_in(artifacts: Artifacts) -> None:
    written = artifacts.workspace("r1", 1) / "video.mp4"
    written.write_bytes(b"film")
    assert await artifacts.adopt("r1/video.mp4", written) == "r1/video.mp4"
    assert not written.exists()
    assert await content(artifacts, "r1/video.mp4") == b"film"


async def test_unknown_artifacts_are_not_found(artifacts: Artifacts) -> None:
    await artifacts.put("r1/screens/a.png", b"x")
    for key in ("r1/none.png", "r2/a.png", "r1/screens", "r1/screens/a.png/b"):
        with pytest.raises(NotFound):
            await artifacts.stat(key)
    with pytest.raises(NotFound):
        await content(artifacts, "r1/none.png")


async def test_the_workspaces_that_there_are_can_be_listed(artifacts: Artifacts) -> None:
    assert await artifacts.workspaces() == []
    for attempt in (1, 2):
        artifacts.workspace("r1", attempt)
    artifacts.workspace("r2", 1)
    await artifacts.put("r3/a.png", b"1")
    await artifacts.discard_workspace("r1", 1)
    assert set(await artifacts.workspaces()) == {Workspace("r1", 2), Workspace("r2", 1)}
    await artifacts.delete_rollout("r1")
    assert await artifacts.workspaces() == [Workspace("r2", 1)]


async def test_all_that_belongs_to_a_rollout_is_removed_and_nothing_else(artifacts: Artifacts) -> None:
    (artifacts.workspace("r1", 1) / "half.mp4").write_bytes(b"12345")
    await artifacts.put("r1/screens/a.png", b"123")
    await artifacts.put("r2/screens/a.png", b"123")
    assert await artifacts.delete_rollout("r1") == 5
    assert await artifacts.delete_rollout("r1") == 0
    with pytest.raises(NotFound):
        await artifacts.stat("r1/screens/a.png")
    assert await content(artifacts, "r2/screens/a.png") == b"123"


async def test_what_only_one_rollout_had_is_freed_with_it_and_what_others_have_is_not(artifacts: Artifacts) -> None:
    await artifacts.put("r1/screens/a.png", b"12345")
    await artifacts.put("r1/screens/b.png", b"12345")
    await artifacts.put("r1/only.png", b"123")
    film = artifacts.workspace("r2", 1) / "video.mp4"
    film.write_bytes(b"12345")
    await artifacts.adopt("r2/video-1.mp4", film)
    assert await artifacts.delete_rollout("r1") == 3
    assert await content(artifacts, "r2/video-1.mp4") == b"12345"
    assert await artifacts.delete_rollout("r2") == 5


async def test_rollouts_that_are_deleted_at_once_free_what_they_shared_once(artifacts: Artifacts) -> None:
    rollouts = [f"r{number}" for number in range(20)]
    for rollout in rollouts:
        await artifacts.put(f"{rollout}/screens/a.png", b"12345")
    assert sum(await asyncio.gather(*map(artifacts.delete_rollout, rollouts))) == 5


async def test_an_attempts_workspace_goes_and_the_others_stay(artifacts: Artifacts) -> None:
    for attempt in (1, 2):
        (artifacts.workspace("r1", attempt) / "half.mp4").write_bytes(b"1")
    for _ in range(2):
        await artifacts.discard_workspace("r1", 1)
    assert (artifacts.workspace("r1", 2) / "half.mp4").exists()
    assert not (artifacts.workspace("r1", 1) / "half.mp4").exists()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "r1/../../x",
        "r1//x",
        "r1/./x",
        "r1/.work/x",
        "r1/a\x00b",
        "r1\\..\\x",
        "r1/",
        "ä/x",
        "r1/\n",
    ],
)
async def test_a_key_that_is_no_plain_relative_path_is_refused(artifacts: Artifacts, key: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    with pytest.raises(InvalidInput):
        await artifacts.put(key, b"x")
    with pytest.raises(InvalidInput):
        await artifacts.adopt(key, source)
    with pytest.raises(InvalidInput):
        await artifacts.stat(key)
    with pytest.raises(InvalidInput):
        await content(artifacts, key)
    with pytest.raises(InvalidInput):
        await artifacts.delete_rollout(key)
    with pytest.raises(InvalidInput):
        artifacts.workspace(key, 1)
    with pytest.raises(InvalidInput):
        await artifacts.discard_workspace(key, 1)


async def test_the_rollouts_that_have_artifacts_are_told(artifacts: Artifacts) -> None:
    assert [piece async for piece in artifacts.rollouts()] == []
    await artifacts.put("r1/a.png", b"a")
    await artifacts.put("r2/a.png", b"a")
    artifacts.workspace("r3", 1)
    assert sorted([rollout_id async for piece in artifacts.rollouts() for rollout_id in piece]) == ["r1", "r2"]


async def test_contents_that_an_interrupted_deletion_left_are_discarded(artifacts: Artifacts, tmp_path: Path) -> None:
    await artifacts.put("r1/a.png", b"torn")
    await artifacts.put("r2/a.png", b"whole")
    shutil.rmtree(tmp_path / "artifacts" / "r1")  # as far as a deletion came
    assert await artifacts.discard_unneeded() == 1
    assert await artifacts.discard_unneeded() == 0
    assert await content(artifacts, "r2/a.png") == b"whole"
