"""The directory of artifacts: who can read it, and that nothing half-written is ever in it."""

import errno
import stat
from pathlib import Path

import pytest

from rolldeck.domain.errors import StorageError
from rolldeck.storage.artifacts import LocalArtifacts


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "new" / "artifacts"


async def test_only_this_user_can_read_files_and_enter_directories(root: Path, tmp_path: Path) -> None:
    artifacts = LocalArtifacts(root)
    await artifacts.put("r1/screens/a.png", b"x")
    video = artifacts.workspace("r1", 1) / "video.mp4"
    video.write_bytes(b"x")
    video.chmod(0o644)
    await artifacts.adopt("r1/video.mp4", video)
    assert {mode(root / key) for key in ("r1/screens/a.png", "r1/video.mp4")} == {0o600}
    directories = [root.parent, root, root / "r1", root / "r1" / "screens", root / ".work", root / ".contents"]
    assert {mode(directory) for directory in directories} == {0o700}


async def test_a_write_that_fails_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", disk_full)
    with pytest.raises(StorageError, match="No space left"):
        await LocalArtifacts(root).put("r1/a.png", b"x")
    assert list((root / "r1").iterdir()) == []


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_the_same_content_is_one_file(root: Path) -> None:
    artifacts = LocalArtifacts(root)
    for rollout in range(5):
        await artifacts.put(f"r{rollout}/screens/a.png", b"the start page")
    assert len({path.stat().st_ino for path in files(root)}) == 1


async def test_nothing_is_left_when_all_that_had_a_content_are_deleted(root: Path) -> None:
    artifacts = LocalArtifacts(root)
    for rollout in ("r1", "r2"):
        await artifacts.put(f"{rollout}/a.png", b"content")
    for rollout in ("r1", "r2"):
        await artifacts.delete_rollout(rollout)
    assert files(root) == []


@pytest.mark.parametrize("code", [errno.EMLINK, errno.ENOTSUP])
async def test_a_content_that_can_have_no_further_name_is_stored_once_more(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no further link")

    artifacts = LocalArtifacts(root)
    await artifacts.put("r1/a.png", b"content")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "hardlink_to", refuse)
        if code == errno.EMLINK:
            patched.setattr("rolldeck.storage.artifacts._share", lambda *_: None)
        await artifacts.put("r2/a.png", b"content")
    assert (root / "r2" / "a.png").read_bytes() == b"content"
    assert (root / "r2" / "a.png").stat().st_ino != (root / "r1" / "a.png").stat().st_ino
    assert await artifacts.delete_rollout("r2") == 7


async def test_a_link_in_a_workspace_is_not_followed_when_its_rollout_is_deleted(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"precious")
    artifacts = LocalArtifacts(root)
    (artifacts.workspace("r1", 1) / "link").symlink_to(outside)
    await artifacts.delete_rollout("r1")
    assert (outside / "kept").exists()


async def test_a_file_that_cannot_be_read_is_an_error_of_storage(root: Path) -> None:
    artifacts = LocalArtifacts(root)
    await artifacts.put("r1/a.png", b"x")
    (root / "r1" / "a.png").unlink()
    (root / "r1" / "a.png").mkdir()
    with pytest.raises(StorageError):
        async for _ in artifacts.read("r1/a.png"):
            pass
