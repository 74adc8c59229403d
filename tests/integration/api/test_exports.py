"""Export over HTTP: what is downloaded is whole, harmless and of constant size in the server's memory."""

import csv
import io
import json
import zipfile
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from playwright.async_api import async_playwright

from rolldeck.browser.chromium import find_chromium
from rolldeck.domain.status import Event
from rolldeck.storage.port import Change, Claim

from .conftest import VIDEO, Deck

HOSTILE = "</style></script><script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">\x1b[31m\u202e"
TASKS = [
    {"id": "1", "task": f"One? {HOSTILE}".replace("\x1b", ""), "answer": json.dumps({"n": HOSTILE})},
    {"id": "2", "task": "Two?", "answer": '{"n": 2}'},
]


def a_picture(colour: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (128, 80), colour).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(autouse=True)
async def _two_tasks(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/tasks/upload", json=TASKS)).status_code == 200


@pytest.fixture
def _real_screenshots(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step have a real screenshot, a red one in the first attempt."""
    act = deck.act

    async def act_in_sight(claim: Claim, **given: bytes) -> Change:
        colour = "red" if claim.rollout.attempt == 1 else "green"
        return await act(claim, **{**given, "screenshot": a_picture(colour)})

    monkeypatch.setattr(deck, "act", act_in_sight)


async def test_a_table_has_the_rollouts_that_are_named_in_their_order(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.start_a_batch("1", repeats=3)
    ids = [each["id"] for each in (await client.get("/api/rollouts")).json()["rollouts"]]
    params = {"format": "json", "rollout_id": [ids[2], ids[0], "0" * 26]}
    lines = (await client.get("/api/exports/rollouts", params=params)).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [ids[2], ids[0]]


async def test_a_table_has_all_that_match_over_many_pages(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.start_a_batch("1", repeats=230)
    wanted = await deck.start_a_batch("2", repeats=210)
    answer = await client.get("/api/exports/rollouts", params={"format": "csv", "batch_id": wanted})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="rollouts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len({row["id"] for row in rows}) == 210
    assert {row["task_id"] for row in rows} == {"2"}
    lines = (await client.get("/api/exports/rollouts", params={"format": "json", "task_id": "1"})).text.splitlines()
    assert len(lines) == 230
    assert json.loads(lines[0])["expected"] == {"n": HOSTILE}


async def test_a_format_that_is_not_known_and_a_rollout_that_is_not_there_are_refused(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get("/api/exports/rollouts", params={"format": "xls"})).status_code == 422
    assert (await client.get(f"/api/exports/rollouts/{'0' * 26}/zip")).status_code == 404
    assert (await client.get(f"/api/exports/rollouts/{'0' * 26}/report")).status_code == 404


@pytest.mark.usefixtures("_real_screenshots")
async def test_the_zip_file_of_a_rollout_has_all_of_its_attempts(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1")
    await deck.fail(await deck.claim(batch_id), Event.REQUEUED)
    rollout = await deck.finish(await deck.claim(batch_id))
    answer = await client.get(f"/api/exports/rollouts/{rollout.id}/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        (step,) = json.loads(archive.read("steps.json"))
        (earlier_step,) = json.loads(archive.read("attempts/1/steps.json"))
        assert archive.read(step["screenshot"]) == a_picture("green")
        assert archive.read(earlier_step["screenshot"]) == a_picture("red")
        assert archive.read("video.mp4") == VIDEO
        assert archive.read("attempts/1/video.mp4") == VIDEO[::-1]
        assert json.loads(archive.read("attempts/1/attempt.json"))["errors"][0]["message"] == "it died"
        assert json.loads(archive.read("verdict.json"))["success"] is True
        assert json.loads(archive.read("rollout.json"))["expected"] == {"n": HOSTILE}
        assert json.loads(archive.read("task.json"))["id"] == "1"
        assert step["screenshot"] in archive.read("report.html").decode()
        assert "missing.txt" not in archive.namelist()


async def test_what_is_lost_of_a_rollout_is_named_and_the_rest_is_there(client: httpx2.AsyncClient, deck: Deck) -> None:
    rollout = await deck.finish_a_rollout("2")
    await deck.services.artifacts.delete_rollout(rollout.id)
    answer = await client.get(f"/api/exports/rollouts/{rollout.id}/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("missing.txt").decode().splitlines() == ["screenshots/1.png", "video.mp4"]
        assert "steps.json" in archive.namelist()
    report = await client.get(f"/api/exports/rollouts/{rollout.id}/report")
    assert "The screenshot is lost" in report.text


@pytest.mark.usefixtures("_real_screenshots")
async def test_the_page_opens_from_a_file_asks_nobody_and_shows_hostile_text_as_text(
    client: httpx2.AsyncClient, deck: Deck, tmp_path: Path
) -> None:
    batch_id = await deck.start_a_batch("1")
    await deck.fail(await deck.claim(batch_id), Event.REQUEUED)
    rollout = await deck.finish(await deck.claim(batch_id), success=False)
    archive = await client.get(f"/api/exports/rollouts/{rollout.id}/zip")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as unpacked:
        unpacked.extractall(tmp_path / "zip")
    page_file = tmp_path / "report.html"
    page_file.write_bytes((await client.get(f"/api/exports/rollouts/{rollout.id}/report")).content)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium().path)
        for opened in (page_file, tmp_path / "zip" / "report.html"):
            page = await browser.new_page()
            requests: list[str] = []
            complaints: list[str] = []
            page.on("request", lambda request, to=requests: to.append(request.url))
            page.on("console", lambda message, to=complaints: to.append(message.text))
            await page.goto(opened.as_uri(), wait_until="load")
            assert await page.title() == f"Wrong: task 1, rollout {rollout.id}"
            assert HOSTILE.replace("\x1b", "") in await page.locator("p.text.panel").text_content()  # type: ignore[operator]
            assert await page.locator("script").count() == 0
            widths = await page.locator("article img").evaluate_all("all => all.map(image => image.naturalWidth)")
            assert widths == [128]
            assert all(url.startswith(("file:", "data:")) for url in requests)
            assert not [text for text in complaints if "Content Security Policy" in text]
        await browser.close()


async def test_a_reused_rollout_names_the_one_that_answered(client: httpx2.AsyncClient, deck: Deck) -> None:
    first = await deck.finish_a_rollout("2")
    batch_id = await deck.start_a_batch("2", reuse=True)
    (reused,) = (await client.get("/api/rollouts", params={"batch_id": batch_id})).json()["rollouts"]
    assert reused["reused_from"] == first.id
    report = await client.get(f"/api/exports/rollouts/{reused['id']}/report")
    assert first.id in report.text
