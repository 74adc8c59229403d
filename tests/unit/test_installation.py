"""Who may use a data directory."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rolldeck.domain.errors import StorageError
from rolldeck.installation import (
    Holder,
    InstallationInUse,
    claim_artifacts,
    hold_free_installation,
    hold_installation,
    holder_of,
    join_installation,
)


def test_the_data_directory_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with hold_installation(tmp_path / "a" / "data") as installation:
        assert stat.S_IMODE(installation.data_dir.stat().st_mode) == 0o700


def test_the_id_is_made_once_and_differs_between_installations(tmp_path: Path) -> None:
    with hold_installation(tmp_path / "one") as one, hold_installation(tmp_path / "two") as two:
        first, other = one.id, two.id
    with hold_installation(tmp_path / "one") as again:
        assert again.id == first != other


def test_a_directory_in_use_is_refused_and_it_is_said_by_whom(tmp_path: Path) -> None:
    with hold_installation(tmp_path) as installation:
        installation.announce("http://127.0.0.1:8000")
        with (
            pytest.raises(InstallationInUse, match=r"the process \d+, at http://127.0.0.1:8000"),
            hold_installation(tmp_path),
        ):
            pass


def test_a_directory_is_free_again_once_the_hold_ends(tmp_path: Path) -> None:
    for _ in range(2):
        with hold_installation(tmp_path):
            pass


def test_beside_one_in_use_the_first_free_one_is_held_again_and_again(tmp_path: Path) -> None:
    with hold_free_installation(tmp_path) as first:
        assert first.data_dir == tmp_path
        for _ in range(2):
            with hold_free_installation(tmp_path) as second, hold_free_installation(tmp_path) as third:
                assert second.data_dir == tmp_path / "runs" / "1"
                assert third.data_dir == tmp_path / "runs" / "2"


def test_a_directory_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be used"), hold_installation(tmp_path / "file" / "data"):
        pass


def test_whoever_holds_a_directory_is_found_with_its_address(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    with hold_installation(tmp_path) as installation:
        installation.announce("http://127.0.0.1:8000")
        assert holder_of(tmp_path) == Holder(pid=os.getpid(), address="http://127.0.0.1:8000")


def test_a_process_that_has_ended_holds_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / "lock").write_text(Holder(pid=int(done.stdout), address="http://127.0.0.1:8000").model_dump_json())
    assert holder_of(tmp_path) is None


def test_one_who_joins_holds_nothing_and_learns_the_id(tmp_path: Path) -> None:
    joined = join_installation(tmp_path / "data")
    with hold_installation(tmp_path / "data") as installation:
        assert installation.id == joined == join_installation(tmp_path / "data")


def test_a_directory_of_artifacts_is_its_installations_only(tmp_path: Path) -> None:
    claim_artifacts(tmp_path / "artifacts", "one", may_be_new=True)
    claim_artifacts(tmp_path / "artifacts", "one", may_be_new=False)
    with pytest.raises(StorageError, match="belongs to another installation"):
        claim_artifacts(tmp_path / "artifacts", "two", may_be_new=True)


def test_one_who_joins_does_not_make_a_directory_of_artifacts_that_the_server_does_not_see(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="ROLLDECK_ARTIFACTS_DIR"):
        claim_artifacts(tmp_path / "artifacts", "one", may_be_new=False)
    assert not (tmp_path / "artifacts").exists()
