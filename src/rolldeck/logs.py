"""Logs: one line per event on stderr, with the rollout that it is about. Never a secret."""

import contextlib
import logging
import sys
from contextvars import ContextVar

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from rolldeck.domain.log import Tail

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str) -> None:
    """Send this program's and its libraries' logs to stderr, from ``level`` (a key of ``LEVELS``) on."""
    threshold = LEVELS[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _keep_and_render,
        ],
        wrapper_class=_filtering(threshold),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), stream=sys.stderr, force=True)


_kept: ContextVar[Tail | None] = ContextVar("kept", default=None)
_render = structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"))


def keep_what_is_logged_in(tail: Tail) -> None:
    """From now on, have what is logged in this task, and in those that it starts, in ``tail`` too."""
    _kept.set(tail)


def _keep_and_render(logger: WrappedLogger, method: str, event: EventDict) -> str:
    line = _render(logger, method, event)
    if (tail := _kept.get()) is not None:
        tail.add(line)
    return line


def log_plainly() -> None:
    """Log everything, each event as a line of words alone: for a person who reads how one thing goes on."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, _in_words],
        wrapper_class=_filtering(logging.DEBUG),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def _in_words(_: WrappedLogger, __: str, event: EventDict) -> str:
    more = {name: value for name, value in event.items() if name not in {"event", "program", "exception"}}
    words = [str(event.get("event", "")), *(f"{name}={value}" for name, value in more.items())]
    return " ".join(words) + "".join(f"\n{event[name]}" for name in ("exception",) if name in event)


def _filtering(threshold: int) -> type[FilteringBoundLogger]:
    return structlog.make_filtering_bound_logger(threshold)


def _to_stderr(*_: object) -> WrappedLogger:
    # Asked for each time: a live display on the terminal replaces stderr while it is shown.
    return _LineLogger(sys.stderr)


class _LineLogger(structlog.WriteLogger):
    """Writes lines, and goes on where nobody reads them any more: a worker outlives the server that its stderr led to."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg
