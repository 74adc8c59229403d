"""A server that runs, as a command reaches it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx2
from pydantic import ValidationError

from rolldeck.api.schemas import Problem
from rolldeck.domain.errors import Conflict, FieldProblem, InvalidInput, NotFound, RolldeckError
from rolldeck.installation import holder_of
from rolldeck.settings import Settings

_SECONDS = 30.0  # a batch of 10,000 is cancelled in less


class ServerFailed(RolldeckError):
    """The server could not be reached, or could not do what it was asked to."""

    retryable = True


def server_address(settings: Settings, given: str | None) -> str:
    """Return where the server is: as given, else that of the process which serves the data directory.

    Raises ``InvalidInput`` where none does.
    """
    if given is not None:
        return given.rstrip("/")
    holder = holder_of(settings.data_dir)
    if holder is None or holder.address is None:
        raise InvalidInput(
            f"no server runs on {settings.data_dir}: start one with `rolldeck serve`, or name one with --server"
        )
    return holder.address


class Server:
    """A server's API. What it refuses is raised as the error that it is."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> bytes:
        """Send a request, and return the answer's JSON. Raises ``RolldeckError``."""
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise ServerFailed(f"the server at {self._client.base_url} cannot be reached: {error}") from error
        if answer.is_success:
            return answer.content
        raise _error_of(answer)


@asynccontextmanager
async def connect(settings: Settings, given: str | None) -> AsyncIterator[Server]:
    """Give the server of the installation, or the one given. Raises ``InvalidInput`` where there is none."""
    address = server_address(settings, given)
    try:
        client = httpx2.AsyncClient(base_url=address, timeout=_SECONDS, trust_env=False)
    except httpx2.InvalidURL as error:
        raise InvalidInput(f"{address!r} is not a server's address, such as http://127.0.0.1:8000") from error
    async with client:
        yield Server(client)


def _error_of(answer: httpx2.Response) -> RolldeckError:
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        return ServerFailed(f"the server answered with {answer.status_code}: is it a Rolldeck server?")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return NotFound(problem.detail)
    if answer.status_code == HTTPStatus.CONFLICT:
        return Conflict(problem.detail)
    if answer.is_client_error:
        fields = (FieldProblem(each.field, each.message, index=each.index) for each in problem.errors)
        return InvalidInput(problem.detail, tuple(fields))
    return ServerFailed(problem.detail)
