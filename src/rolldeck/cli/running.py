"""Running a command: its settings, its errors in words, its exit code, and what a signal does to it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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

STOPPING = "Stopping, and cleaning up. Once more stops at once."

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Command = Callable[[Settings], Coroutine[None, None, int]]


class Overrides(TypedDict, total=False):
    """Settings that a command's options override; None leaves a setting as it is."""

    data_dir: Path | None
    host: str | None
    port: int | None
    parallel: int | None
    workers: int | None
    record_models: bool | None


def complete(command: Command, *, quiet: bool, stopping: str | None = STOPPING, **overrides: Unpack[Overrides]) -> int:
    """Run a command to its end and return its exit code. A first signal lets it clean up, a second one does not.

    ``quiet``: of the logs only what went wrong is shown. ``stopping`` is what a first signal makes it say.
    """
    try:
        settings = Settings.model_validate({name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        say_settings_are_wrong(error)
        return BAD_INPUT
    if quiet and settings.log_level != "debug":
        settings = settings.model_copy(update={"log_level": "error"})
    configure_logs(settings.log_level)
    try:
        with asyncio.Runner() as runner:
            return runner.run(_until_interrupted(command(settings), stopping))
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
        if problem["type"] == "default_factory_not_called":  # follows from another one
            continue
        say(f"Error: {_variable_of(''.join(map(str, problem['loc'])))}: {problem['msg']}")


def _variable_of(place: str) -> str:
    """Return the variable that a person has set, or could; ``place`` is a setting's name or its first variable."""
    for name in Settings.model_fields:
        variables = Settings.variables_of(name)
        if place in (name, variables[0]):
            return next((variable for variable in variables if os.environ.get(variable)), variables[0])
    return place


async def _until_interrupted(command: Coroutine[None, None, int], stopping: str | None) -> int:
    signals = _Signals(command, stopping)
    signals.take()
    try:
        code = await signals.work
    except asyncio.CancelledError:
        if not signals.cancelled:
            raise
        return INTERRUPTED
    except Exception as error:  # told, not hidden: Ctrl-C reaches processes that are just starting, too
        if not signals.cancelled:
            raise
        say(f"While stopping: {error}")
        return INTERRUPTED
    finally:
        signals.let_go()
    return INTERRUPTED if signals.cancelled else code


Reaction = Callable[[signal.Signals], None]


@contextmanager
def reacting(reaction: Reaction) -> Iterator[None]:
    """Within the block a signal does this, and does not cancel the command."""
    signals = _signals.get()
    before, signals.reaction = signals.reaction, reaction
    try:
        yield
    finally:
        signals.reaction = before


def let_signals_end_the_process() -> None:
    """Let the next signal end this process at once."""
    _signals.get().let_go()


class _Signals:
    """What a signal does to the command that runs: it is cancelled, unless the command says otherwise."""

    def __init__(self, command: Coroutine[None, None, int], stopping: str | None) -> None:
        self._stopping = stopping
        _signals.set(self)  # before the task begins, which takes its context along
        self.work = asyncio.ensure_future(command)
        self.cancelled = False
        self.reaction: Reaction = self._cancel

    def take(self) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._arrived, number)

    def let_go(self) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _arrived(self, number: signal.Signals) -> None:
        self.reaction(number)

    def _cancel(self, _: signal.Signals) -> None:
        self.cancelled = True
        if self._stopping is not None:
            say(f"\n{self._stopping}")
        self.work.cancel()
        self.let_go()


_signals: ContextVar[_Signals] = ContextVar("signals")
