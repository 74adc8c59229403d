"""The API against hostile pages, names and contents."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from rolldeck.agents.registry import AgentRegistry
from rolldeck.api.app import create_app
from rolldeck.api.services import Services
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Step
from rolldeck.domain.status import Event
from rolldeck.domain.task import Task
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.environments.port import TemplateInfo
from rolldeck.events.feed import EventFeed
from rolldeck.events.metrics import Metrics
from rolldeck.live.frames import LiveFrames
from rolldeck.settings import Settings
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Change
from rolldeck.wiring import nobody_is_told, operations_of

NOW = datetime.now(UTC)
WORKER = Worker(id="w", host="h", pid=1, version="1", report=WorkerReport(parallel=1), started_at=NOW, seen_at=NOW)
ACTIVE = b"<html><script>fetch('/api/rollouts')</script>"


class NoTemplates:
    """Stands for the environments, of which these tests need none."""

    async def templates(self) -> Sequence[TemplateInfo]:
        """None."""
        return []


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    database = await Database.open(tmp_path / "rolldeck.db")
    await database.tasks.upload([Task(id="1", task="?", answer=1)])
    yield Services(
        tasks=database.tasks,
        batches=database.batches,
        rollouts=database.rollouts,
        workers=database.workers,
        quotas=database.quotas,
        people=database.people,
        events=database.events,
        statistics=database.statistics,
        artifacts=LocalArtifacts(tmp_path / "artifacts"),
        agents=AgentRegistry(),
        environments=NoTemplates(),
        feed=EventFeed(database.events),
        frames=LiveFrames(lambda _: None),
        metrics=Metrics("1"),
        reader=None,
        operations=operations_of(Settings(data_dir=tmp_path), nobody_is_told),
        wake=lambda: None,
        version="1",
        host="127.0.0.1",
        max_upload_mb=1,
        web_dir=None,
    )
    await database.close()


def connected(services: Services) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=create_app(services))
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    async with connected(services) as opened:
        yield opened


Finish = Callable[[], Awaitable[str]]


@pytest.fixture
def finish(services: Services) -> Finish:
    """Return what makes a finished rollout whose screenshot and video are active content."""

    async def finish_one() -> str:
        rollouts, artifacts = services.rollouts, services.artifacts
        await services.batches.create(BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),)), {})
        await services.workers.register(WORKER)
        (claim,) = await rollouts.claim(WORKER.id)
        rollout_id = claim.rollout.id
        screenshot = await artifacts.put(f"{rollout_id}/screens/0.png", ACTIVE)
        step = Step(index=0, offset=0, url="javascript:alert(1)", screenshot=screenshot, at=datetime.now(UTC))
        await rollouts.add_step(rollout_id, claim.token, step)
        video = await artifacts.put(f"{rollout_id}/video.mp4", ACTIVE)
        await rollouts.advance(rollout_id, claim.token, Event.ERROR, Change(video=video))
        return rollout_id

    return finish_one


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:3000", "LOCALHOST", "[::1]:8000"])
async def test_the_servers_own_names_are_answered(client: httpx2.AsyncClient, host: str) -> None:
    assert (await client.get("/api/tasks", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "", "[::1", "10.0.0.1", "@127.0.0.1@x"],
)
async def test_a_name_that_is_rebound_to_this_machine_is_not_answered(client: httpx2.AsyncClient, host: str) -> None:
    for path in ("/api/tasks", "/", "/docs", "/openapi.json"):
        answer = await client.get(path, headers={"host": host})
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


async def test_the_configured_host_is_answered(services: Services) -> None:
    async with connected(replace(services, host="rolldeck.lan")) as client:
        assert (await client.get("/api/tasks", headers={"host": "rolldeck.lan:8000"})).status_code == 200
        assert (await client.get("/api/tasks", headers={"host": "10.0.0.1"})).status_code == 403


async def test_a_server_on_all_addresses_answers_for_addresses_but_not_for_foreign_names(services: Services) -> None:
    async with connected(replace(services, host="0.0.0.0")) as client:
        assert (await client.get("/api/tasks", headers={"host": "10.0.0.1:8000"})).status_code == 200
        assert (await client.get("/api/tasks", headers={"host": "evil.example"})).status_code == 403


FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9999"},
    {"origin": "http://evil.example"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "null"},
    {"origin": "http://[broken"},
    {"origin": ""},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_foreign_page_can_change_nothing(
    client: httpx2.AsyncClient, finish: Finish, headers: dict[str, str]
) -> None:
    rollout_id = await finish()
    attempts = [
        await client.post("/api/tasks/upload", files={"file": ("t", b"[]")}, headers=headers),
        await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop"}, headers=headers),
        await client.delete(f"/api/rollouts/{rollout_id}", headers=headers),
    ]
    assert [answer.status_code for answer in attempts] == [403, 403, 403]
    assert (await client.get(f"/api/rollouts/{rollout_id}")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "http://127.0.0.1:8000"}, {"sec-fetch-site": "same-origin", "origin": "http://localhost:3000"}],
)
async def test_our_own_pages_and_programs_can(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop"}, headers=headers)
    assert answer.status_code == 201


async def test_hostile_content_is_never_active(client: httpx2.AsyncClient, finish: Finish) -> None:
    rollout_id = await finish()
    for path, media_type in (("video", "video/mp4"), ("steps/0/screenshot", "image/png")):
        answer = await client.get(f"/api/rollouts/{rollout_id}/{path}")
        assert answer.content == ACTIVE
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/health", "/api/tasks", "/api/nothing", "/nothing"])
async def test_every_answer_forbids_sniffing_framing_and_foreign_use(client: httpx2.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("rollout_id", ["%2e%2e", "%2e%2e%2f%2e%2e", "0" * 25, "0" * 27, "0" * 25 + "U", "%00" * 26])
async def test_what_is_no_rollouts_id_reaches_no_file(
    client: httpx2.AsyncClient, rollout_id: str, tmp_path: Path
) -> None:
    for path in ("", "/video", "/steps/0/screenshot"):
        answer = await client.get(f"/api/rollouts/{rollout_id}{path}")
        assert answer.status_code in {404, 422}
    assert (await client.delete(f"/api/rollouts/{rollout_id}")).status_code in {404, 405, 422}
    assert (tmp_path / "rolldeck.db").exists()


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/link", "/_next/../../secret", "/%00"]
)
async def test_the_dashboards_directory_is_not_left(services: Services, tmp_path: Path, path: str) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text("<html>")
    (tmp_path / "secret").write_text("xyzzy")
    (web / "link").symlink_to(tmp_path / "secret")
    async with connected(replace(services, web_dir=web)) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert "xyzzy" not in answer.text


async def test_an_upload_with_many_parts_is_refused(client: httpx2.AsyncClient) -> None:
    parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(1000))
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post("/api/tasks/upload", content=parts + b"--b--\r\n", headers=headers)
    assert answer.status_code == 422
