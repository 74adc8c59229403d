"""A person looks through rollouts."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .accessible import expect_accessible
from .person import ROLLOUT_MILLISECONDS, example_task, upload

TASK = "orders-in-2024"


def test_a_person_finds_looks_at_and_deletes_rollouts(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    upload(page, example_task(TASK, tmp_path))
    page.goto(f"{address}/rollouts/?task={TASK}")
    started = page.request.post(f"{address}/api/rollouts", data={"task_ids": [TASK], "agent": "noop", "repeats": 2})
    mine = started.json()["batch"]["id"]

    # They come by themselves, and each row follows what happens to its rollout.
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows.filter(has_text="Wrong").nth(1)).to_be_visible(timeout=ROLLOUT_MILLISECONDS)

    page.goto(f"{address}/rollouts/?batch={mine}")
    page.get_by_role("button", name="Outcome").click()
    page.get_by_role("button", name=re.compile("^Wrong")).click()
    expect(page).to_have_url(re.compile("outcome=wrong"))
    expect(rows).to_have_count(2)
    expect_accessible(page)

    rows.first.get_by_role("link").focus()
    page.keyboard.press(" ")
    peek = page.get_by_role("dialog", name="Rollout")
    expect(peek.get_by_role("img", name=f"The page at the last step of {TASK}")).to_be_visible()
    expect(page).to_have_url(re.compile("peek="))
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()

    for row in rows.all():
        row.get_by_role("checkbox").check()
    chosen = page.get_by_role("region", name="Selected rollouts")
    expect(chosen.get_by_role("link", name="Compare 2")).to_have_attribute(
        "href", re.compile(r"/compare/\?ids=\w{26},")
    )
    with page.expect_download() as download:
        chosen.get_by_role("button", name="JSON lines").click()
    lines = download.value.path().read_text().splitlines()
    assert {json.loads(line)["batch_id"] for line in lines} == {mine}
    chosen.get_by_role("button", name="Delete 2").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 2").click()
    expect(chosen.get_by_role("status")).to_contain_text("2 rollouts deleted, with 2 attempts and 2 steps")
