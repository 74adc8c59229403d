"""What a person does in the dashboard."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page

EXAMPLES = Path(__file__).parents[2] / "examples" / "shop" / "tasks.json"
ROLLOUT_MILLISECONDS = 180_000
"""A limit, not a wait: the first rollout warms the environments up."""


def example_task(task_id: str, directory: Path) -> Path:
    """A task file with one of the example tasks."""
    tasks = [task for task in json.loads(EXAMPLES.read_text()) if task["id"] == task_id]
    assert tasks, f"the examples have no task {task_id}"
    path = directory / "tasks.json"
    path.write_text(json.dumps(tasks))
    return path


def choose_upload(page: Page, path: Path) -> None:
    """Choose a file in the sidebar, which shows what its upload would do."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload tasks").first.click()
    chooser.value.set_files(path)


def upload(page: Page, path: Path) -> None:
    """Upload a file: see what it would do, and have it done, where it would do anything."""
    choose_upload(page, path)
    dialog = page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name=re.compile(r"^Upload \d"))
    close = dialog.get_by_role("button", name="Close").last
    confirm.or_(close).first.wait_for()
    dialog.get_by_label("What the upload would do").wait_for()
    if confirm.is_visible():
        confirm.click()
        dialog.get_by_role("status").filter(has_text="added").wait_for()
    close.click()
    dialog.wait_for(state="hidden")
