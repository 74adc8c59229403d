"""A person watches running rollouts, and pages that follow what happens without asking again."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .accessible import expect_accessible
from .person import ROLLOUT_MILLISECONDS, example_task, upload


def start(page: Page, address: str, task_id: str) -> None:
    answer = page.request.post(f"{address}/api/rollouts", data={"task_ids": [task_id], "agent": "oracle"})
    assert answer.ok, answer.text()


def test_running_browsers_are_watched_live_and_nothing_is_polled(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    upload(page, example_task("revenue-2023", tmp_path))
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing is running")).to_be_visible()

    start(page, address, "revenue-2023")
    tile = page.get_by_role("list", name="Running rollouts").get_by_role("link")
    expect(tile.get_by_role("img", name="Live picture of revenue-2023")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    tile.click()
    desk = page.get_by_role("dialog", name="A running rollout")
    expect(desk.get_by_role("img", name="Live picture of revenue-2023")).to_be_visible()
    desk.get_by_role("link", name="Page of the rollout").click()

    expect(page.get_by_role("img", name="Live picture of the rollout")).to_be_visible()
    steps = page.get_by_role("region", name="Steps").get_by_role("listitem")
    expect(steps.nth(2)).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    expect(page.get_by_label("Recording of the rollout")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    expect_accessible(page)

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing is running")).to_be_visible()
    expect_accessible(page)
    asked.clear()
    with page.expect_websocket() as reopened:
        page.reload()
    for _ in range(2):  # the server says every 5 s that it lives
        reopened.value.wait_for_event("framereceived", lambda frame: "tick" in str(frame))
    assert len([url for url in asked if "/health" in url]) <= 2


def test_an_exported_rollout_is_downloaded_whole(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    upload(page, example_task("orders-in-2024", tmp_path))
    answer = page.request.post(f"{address}/api/rollouts", data={"task_ids": ["orders-in-2024"], "agent": "noop"})
    rollout_id = answer.json()["rollouts"][0]["id"]
    page.goto(f"{address}/rollout/?id={rollout_id}")
    expect(page.get_by_label("Recording of the rollout")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    for link, suffix in (("Zip", ".zip"), ("Report", ".html")):
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
        assert download.value.suggested_filename == f"rollout-{rollout_id}{suffix}"
        assert download.value.path().stat().st_size > 10_000
    page.goto(f"{address}/?task=orders-in-2024")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export these rollouts as CSV").click()
    assert rollout_id in download.value.path().read_text()
