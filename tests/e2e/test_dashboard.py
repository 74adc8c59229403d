"""A person's way through the dashboard: from a task file to the video of a verified rollout."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .person import ROLLOUT_MILLISECONDS, choose_upload, example_task, upload


def start_rollout(page: Page, agent: str) -> None:
    """Choose an agent, and start one rollout of the task that is shown."""
    form = page.get_by_role("main").get_by_role("form", name="Start rollouts")
    form.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name=re.compile(f"^{agent}", re.IGNORECASE)).click()
    form.get_by_role("button", name="Start 1 rollout").click()


def test_a_person_uploads_a_task_starts_a_rollout_and_watches_its_video(
    page: Page, address: str, tmp_path: Path
) -> None:
    page.goto(address)
    upload(page, example_task("product-price-and-vendor", tmp_path))
    page.get_by_role("link", name="product-price-and-vendor").first.click()
    expect(page.get_by_role("heading", name="product-price-and-vendor")).to_be_visible()
    start_rollout(page, "oracle")

    card = page.get_by_role("list", name="Rollouts", exact=True).get_by_role("link").first
    expect(card).to_contain_text("Success", timeout=ROLLOUT_MILLISECONDS)
    card.click()

    video = page.get_by_label("Recording of the rollout")
    video.evaluate("async video => { await video.play(); }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")
    seconds = video.evaluate("video => video.duration")
    assert seconds > 1

    steps = page.get_by_role("region", name="Steps").get_by_role("listitem")
    video.evaluate("video => video.pause()")
    steps.last.get_by_role("button").click()
    page.wait_for_function(
        "() => document.querySelector('video').currentTime > 0.5 && !document.querySelector('video').seeking"
    )

    evidence = page.get_by_role("row", name=re.compile("price"))
    expect(evidence).to_contain_text("143.95")
    expect(evidence).to_contain_text(re.compile("match", re.IGNORECASE))


def test_a_wrong_answer_is_shown_as_wrong_and_not_as_failed(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    upload(page, example_task("orders-in-2024", tmp_path))
    page.get_by_role("link", name="orders-in-2024").first.click()
    start_rollout(page, "no")

    card = page.get_by_role("list", name="Rollouts", exact=True).get_by_role("link").first
    expect(card).to_contain_text("Wrong", timeout=ROLLOUT_MILLISECONDS)
    card.click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="The rollout was deleted")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("1 attempt, 1 step and")
    page.get_by_role("link", name="Go to its task").click()
    expect(page.get_by_role("heading", name="orders-in-2024")).to_be_visible()
    expect(page.get_by_role("main").locator("a[href*='/rollout/']")).to_have_count(0)


def test_a_refused_upload_names_every_problem_and_changes_nothing(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps([{"id": "one", "task": "?", "answer": "Paris"}, {"id": "two", "answer": "1"}]))
    choose_upload(page, path)
    report = page.get_by_role("dialog", name="Upload broken.json").get_by_role("alert")
    expect(report).to_contain_text("nothing was changed")
    problems = page.get_by_label("Problems of the uploaded file")
    expect(problems).to_contain_text("answer")
    expect(problems).to_contain_text("one")
    expect(problems).to_contain_text("two")
    expect(page.get_by_role("link", name=re.compile("^one"))).to_have_count(0)
