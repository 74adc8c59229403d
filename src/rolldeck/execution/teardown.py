"""Giving back what a rollout holds: all at once, bounded in time."""

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from rolldeck.agents.port import Agent
from rolldeck.browser.port import BrowserPage
from rolldeck.domain.errors import AgentError, BrowserError, EnvironmentFailure, RecordingError, RolldeckError
from rolldeck.environments.port import Environment
from rolldeck.recorder.port import Recording, Video

T = TypeVar("T")


@dataclass
class Holdings:
    """What a rollout has taken so far and must give back."""

    environment: Environment | None = None
    page: BrowserPage | None = None
    recording: Recording | None = None
    agent: Agent | None = None


@dataclass(frozen=True)
class TornDown:
    """The video, where one was finished, and what went wrong."""

    video: Video | None
    errors: tuple[Exception, ...]


async def tear_down(holdings: Holdings, seconds: float) -> TornDown:
    """Give everything back, in parallel, within ``seconds``. Raises nothing of what goes wrong: it is in the result."""
    video, *closed = await asyncio.gather(
        _finish(holdings.recording, seconds),
        _close("the page", holdings.page, seconds, BrowserError),
        _close("the environment", holdings.environment, seconds, EnvironmentFailure),
        _close("the agent", holdings.agent, seconds, AgentError),
        return_exceptions=True,
    )
    errors = tuple(error for error in (video, *closed) if isinstance(error, Exception))
    return TornDown(video if isinstance(video, Video) else None, errors)


async def to_its_end(work: Coroutine[None, None, T]) -> T:
    """Await work that a cancellation must not tear apart: it is raised when the work is done."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError from task.exception()
    return task.result()


async def _finish(recording: Recording | None, seconds: float) -> Video | None:
    if recording is None:
        return None
    return await _bounded("the video", recording.finish(), seconds, RecordingError)


async def _close(
    what: str, holding: BrowserPage | Environment | Agent | None, seconds: float, kind: type[RolldeckError]
) -> None:
    if holding is not None:
        await _bounded(what, holding.close(), seconds, kind)


async def _bounded(what: str, work: Awaitable[T], seconds: float, kind: type[RolldeckError]) -> T:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise kind(f"{what} did not close within {seconds:g} s; the next start removes what is left of it") from error
