"""User ids for environments."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.process import accounts
from rolldeck.environments.runtimes.process.accounts import environment_account


@pytest.fixture(autouse=True)
def _as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)


def held(stack: ExitStack, locks: Path) -> int:
    account = stack.enter_context(environment_account(locks))
    assert account is not None
    return account.uid


def test_nobody_gets_a_user_id_that_another_environment_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_ENVIRONMENT_UIDS", (range(10, 13), range(20, 22)))
    monkeypatch.setattr(accounts, "_UID_MAP", tmp_path / "none")
    with ExitStack() as stack:
        uids = [held(stack, tmp_path) for _ in range(5)]
        assert sorted(uids[:3]) == [10, 11, 12], "the second range is for when the first is full"
        assert sorted(uids) == [10, 11, 12, 20, 21]
        with pytest.raises(EnvironmentFailure, match="taken"):
            held(stack, tmp_path)
    with environment_account(tmp_path) as again:
        assert again is not None


def test_ids_that_the_user_namespace_does_not_map_are_not_given_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_ENVIRONMENT_UIDS", (range(10, 12), range(70000, 70002)))
    uid_map = tmp_path / "uid_map"
    uid_map.write_text("         0     100000      65536\n")
    monkeypatch.setattr(accounts, "_UID_MAP", uid_map)
    with ExitStack() as stack:
        assert sorted(held(stack, tmp_path) for _ in range(2)) == [10, 11]
        with pytest.raises(EnvironmentFailure):
            held(stack, tmp_path)


def test_there_is_an_id_for_each_of_a_thousand_environments() -> None:
    assert sum(len(uids) for uids in accounts._ENVIRONMENT_UIDS) > 1024
