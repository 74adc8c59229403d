"""What is around the resources: health, catalog, errors, documentation, the dashboard."""

import hashlib
import json
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from rolldeck.domain.errors import StorageError
from rolldeck.storage.database import Database

from .conftest import Connect, Deck

WithWeb = Callable[[Path | None], httpx2.AsyncClient]


@pytest.fixture
def web_dir(tmp_path: Path) -> Path:
    """An exported dashboard, as Next.js lays it out."""
    web = tmp_path / "out"
    (web / "_next" / "static").mkdir(parents=True)
    (web / "rollout").mkdir()
    (web / "index.html").write_text("<html><script>start(1)</script><script src='/_next/static/a.js'></script>")
    (web / "rollout" / "index.html").write_text("<html><script>show()</script>")
    (web / "404.html").write_text("<html><script>lost()</script>No such page")
    (web / "_next" / "static" / "a.js").write_text("go()")
    return web


async def test_health_says_that_it_works_and_what_is_going_on(client: httpx2.AsyncClient, deck: Deck) -> None:
    await client.post("/api/tasks/upload", json=[{"id": "1", "task": "?", "answer": "1"}])
    await deck.start_a_batch("1", repeats=3)
    await deck.add_worker()
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": "1.2.3",
        "database": "ok",
        "live_rollouts": 3,
        "workers": 1,
        "claiming": True,
        "blocked": [],
    }


async def test_health_is_degraded_when_the_database_is_gone(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone() -> int:
        raise StorageError("gone")

    monkeypatch.setattr(database.rollouts, "count_live", gone)
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")


async def test_agents_and_environments_are_listed(client: httpx2.AsyncClient) -> None:
    assert "oracle" in [each["name"] for each in (await client.get("/api/agents")).json()]
    environments = (await client.get("/api/environments")).json()
    assert [(each["name"], each["built"]) for each in environments] == [("superset", False)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nothing", 404), ("PUT", "/api/tasks", 405), ("GET", "/nothing", 404), ("POST", "/health", 405)],
)
async def test_what_does_not_exist_is_a_problem(
    client: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert path in answer.json()["detail"]


async def test_an_unexpected_error_tells_nothing_of_its_inside(
    deck: Deck, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> int:
        raise RuntimeError("the password is xyzzy")

    monkeypatch.setattr(deck.services.rollouts, "count_live", broken)
    async with connect(deck.services) as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "xyzzy" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_unreachable_database_is_a_problem_of_the_server(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(**_: object) -> None:
        raise StorageError("The database failed")

    monkeypatch.setattr(database.tasks, "list", gone)
    assert (await client.get("/api/tasks")).status_code == 503


async def test_without_a_dashboard_the_first_page_says_how_to_get_it(with_web: WithWeb, tmp_path: Path) -> None:
    for web_dir in (None, tmp_path / "missing"):
        async with with_web(web_dir) as client:
            answer = await client.get("/")
            assert answer.status_code == 200
            assert "make install" in answer.text


async def test_the_dashboard_is_served_with_its_pages_and_files(with_web: WithWeb, web_dir: Path) -> None:
    async with with_web(web_dir) as client:
        assert "start(1)" in (await client.get("/")).text
        assert "show()" in (await client.get("/rollout/", params={"id": "x"})).text
        missing = await client.get("/no/such/page")
        assert (missing.status_code, "No such page" in missing.text) == (404, True)
        assert (await client.get("/api/none")).headers["content-type"] == "application/problem+json"
        assert (await client.get("/health")).json()["status"] == "ok"


async def test_files_with_a_hash_in_their_name_are_cached_for_ever_and_pages_never(
    with_web: WithWeb, web_dir: Path
) -> None:
    async with with_web(web_dir) as client:
        assert "immutable" in (await client.get("/_next/static/a.js")).headers["cache-control"]
        assert "immutable" not in (await client.get("/_next/static/gone.js")).headers["cache-control"]
        assert (await client.get("/")).headers["cache-control"] == "no-cache"
        assert (await client.get("/api/tasks")).headers["cache-control"] == "no-store"


async def test_pages_and_their_scripts_are_compressed_for_whom_takes_them_so_and_answers_of_the_api_are_not(
    with_web: WithWeb, web_dir: Path
) -> None:
    script = "go();" * 1000
    (web_dir / "_next" / "static" / "a.js").write_text(script)
    async with with_web(web_dir) as client:
        compressed = await client.get("/_next/static/a.js")
        assert (compressed.headers["content-encoding"], compressed.text) == ("gzip", script)
        assert "Accept-Encoding" in compressed.headers["vary"]
        assert int(compressed.headers["content-length"]) < len(script) / 10
        plain = await client.get("/_next/static/a.js", headers={"Accept-Encoding": "identity"})
        assert ("content-encoding" in plain.headers, plain.text) == (False, script)
        schema = await client.get("/api/tasks/schema")
        assert len(schema.content) > 1000
        assert "content-encoding" not in schema.headers


async def test_each_page_may_run_its_own_inline_scripts_only(with_web: WithWeb, web_dir: Path) -> None:
    async with with_web(web_dir) as client:
        policies = [
            (await client.get(path)).headers["content-security-policy"] for path in ("/", "/rollout/", "/gone/")
        ]
    assert len(set(policies)) == 3
    assert hashlib.sha256(b"start(1)").digest() == b64decode(policies[0].partition("'sha256-")[2].partition("'")[0])
    for policy in policies:
        assert policy.count("'sha256-") == 1
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.split("style-src")[0]


async def test_a_page_that_the_browser_has_already_keeps_its_policy(with_web: WithWeb, web_dir: Path) -> None:
    async with with_web(web_dir) as client:
        first = await client.get("/rollout/")
        again = await client.get("/rollout/", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert "content-security-policy" not in again.headers


@pytest.fixture
def printed_document() -> str:
    command = [sys.executable, "-W", "error", "-m", "rolldeck.api.openapi"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


async def test_the_openapi_document_is_printed_without_starting_anything(
    client: httpx2.AsyncClient, printed_document: str
) -> None:
    document = json.loads(printed_document)
    assert document == (await client.get("/openapi.json")).json()
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    assert {"list_tasks", "upload_tasks", "create_rollouts", "delete_rollout", "get_video"} <= operations.keys()
    for operation in operations.values():
        assert operation["responses"]["4XX"]["content"].keys() == {"application/problem+json"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_the_documentation_loads_from_nowhere_else(client: httpx2.AsyncClient) -> None:
    pytest.importorskip("fastapi_offline")
    page = await client.get("/docs")
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    assert all(address.startswith("/") for address in loaded)
    for address in loaded:
        assert (await client.get(address)).status_code == 200
    assert "'sha256-" in page.headers["content-security-policy"]


async def test_without_swagger_ui_the_documentation_says_how_to_get_it(
    deck: Deck, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolldeck.api.docs._PACKAGE", "no_such_package")
    async with connect(deck.services) as client:
        page = await client.get("/docs")
    assert (page.status_code, "/openapi.json" in page.text) == (200, True)


async def test_the_limit_of_uploads_is_the_settings(deck: Deck, connect: Connect) -> None:
    async with connect(replace(deck.services, max_upload_mb=2)) as client:
        content = b"[".ljust(1_500_000)
        answer = await client.post("/api/tasks/upload", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 422
