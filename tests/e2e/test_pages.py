"""Every page with real rollouts on it, as people see it: in light and dark, on a wide and a narrow screen."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .accessible import expect_accessible
from .person import ROLLOUT_MILLISECONDS, example_task, upload

TASK = "revenue-2023"
PICTURES = os.environ.get("ROLLDECK_PICTURES")
"""A directory for pictures of all pages, for whoever wants to look at them."""


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    """Where each page is, once there are rollouts for it."""
    return {}


@pytest.fixture
def show(page: Page, address: str, places: dict[str, str], tmp_path: Path) -> Callable[[str], None]:
    """Go to a page, by its name here."""
    if not places:
        places.update(start(page, address, tmp_path))

    def go(name: str) -> None:
        page.goto(address + places[name])

    return go


def start(page: Page, address: str, directory: Path) -> dict[str, str]:
    """Have a right and a wrong rollout of a task; return where they are shown."""
    page.goto(address)
    upload(page, example_task(TASK, directory))
    agents = [{"agent": "oracle"}, {"agent": "noop"}]
    batch = page.request.post(
        f"{address}/api/batches", data={"task_ids": [TASK], "agents": agents, "name": "Two"}
    ).json()
    deadline = time.monotonic() + ROLLOUT_MILLISECONDS / 1000
    while read(page, f"{address}/api/batches/{batch['id']}")["counts"]["live"]:
        assert time.monotonic() < deadline
        page.wait_for_timeout(200)
    rollouts = read(page, f"{address}/api/rollouts?batch_id={batch['id']}&sort=oldest")["rollouts"]
    right, wrong = (each["id"] for each in rollouts)
    return {
        "overview": "/",
        "task": f"/?task={TASK}",
        "rollouts": f"/rollouts/?batch={batch['id']}",
        **{f"rollout-{tab}": f"/rollout/?id={wrong}&tab={tab}" for tab in ("result", "messages", "logs", "raw")},
        **{f"step-{tab}": f"/rollout/?id={right}&step=1&tab={tab}" for tab in ("action", "change")},
        "compare": f"/compare/?ids={right},{wrong}",
        "batches": "/batches/",
        "batch": f"/batch/?id={batch['id']}",
        "analytics": "/analytics/",
        "live": "/live/",
        "workers": "/workers/",
        "environments": "/environments/",
    }


def read(page: Page, url: str) -> Any:
    answer = page.request.get(url)
    assert answer.ok, answer.text()
    return answer.json()


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("overview", "Overview"),
        ("task", "What is the sum"),
        ("rollouts", "Rollouts"),
        ("rollout-result", "Wrong"),
        ("rollout-messages", "Wrong"),
        ("rollout-logs", "Wrong"),
        ("rollout-raw", "Wrong"),
        ("step-action", "Success"),
        ("step-change", "Success"),
        ("compare", "Compare"),
        ("batches", "Two"),
        ("batch", "Two"),
        ("analytics", "Analytics"),
        ("live", "Nothing is running"),
        ("workers", "Workers"),
        ("environments", "superset"),
    ],
)
def test_a_page_shows_what_it_is_for_to_everybody(
    page: Page, show: Callable[[str], None], name: str, shows: str
) -> None:
    show(name)
    expect(page.get_by_role("main")).to_contain_text(re.compile(shows, re.IGNORECASE))
    expect(page.get_by_role("main").locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0)
    expect_accessible(page, pictures=None if PICTURES is None else Path(PICTURES) / name)
