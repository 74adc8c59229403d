"""Ending a rollout's execution from outside, and waiting for what may hang."""

import asyncio
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

_CANCELLING_SECONDS = 1.0  # for what is cancelled to clean up after itself

_log = structlog.get_logger(__name__)
_going_on_alone: set[asyncio.Task[Any]] = set()  # the event loop alone would not keep them from being collected


class Interruption(IntEnum):
    """Why an execution ends before its time, and what becomes of the rollout then. Of several the greatest holds."""

    RELEASE = 1
    """Its worker stops: another attempt follows, and this one is not counted."""
    CANCEL = 2
    """A person asked for it: the rollout is cancelled."""
    ABANDON = 3
    """The claim is lost: the rollout is another's now, and nothing is written."""


class Interrupt:
    """Interrupts one execution. ``happened`` is set then, ``worker_leaves`` where its worker owns it no longer."""

    def __init__(self) -> None:
        self.reason: Interruption | None = None
        self.happened = asyncio.Event()
        self.worker_leaves = asyncio.Event()

    def __call__(self, reason: Interruption) -> None:
        """End the execution for this reason, if there is no greater one yet."""
        self.reason = reason if self.reason is None else max(self.reason, reason)
        self.happened.set()
        if reason is not Interruption.CANCEL:
            self.worker_leaves.set()


class Interrupted(Exception):
    """Work was ended because of a signal."""


async def bound(work: Coroutine[Any, Any, T], *, by: asyncio.Event, then: float, seconds: float | None = None) -> T:
    """Await work for ``seconds`` (None: for ever), and only for ``then`` seconds from the signal ``by`` on.

    Then it is cancelled; what is not over a second later goes on alone. Raises what the work raised before that, else
    ``Interrupted`` or ``TimeoutError``.
    """
    task = asyncio.create_task(work)
    try:
        await _until_done_or_signalled(task, by, seconds)
        if by.is_set() and not task.done():
            await asyncio.wait({task}, timeout=then)
    finally:
        was_in_time = task.done()
        if not was_in_time:
            await _end(task)
    if was_in_time or _has_result(task):
        return task.result()
    raise Interrupted if by.is_set() else TimeoutError


async def to_its_end(work: Coroutine[Any, Any, T], on_cancel: Callable[[], None] = lambda: None) -> T:
    """Await work that a cancellation must not tear apart: ``on_cancel`` is told, and it is raised when all is done."""
    task = asyncio.create_task(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
            on_cancel()
    if cancelled:
        raise asyncio.CancelledError from task.exception()
    return task.result()


async def _until_done_or_signalled(task: asyncio.Task[T], by: asyncio.Event, seconds: float | None) -> None:
    signal = asyncio.create_task(by.wait())
    try:
        await asyncio.wait({task, signal}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signal.cancel()


async def _end(task: asyncio.Task[T]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=_CANCELLING_SECONDS)
    if not task.done():
        _going_on_alone.add(task)
        task.add_done_callback(_ended_alone)
    elif not task.cancelled() and task.exception() is not None:
        _log.info("what was ended failed in its clean-up", error=str(task.exception()))


def _ended_alone(task: asyncio.Task[T]) -> None:
    _going_on_alone.discard(task)
    error = None if task.cancelled() else task.exception()
    _log.warning("what did not end in time has ended now", error=str(error) if error else None)


def _has_result(task: asyncio.Task[T]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
