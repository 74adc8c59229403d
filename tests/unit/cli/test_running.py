"""Exit codes, errors in words, and signals."""

import asyncio
import os
import signal

import pytest

from rolldeck.cli.running import BAD_INPUT, INTERRUPTED, NOT_ALL_COMPLETED, complete, reacting
from rolldeck.domain.errors import BrowserError, FieldProblem, InvalidInput
from rolldeck.settings import Settings


def test_the_commands_code_is_the_exit_code() -> None:
    async def command(_: Settings) -> int:
        return 7

    assert complete(command, quiet=True) == 7


def test_options_override_settings_and_those_not_given_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_PORT", "9")
    monkeypatch.setenv("ROLLDECK_PARALLEL", "9")

    async def command(settings: Settings) -> int:
        return settings.port * 100 + settings.parallel

    assert complete(command, quiet=True, port=None, parallel=3) == 903


def test_a_wrong_setting_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROLLDECK_PARALLEL", "none")

    async def command(_: Settings) -> int:
        return 0

    assert complete(command, quiet=True) == BAD_INPUT
    assert "Error: ROLLDECK_PARALLEL: " in capsys.readouterr().err


def test_a_wrong_setting_is_told_by_the_name_that_was_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAX_WORKERS", "none")

    async def command(_: Settings) -> int:
        return 0

    assert complete(command, quiet=True) == BAD_INPUT
    assert "Error: MAX_WORKERS: " in capsys.readouterr().err


def test_bad_input_is_told_with_every_problem(capsys: pytest.CaptureFixture[str]) -> None:
    async def command(_: Settings) -> int:
        raise InvalidInput(
            "2 problems", (FieldProblem("id", "missing", index=0), FieldProblem("task", "empty", index=1))
        )

    assert complete(command, quiet=True) == BAD_INPUT
    assert capsys.readouterr().err.splitlines() == [
        "Error: 2 problems",
        "  task 0, field 'id': missing",
        "  task 1, field 'task': empty",
    ]


def test_a_failure_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    async def command(_: Settings) -> int:
        raise BrowserError("no Chromium was found")

    assert complete(command, quiet=True) == NOT_ALL_COMPLETED
    assert capsys.readouterr().err == "Error: no Chromium was found\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_command_clean_up(number: signal.Signals) -> None:
    cleaned_up = []

    async def command(_: Settings) -> int:
        os.kill(os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned_up.append(True)
        return 0

    assert complete(command, quiet=True) == INTERRUPTED
    assert cleaned_up == [True]


def test_an_interrupted_command_that_ends_in_its_own_way_is_interrupted_all_the_same() -> None:
    async def command(_: Settings) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 1
        return 0

    assert complete(command, quiet=True) == INTERRUPTED


def test_a_second_signal_stops_at_once() -> None:
    async def command(_: Settings) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        return 0

    assert complete(command, quiet=True) == INTERRUPTED


def test_what_fails_while_stopping_is_told_and_the_command_was_interrupted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def command(_: Settings) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("the driver is gone")

    assert complete(command, quiet=True) == INTERRUPTED
    assert "While stopping: the driver is gone" in capsys.readouterr().err


def test_a_command_may_react_to_signals_in_its_own_way(capsys: pytest.CaptureFixture[str]) -> None:
    async def command(_: Settings) -> int:
        came: asyncio.Queue[signal.Signals] = asyncio.Queue()
        with reacting(came.put_nowait):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            assert {await came.get(), await came.get()} == {signal.SIGTERM, signal.SIGINT}
        return 7

    assert complete(command, quiet=True) == 7
    assert capsys.readouterr().err == ""


def test_a_command_that_reacted_is_cancelled_by_later_signals() -> None:
    async def command(_: Settings) -> int:
        with reacting(lambda _: None):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        return 0

    assert complete(command, quiet=True) == INTERRUPTED


def test_of_a_wrong_setting_nothing_is_told_that_follows_from_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROLLDECK_DATABASE_URL", "mysql://me:hunter2@host/db")

    async def command(_: Settings) -> int:
        return 0

    assert complete(command, quiet=True) == BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: ROLLDECK_DATABASE_URL: ")
    assert "hunter2" not in line
