"""Which Python an application gets, and where it comes from."""

import sys
from pathlib import Path

import pytest

from rolldeck.environments.runtimes.process import interpreter
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.interpreter import Interpreter, find_interpreter, needs_copy

_OURS = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _forget() -> None:
    find_interpreter.cache_clear()


def test_our_own_python_is_taken_where_it_will_do() -> None:
    found = find_interpreter(("2.7", _OURS))
    assert found is not None
    assert found.prefix == Path(sys.base_prefix)


def test_another_python_on_the_path_is_taken_where_ours_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "python3.99"
    other.write_text("#!/bin/sh\nprintf '/opt/py/bin/python3.99\\n/opt/py\\n3.99.1\\n'\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_interpreter(("3.99",)) == Interpreter(Path("/opt/py/bin/python3.99"), Path("/opt/py"), "3.99.1")


def test_there_may_be_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(interpreter, "_find_uv", lambda: None)
    assert find_interpreter(("3.99",)) is None


def test_a_python_that_environments_cannot_enter_is_copied(tmp_path: Path) -> None:
    closed = tmp_path / "home" / "python"
    closed.parent.mkdir(mode=0o700)
    closed.touch()
    python = Interpreter(closed, tmp_path, "3.11.7")
    assert needs_copy(python, Account(65534, 65534))
    assert not needs_copy(python, None)
    assert not needs_copy(Interpreter(Path("/usr/bin/env"), Path("/usr"), "3.11.7"), Account(65534, 65534))
