"""A person's way through a batch: started, paused, resumed, cancelled, deleted."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from .person import ROLLOUT_MILLISECONDS, example_task, upload

TASK = "revenue-2023"


def open_form(page: Page, address: str, tmp_path: Path) -> Locator:
    """Upload a task, and open the form of a new batch of it."""
    page.goto(address)
    upload(page, example_task(TASK, tmp_path))
    page.get_by_role("link", name="Batches").first.click()
    expect(page.get_by_role("heading", name="Batches")).to_be_visible()  # the page before has such a button too
    page.get_by_role("button", name="New batch").first.click()
    form = page.get_by_role("form", name="New batch")
    form.get_by_text("Selected").click()
    form.get_by_role("checkbox", name=TASK).check()
    form.get_by_role("combobox", name="Agent 1").click()
    page.get_by_role("option", name=re.compile("^No-op")).click()
    return form


def test_a_person_starts_a_batch_pauses_resumes_and_cancels_it(page: Page, address: str, tmp_path: Path) -> None:
    form = open_form(page, address, tmp_path)
    form.get_by_label("Repeats").fill("40")
    form.get_by_label("Name", exact=True).fill("A night's work")
    expect(form.get_by_role("status")).to_contain_text("1 task × 1 agent × 40 repeats = 40 rollouts")
    form.get_by_role("button", name="Start 40 rollouts").click()

    expect(page.get_by_role("heading", name="A night's work")).to_be_visible()
    main = page.get_by_role("main")
    ended = main.locator("a[href*='/rollout/']").filter(has_text="Wrong")
    expect(ended.first).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    main.get_by_role("button", name="Pause").click()
    expect(main.get_by_text("Paused").first).to_be_visible()
    main.get_by_role("button", name="Resume").click()
    expect(main.get_by_role("button", name="Pause")).to_be_visible()

    main.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the batch").click()
    expect(main.get_by_role("status").filter(has_text=re.compile(r"\d+ rollouts cancelled"))).to_be_visible()
    expect(main.get_by_role("button", name="Delete")).to_be_visible()

    main.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 40 rollouts").click()
    expect(page.get_by_role("heading", name="The batch was deleted")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("40 rollouts, ")


def test_contradictory_limits_are_refused_where_they_were_entered(page: Page, address: str, tmp_path: Path) -> None:
    form = open_form(page, address, tmp_path)
    form.get_by_text("Limits and attempts").click()
    form.get_by_label("Agent (s)").fill("60")
    form.get_by_label("In all (s)").fill("30")
    form.get_by_role("button", name="Start 1 rollout").click()
    expect(
        form.get_by_role("alert").filter(has_text="agent_seconds (60) is more than total_seconds (30)")
    ).to_be_visible()
    form.get_by_label("In all (s)").fill("90")
    form.get_by_role("button", name="Start 1 rollout").click()
    expect(page.get_by_role("main").get_by_text("1 × 1 × 1")).to_be_visible()
