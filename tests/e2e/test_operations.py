"""Whoever runs Rolldeck looks at what rollouts run in, and at what the server runs with."""

from playwright.sync_api import Page, expect

from .accessible import expect_accessible

EXAMINED_MILLISECONDS = 120_000
"""A limit, not a wait: the doctor is a process of its own, which a busy machine starts slowly."""


def test_environments_are_shown_with_their_templates_and_where_they_run(page: Page, address: str) -> None:
    page.goto(f"{address}/environments/")
    superset = page.get_by_role("article", name="superset")
    expect(superset.get_by_text("Built", exact=True).first).to_be_visible()
    expect(superset.get_by_text("environment", exact=False).first).to_be_visible()
    expect(page.get_by_role("list", name="Runtimes and recipe files")).to_contain_text("Processes of this machine")
    expect(page.get_by_role("heading", name="Old templates")).to_be_visible()
    expect_accessible(page)


def test_settings_show_what_holds_and_what_the_doctor_finds(page: Page, address: str) -> None:
    page.goto(f"{address}/settings/?setting=data_dir")
    storage = page.get_by_role("list", name="Settings: Storage")
    expect(storage).to_contain_text("from ROLLDECK_DATA_DIR")
    expect(page.get_by_role("list", name="Agents")).to_contain_text("Oracle")
    expect(page.get_by_role("list", name="Findings")).to_contain_text("Python", timeout=EXAMINED_MILLISECONDS)
    expect_accessible(page)
