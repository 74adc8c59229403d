"""A person in the loop: takes over from an agent and hands back; is the agent, and answers."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .accessible import expect_accessible
from .person import ROLLOUT_MILLISECONDS, example_task, upload

TASK = "revenue-2023"


def start(page: Page, address: str, tmp_path: Path, agent: str) -> str:
    """Upload a task, start a rollout of it, and return its id."""
    page.goto(address)
    upload(page, example_task(TASK, tmp_path))
    answer = page.request.post(f"{address}/api/rollouts", data={"task_ids": [TASK], "agent": agent})
    assert answer.ok, answer.text()
    return str(answer.json()["rollouts"][0]["id"])


def test_a_person_is_the_agent_acts_on_the_live_page_and_answers(page: Page, address: str, tmp_path: Path) -> None:
    rollout_id = start(page, address, tmp_path, "human")
    expect(page.get_by_text("1 rollout waits for a person to act.")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    page.get_by_role("link", name=re.compile("^Live")).click()
    expect(page.get_by_role("heading", name="Live")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("link", name="Act", exact=True).click()
    desk = page.get_by_role("dialog", name="A running rollout")
    desk.get_by_role("button", name="Act in this rollout").click()
    surface = desk.get_by_role("application")
    expect(surface).to_be_visible()
    expect(desk.get_by_role("img", name=f"Live picture of {TASK}")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    expect_accessible(page, "[role=dialog]")

    surface.click(position={"x": 300, "y": 300})
    expect(desk.get_by_text("A person: Click at")).to_be_visible()
    desk.get_by_label("Text to type into the page").fill("revenue")
    desk.get_by_role("button", name="Type", exact=True).click()
    expect(desk.get_by_text("A person: Type “revenue”")).to_be_visible()
    desk.get_by_label("Your answer").fill('{"revenue": 1}')
    desk.get_by_role("button", name="Submit answer").click()
    expect(desk.get_by_text("Wrong")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)

    steps = page.request.get(f"{address}/api/rollouts/{rollout_id}/steps").json()["steps"]
    assert {step["source"] for step in steps} == {"human"}
    rollout = page.request.get(f"{address}/api/rollouts/{rollout_id}").json()
    assert (rollout["stop_reason"], rollout["answer_text"]) == ("answered", '{"revenue": 1}')


def test_a_person_takes_over_from_an_agent_and_hands_back(page: Page, address: str, tmp_path: Path) -> None:
    task = example_task(TASK, tmp_path)
    task.write_text(task.read_text().replace('"solution": [', '"solution": [{"do": "pause", "seconds": 10},', 1))
    page.goto(address)
    upload(page, task)
    answer = page.request.post(f"{address}/api/rollouts", data={"task_ids": [TASK], "agent": "oracle"})
    rollout_id = answer.json()["rollouts"][0]["id"]
    page.goto(f"{address}/rollout/?id={rollout_id}")
    page.get_by_role("link", name="Watch and take over").click(timeout=ROLLOUT_MILLISECONDS)
    desk = page.get_by_role("dialog", name="A running rollout")
    desk.get_by_role("button", name="Take over").click()
    surface = desk.get_by_role("application")
    expect(surface).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    surface.press("Escape")
    expect(desk.get_by_text("A person: Press Escape")).to_be_visible()
    desk.get_by_role("button", name="Hand back").click()
    expect(desk.get_by_text("Success")).to_be_visible(timeout=ROLLOUT_MILLISECONDS)
    steps = page.request.get(f"{address}/api/rollouts/{rollout_id}/steps").json()["steps"]
    persons = [step for step in steps if step["source"] == "human"]
    assert [action["action"]["keys"] for step in persons for action in step["actions"]] == ["Escape"]
    assert "a person took the page over" in steps[persons[-1]["index"] + 1]["notice"]
