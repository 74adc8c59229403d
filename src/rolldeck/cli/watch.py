"""``rolldeck watch``: the event log in a terminal, as it grows."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic import ValidationError
from pydantic_core import from_json
from rich.console import Console
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from rolldeck.api.schemas import EventList, Problem
from rolldeck.api.stream import EventsMessage
from rolldeck.cli.event_lines import line_of
from rolldeck.cli.remote import ServerFailed, connect, server_address
from rolldeck.cli.running import INTERRUPTED, OK, reacting, say
from rolldeck.domain.errors import InvalidInput, RolldeckError
from rolldeck.domain.event import LoggedEvent
from rolldeck.settings import Settings

_LARGEST_MESSAGE = 16 * 1024 * 1024
_FIRST_PAUSE = 0.2  # seconds until a lost connection is tried again; twice as long each time it fails
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class WatchEvents:
    """The command with its options. Without ``server``, that of the installation; without ``after``, from now on."""

    server: str | None
    after: int | None
    batch_id: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Follow the log until a signal ends it, or nobody reads what is printed any more."""
        following = asyncio.create_task(self._follow(settings))
        with reacting(lambda _: _cancel(following)):
            await asyncio.wait({following})
        if following.cancelled():
            return INTERRUPTED
        following.result()
        return OK

    async def _follow(self, settings: Settings) -> None:
        place = await _newest(settings, self.server) if self.after is None else self.after
        show = _print_json if self.as_json else _line_printer()
        async for event in _Follower(settings, self.server, place, self.batch_id).events():
            try:
                show(event)
            except BrokenPipeError:  # `rolldeck watch | head`: what is still buffered has no reader either
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def _newest(settings: Settings, given: str | None) -> int:
    async with connect(settings, given) as server:
        return EventList.model_validate_json(await server.ask("GET", "/api/events?limit=1")).last


class _Follower:
    """The log from a place on, over one connection after another: a lost one is opened again where its last event was."""

    def __init__(self, settings: Settings, given: str | None, place: int, batch_id: str | None) -> None:
        self._settings = settings
        self._given = given
        self._place = place
        self._batch_id = batch_id
        self._was_connected = False
        self._said_lost = False

    async def events(self) -> AsyncIterator[LoggedEvent]:
        """Yield events for ever. Raises ``RolldeckError`` where the server refuses, or did not answer to begin with."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async for event in self._of_one_connection():
                    self._place, pause = event.seq, _FIRST_PAUSE
                    yield event
            except ServerFailed as error:
                if not self._was_connected:
                    raise
                self._say_lost(error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _of_one_connection(self) -> AsyncIterator[LoggedEvent]:
        """Yield events until the connection is lost. Raises ``ServerFailed``, ``InvalidInput``."""
        url = self._url()
        try:
            async with open_websocket(url, max_size=_LARGEST_MESSAGE, proxy=None) as websocket:
                self._say_connected()
                async for message in websocket:
                    for event in _events_in(message):
                        yield event
        except InvalidURI as error:
            raise InvalidInput(f"{self._given!r} is not a server's address, such as http://127.0.0.1:8000") from error
        except InvalidStatus as error:
            raise _refusal(error) from error
        except (OSError, ConnectionClosed, InvalidHandshake) as error:
            raise ServerFailed(f"the connection to the server is lost: {error}") from error
        raise ServerFailed("the server has ended the connection")

    def _url(self) -> str:
        try:
            address = server_address(self._settings, self._given)
        except InvalidInput as error:
            if self._was_connected:  # it is just restarting, perhaps elsewhere
                raise ServerFailed(str(error)) from error
            raise
        topic = "log" if self._batch_id is None else f"batch:{self._batch_id}"
        return f"{address.replace('http', 'ws', 1)}/api/stream?{urlencode({'after': self._place, 'topic': topic})}"

    def _say_connected(self) -> None:
        if self._said_lost:
            say("Connected again: nothing was missed.")
        self._was_connected, self._said_lost = True, False

    def _say_lost(self, error: ServerFailed) -> None:
        if not self._said_lost:
            say(f"{error}; trying again until it is back …")
        self._said_lost = True


def _events_in(message: str | bytes) -> Sequence[LoggedEvent]:
    """Return the events in a message of the stream, which also says that it lives."""
    document = from_json(message)
    return EventsMessage.model_validate(document).events if document["type"] == "events" else ()


def _refusal(error: InvalidStatus) -> RolldeckError:
    """Return why a server did not let us follow. A server that is only starting, or overloaded, may do so later."""
    response = error.response
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed(f"the server answered with {response.status_code}")
    try:
        return InvalidInput(Problem.model_validate_json(response.body or b"").detail)
    except ValidationError:
        return InvalidInput(f"the server answered with {response.status_code}: is it a Rolldeck server?")


def _line_printer() -> Callable[[LoggedEvent], None]:
    console = Console(highlight=False)
    return lambda event: console.print(line_of(event), soft_wrap=True)


def _print_json(event: LoggedEvent) -> None:
    # ASCII only: what users and models wrote must not reach the terminal as control characters.
    print(json.dumps(event.model_dump(mode="json")), flush=True)
