"""What a person does in the dashboard."""

import json
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


def upload(page: Page, path: Path) -> None:
    """Choose a file in the sidebar."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload tasks").first.click()
    chooser.value.set_files(path)
