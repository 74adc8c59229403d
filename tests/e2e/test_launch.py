"""A person decides what rollouts are started with, from the page of a task."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .accessible import expect_accessible
from .person import example_task, upload

TASK = "revenue-2023"


def test_a_person_sets_options_sees_the_prompt_and_is_told_at_the_fields_what_cannot_be(
    page: Page, address: str, tmp_path: Path
) -> None:
    page.goto(address)
    upload(page, example_task(TASK, tmp_path))
    page.goto(f"{address}/?task={TASK}")
    bar = page.get_by_role("form", name="Start rollouts")
    bar.get_by_role("combobox", name="Agent").click()
    gemini = page.get_by_role("option", name="Gemini")
    expect(gemini).to_contain_text("GEMINI_API_KEY")  # why it cannot be used here
    page.get_by_role("option", name="OpenAI-compatible").click()
    bar.get_by_role("combobox", name="Model").fill("Qwen/Qwen3-VL-8B-Instruct")
    bar.get_by_role("button", name="Options").click()

    form = page.get_by_role("form", name="New batch")
    form.get_by_text("Instruction and policies").click()
    form.get_by_label("Instruction of the agent").fill("Be quick. {task}")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_text("Be quick. What ")).to_be_visible()
    form.get_by_label("Cost of a rollout ($)").fill("0.5")
    form.get_by_text("A model", exact=True).click()
    form.get_by_role("combobox", name="Provider of the model that reads").click()
    page.get_by_role("option", name="OpenAI-compatible").last.click()
    form.get_by_role("combobox", name="Model that reads", exact=True).fill("no name!")
    form.get_by_role("button", name="Start 1 rollout").click()
    expect(form.get_by_text("is no name of a model")).to_be_visible()
    expect(form.get_by_role("alert")).to_contain_text("see the marked fields")
    expect_accessible(page)
    form.get_by_role("combobox", name="Model that reads", exact=True).fill("a-reader")
    form.get_by_role("button", name="Start 1 rollout").click()
    expect(form.get_by_text("costs is not known").first).to_be_visible()

    page.reload()  # what was decided is kept for the next time
    expect(page.get_by_role("button", name="Options (3 set)")).to_be_visible()
    expect(page.get_by_role("combobox", name="Model")).to_have_value("Qwen/Qwen3-VL-8B-Instruct")
