"""Giving back what an attempt holds: all at once, bounded in time."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rolldeck.agents.port import Agent
from rolldeck.browser.port import BrowserPage
from rolldeck.domain.errors import AgentError, BrowserError, EnvironmentFailure, RecordingError, RolldeckError
from rolldeck.domain.log import Log, LogSource
from rolldeck.environments.port import Environment
from rolldeck.execution.interruption import Interrupt, Interrupted, bound
from rolldeck.recorder.port import Recording, Video

_SECONDS = 15.0
_LOGS_SECONDS = 1.5
_SECONDS_INTERRUPTED = 2.0  # whoever cancels is waiting

T = TypeVar("T")


@dataclass
class Holdings:
    """What an attempt has taken so far and must give back. ``given_back``: what is taken later is to be closed too."""

    environment: Environment | None = None
    page: BrowserPage | None = None
    recording: Recording | None = None
    agent: Agent | None = None
    given_back: bool = False


@dataclass(frozen=True)
class TornDown:
    """The video, where one was finished; what the page and the environment's services wrote; and what went wrong."""

    video: Video | None
    logs: Sequence[Log]
    errors: tuple[Exception, ...]


async def tear_down(holdings: Holdings, interrupt: Interrupt) -> TornDown:
    """Give everything back, in parallel. Raises nothing of what goes wrong: it is in the result.

    Each part has its time, little from an interruption on; one that hangs is left behind, to the reaper.
    """
    holdings.given_back = True

    async def close(what: str, work: Coroutine[None, None, T], kind: type[RolldeckError]) -> T:
        try:
            return await bound(work, by=interrupt.happened, then=_SECONDS_INTERRUPTED, seconds=_SECONDS)
        except (TimeoutError, Interrupted) as error:
            raise kind(f"{what} did not close in time; what is left of it is removed by and by") from error

    page, environment, agent, recording = holdings.page, holdings.environment, holdings.agent, holdings.recording
    of_services: list[Log] = []
    video, *closed = await asyncio.gather(
        close("the video", _finish(recording), RecordingError),
        close("the page", _close(page), BrowserError),
        close("the environment", _close_environment(environment, of_services), EnvironmentFailure),
        close("the agent", _close(agent), AgentError),
        return_exceptions=True,
    )
    errors = tuple(error for error in (video, *closed) if isinstance(error, Exception))
    of_page = () if page is None else page.logs()
    return TornDown(video if isinstance(video, Video) else None, (*of_page, *of_services), errors)


async def _finish(recording: Recording | None) -> Video | None:
    return None if recording is None else await recording.finish()


async def _close_environment(environment: Environment | None, logs: list[Log]) -> None:
    """Take what its services wrote, if that can be had soon, and close it."""
    if environment is None:
        return
    with contextlib.suppress(EnvironmentFailure, TimeoutError):  # an engine that is away has them no longer either
        async with asyncio.timeout(_LOGS_SECONDS):
            written = await environment.logs()
            logs.extend(Log(source=LogSource.SERVICE, name=name, text=text) for name, text in written.items())
    await environment.close()


async def _close(holding: BrowserPage | Agent | None) -> None:
    if holding is not None:
        await holding.close()
