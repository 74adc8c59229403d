"""Requests that nobody thought of: generated from the OpenAPI document, sent to a real server on a real database."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from rolldeck.api.app import create_app
from rolldeck.api.routes import bare_application
from rolldeck.domain.task import Task
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database

from .conftest import Deck, services_on

schema = schemathesis.openapi.from_dict(bare_application().openapi())
BOUNDED = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
TASKS = [Task(id="1", task="One?", answer=1), Task(id="a/b", task="Two?", answer=2)]


@asynccontextmanager
async def serving(data_dir: Path) -> AsyncIterator[uvicorn.Server]:
    database = await Database.open(data_dir / "rolldeck.db")
    services = services_on(database, LocalArtifacts(data_dir / "artifacts"))
    await database.tasks.upload(TASKS)
    await Deck(services).finish_a_rollout("1")
    yield uvicorn.Server(uvicorn.Config(create_app(services), log_level="warning"))
    await database.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server with two tasks and a finished rollout listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    servers: list[uvicorn.Server] = []
    ready = threading.Event()

    async def serve() -> None:
        async with serving(tmp_path_factory.mktemp("data")) as server:
            servers.append(server)
            ready.set()
            await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    servers[0].should_exit = True
    thread.join()
    with contextlib.suppress(OSError):
        listener.close()


@schema.parametrize()
@BOUNDED
def test_no_request_breaks_the_server_and_every_answer_is_as_documented(case: schemathesis.Case, address: str) -> None:
    response = case.call(base_url=address)
    case.validate_response(response, checks=(not_a_server_error, content_type_conformance, response_schema_conformance))


@BOUNDED
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_upload_breaks_the_server(content: bytes, address: str) -> None:
    for headers in ({"content-type": "application/json"}, {"content-type": "multipart/form-data; boundary=0"}):
        answer = httpx2.post(f"{address}/api/tasks/upload", content=content, headers=headers)
        assert answer.status_code in {413, 422}
        assert answer.headers["content-type"] == "application/problem+json"
    as_file = httpx2.post(f"{address}/api/tasks/upload", files={"file": ("t", content)})
    assert as_file.status_code in {413, 422}


def test_the_server_goes_on_after_an_upload_that_is_too_large(address: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3000):
            yield b" " * 10_000

    with contextlib.suppress(httpx2.WriteError, httpx2.RemoteProtocolError, httpx2.ReadError):
        answer = httpx2.post(
            f"{address}/api/tasks/upload", content=pieces(), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
    assert httpx2.get(f"{address}/health").json()["status"] == "ok"
