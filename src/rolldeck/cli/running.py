"""Running a command: its settings, its errors in words, its exit code, and what a signal does to it."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypedDict, Unpack

from pydantic import ValidationError

from rolldeck.domain.errors import InvalidInput, RolldeckError
from rolldeck.logs import configure_logs
from rolldeck.settings import Settings

OK = 0
NOT_ALL_COMPLETED = 1
BAD_INPUT = 2
INTERRUPTED = 130

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Command = Callable[[Settings], Coroutine[None, None, int]]


class Overrides(TypedDict, total=False):
    """Settings that a command's options override; None leaves a setting as it is."""

    data_dir: Path | None
    host: str | None
    port: int | None
    parallel: int | None


def complete(command: Command, *, quiet: bool, **overrides: Unpack[Overrides]) -> int:
    """Run a command to its end and return its exit code. A first signal lets it clean up, a second one does not.

    ``quiet``: of the logs only what went wrong is shown.
    """
    try:
        settings = Settings.model_validate({name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        say_settings_are_wrong(error)
        return BAD_INPUT
    configure_logs("error" if quiet and settings.log_level != "debug" else settings.log_level)
    try:
        with asyncio.Runner() as runner:
            return runner.run(_until_interrupted(command(settings)))
    except InvalidInput as error:
        say_error(error)
        return BAD_INPUT
    except RolldeckError as error:
        say_error(error)
        return NOT_ALL_COMPLETED
    except KeyboardInterrupt:
        return INTERRUPTED


def say(text: str) -> None:
    """Tell the person at the terminal, beside what a program may read on stdout."""
    print(text, file=sys.stderr, flush=True)


def say_error(error: RolldeckError) -> None:
    """Tell what went wrong, with every field that an input was refused for."""
    say(f"Error: {error}")
    if isinstance(error, InvalidInput):
        for problem in error.problems:
            if str(problem) != str(error) and problem.message != str(error):
                say(f"  {problem}")


def say_settings_are_wrong(error: ValidationError) -> None:
    """Tell which settings are wrong, by the variable that sets them."""
    for problem in error.errors(include_url=False, include_input=False):
        name = "_".join(str(part) for part in problem["loc"]).upper()
        say(f"Error: ROLLDECK_{name}: {problem['msg']}")


async def _until_interrupted(command: Coroutine[None, None, int]) -> int:
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(command)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        say("\nStopping: what runs is cancelled and cleaned up. Once more stops at once.")
        work.cancel()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        code = await work
    except asyncio.CancelledError:
        if not interrupted:
            raise
        return INTERRUPTED
    except Exception as error:  # told, not hidden: Ctrl-C reaches processes that are just starting, too
        if not interrupted:
            raise
        say(f"While stopping: {error}")
        return INTERRUPTED
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
    return INTERRUPTED if interrupted else code
