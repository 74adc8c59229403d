"""Tasks over HTTP."""

import json
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

SEED = [{"id": "10", "task": "Ten?", "answer": '{"n": 10}'}, {"id": "2", "task": "Two?", "answer": '{"n": 2}'}]


async def upload(client: httpx2.AsyncClient, tasks: object) -> httpx2.Response:
    return await client.post("/api/tasks/upload", json=tasks)


async def test_a_file_is_uploaded_as_a_form_or_as_json(client: httpx2.AsyncClient) -> None:
    as_json = await upload(client, SEED)
    assert as_json.status_code == 200
    assert as_json.json() == {"added": 2, "changed": 0, "unchanged": 0, "total": 2, "task_ids": ["10", "2"]}
    file = ("tasks.json", json.dumps(SEED).encode(), "application/json")
    as_form = await client.post("/api/tasks/upload", files={"file": file})
    assert as_form.json() == {"added": 0, "changed": 0, "unchanged": 2, "total": 2, "task_ids": ["10", "2"]}


async def test_tasks_are_listed_in_natural_order_with_counts_and_pages(client: httpx2.AsyncClient) -> None:
    await upload(client, SEED)
    first = (await client.get("/api/tasks", params={"limit": 1})).json()
    assert [each["id"] for each in first["tasks"]] == ["2"]
    assert first["tasks"][0]["counts"]["total"] == 0
    assert first["tasks"][0]["counts"]["success_rate"] is None
    second = (await client.get("/api/tasks", params={"limit": 1, "after": first["next"]})).json()
    assert [each["id"] for each in second["tasks"]] == ["10"]
    assert second["next"] is None


@pytest.mark.parametrize("task_id", ["a/b", "ä ?#%", "..a", "x" * 200])
async def test_a_task_is_found_by_any_id_that_a_file_may_hold(client: httpx2.AsyncClient, task_id: str) -> None:
    assert (await upload(client, [{"id": task_id, "task": "?", "answer": "1"}])).status_code == 200
    path = "/api/tasks/" + "".join(f"%{byte:02X}" for byte in task_id.encode())
    found = await client.get(path)
    assert found.status_code == 200
    assert found.json()["task"]["id"] == task_id
    assert found.json()["task"]["answer"] == 1


async def test_an_earlier_version_of_a_task_can_still_be_read(client: httpx2.AsyncClient) -> None:
    await upload(client, SEED)
    earlier = (await client.get("/api/tasks/2")).json()["version"]
    await upload(client, [{"id": "2", "task": "How many are two?", "answer": "2"}])
    assert (await client.get("/api/tasks/2")).json()["task"]["task"] == "How many are two?"
    found = await client.get("/api/tasks/2", params={"version": earlier})
    assert (found.json()["version"], found.json()["task"]["task"]) == (earlier, "Two?")
    assert (await client.get("/api/tasks/2", params={"version": "0" * 16})).status_code == 404


async def test_a_task_names_all_its_versions_the_newest_first(client: httpx2.AsyncClient) -> None:
    await upload(client, SEED)
    await upload(client, [{"id": "2", "task": "How many are two?", "answer": "2"}])
    found = (await client.get("/api/tasks/2")).json()
    assert found["versions"][0]["version"] == found["version"]
    assert len(found["versions"]) == 2


async def test_a_preview_says_what_an_upload_would_do_and_stores_nothing(client: httpx2.AsyncClient) -> None:
    await upload(client, SEED)
    content = b"""[
      {"id": "2", "task": "How many are two?", "answer": 2},
      {"id": "10", "task": "Ten?", "answer": "{\\"n\\": 10}"},

      {"id": 3, "task": "Three?", "answer": 3}
    ]"""
    answer = await client.post("/api/tasks/upload/preview", files={"file": ("tasks.json", content)})
    told = answer.json()
    assert {name: told[name] for name in ("added", "changed", "unchanged", "total", "more")} == {
        "added": 1,
        "changed": 1,
        "unchanged": 1,
        "total": 3,
        "more": 0,
    }
    assert [(each["id"], each["line"]) for each in told["entries"]] == [("2", 2), ("3", 5)]
    assert (told["entries"][0]["before"]["task"], told["entries"][0]["after"]["task"]) == ("Two?", "How many are two?")
    assert told["entries"][1]["before"] is None
    assert [each["id"] for each in (await client.get("/api/tasks")).json()["tasks"]] == ["2", "10"]


async def test_a_preview_of_a_large_change_shows_a_part_of_it_and_counts_the_rest(client: httpx2.AsyncClient) -> None:
    many = [{"id": str(number), "task": "?", "answer": 1} for number in range(1_200)]
    told = (await client.post("/api/tasks/upload/preview", json=many)).json()
    assert (told["added"], len(told["entries"]), told["more"]) == (1_200, 1_000, 200)


@pytest.mark.parametrize("path", ["/api/tasks/upload", "/api/tasks/upload/preview"])
async def test_a_problem_of_a_file_names_the_line_on_which_its_task_begins(
    client: httpx2.AsyncClient, path: str
) -> None:
    content = b'\xef\xbb\xbf[{"id": "1", "task": "One?", "answer": 1},\n\n {"id": "2",\n  "task": ""}]'
    answer = await client.post(path, files={"file": ("tasks.json", content)})
    assert answer.status_code == 422
    assert {(each["item_id"], each["line"]) for each in answer.json()["errors"]} == {("2", 3)}


async def test_an_unknown_task_is_a_problem(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/tasks/none")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Not Found"
    assert "'none'" in answer.json()["detail"]


async def test_a_refused_file_stores_nothing_and_names_every_fault(client: httpx2.AsyncClient) -> None:
    answer = await upload(
        client, [*SEED, {"id": "3", "task": "", "answer": "{"}, {"id": "2", "task": "x", "answer": 1}]
    )
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert {(each["index"], each["item_id"]) for each in errors} >= {(2, "3"), (3, "2")}
    assert all(each["field"] and each["message"] for each in errors)
    assert (await client.get("/api/tasks")).json()["tasks"] == []


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b"not json", "application/json", 422),
        (b"[]", "text/plain", 415),
        (b"[]", "", 415),
        (b"x", "multipart/form-data", 422),
        (b"x", "multipart/form-data; boundary=b", 422),
        (
            b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            422,
        ),
    ],
)
async def test_what_is_no_task_file_is_a_problem(
    client: httpx2.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.post("/api/tasks/upload", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_a_file_that_announces_too_much_is_refused_unread(client: httpx2.AsyncClient) -> None:
    def body() -> Iterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    async def unread() -> AsyncIterator[bytes]:
        for piece in body():
            yield piece

    headers = {"content-type": "application/json", "content-length": "200000000"}
    answer = await client.post("/api/tasks/upload", content=unread(), headers=headers)
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["detail"]


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=b"])
async def test_a_body_without_a_length_is_read_up_to_the_limit_and_no_further(
    client: httpx2.AsyncClient, content_type: str
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="t"\r\n\r\n'
        while sent < 200_000_000:
            sent += 50_000
            yield b"[" * 50_000

    answer = await client.post("/api/tasks/upload", content=endless(), headers={"content-type": content_type})
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert sent < 1_200_000


async def test_a_file_of_just_the_limit_is_read(client: httpx2.AsyncClient) -> None:
    content = json.dumps(SEED).encode().ljust(1_000_000)
    assert (await client.post("/api/tasks/upload", files={"file": ("t", content)})).status_code == 200
    assert (await client.post("/api/tasks/upload", files={"file": ("t", content + b" ")})).status_code == 413


async def test_the_format_of_a_task_file_is_published(client: httpx2.AsyncClient) -> None:
    schema = (await client.get("/api/tasks/schema")).json()
    assert schema["type"] == "array"
