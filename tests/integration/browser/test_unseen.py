"""What a browser shows its user outside of the page: in the screenshot, or told in words."""

import asyncio
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from tests.integration.browser.conftest import OpenPage, Site

from rolldeck.browser.page import ChromiumPage, PageSettings
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.action import Action, Click, Move, PressKey, TypeText
from rolldeck.domain.solution import Target

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLACE = "style='position:absolute;left:50px;top:50px;width:200px;height:30px'"
FIELD, ICON = Click(x=60, y=65), Click(x=235, y=65)


async def told_after(page: ChromiumPage, *actions: Action) -> str:
    before, notices = (await page.view()).screenshot, list[str]()
    for action in actions:
        result = await page.perform(action)
        assert result.error is None
        if action == ICON and (told := await until_it_changes(page, before)) is not None:
            notices.append(told)
    if notices:
        return notices[0]
    async with asyncio.timeout(10):
        while True:  # a busy machine's page may not say it at once
            if (told := (await page.view()).notice) is not None:
                return told


async def until_it_changes(page: ChromiumPage, before: bytes) -> str | None:
    """Wait for a picker, which opens in a page of its own and takes keys from then on; return what was told."""
    told: str | None = None
    async with asyncio.timeout(10):
        while (view := await page.view()).screenshot == before:
            told = told or view.notice
    return told or view.notice


@pytest.mark.parametrize(
    ("kind", "actions", "value"),
    [
        ("date", (FIELD, TypeText(text="03042026")), r"2026-03-04"),
        ("date", (ICON, PressKey(keys="ArrowRight"), PressKey(keys="Enter")), r"\d{4}-\d\d-\d\d"),
        ("time", (FIELD, TypeText(text="0345PM")), r"15:45"),
        ("color", (ICON, *[PressKey(keys="Tab")] * 3, TypeText(text="99"), PressKey(keys="Enter")), r"#630000"),
    ],
)
async def test_a_picker_takes_keys_and_the_agent_is_told(
    show: OpenPage, kind: str, actions: tuple[Action, ...], value: str
) -> None:
    page = await show(f"<input type={kind} aria-label=Pick {PLACE}>")
    assert "takes no clicks" in await told_after(page, *actions)
    async with asyncio.timeout(10):
        while re.fullmatch(value, await page.read_text(Target(label="Pick"), 5)) is None:
            pass  # a picker hands over what was picked when its own page gets to it


async def test_a_picker_is_in_the_screenshot(show: OpenPage) -> None:
    page = await show(f"<input type=date {PLACE}>")
    closed = (await page.view()).screenshot
    await page.perform(ICON)
    await until_it_changes(page, closed)


async def test_the_agent_is_told_once_what_a_field_suggests(show: OpenPage) -> None:
    page = await show(f"<input list=names {PLACE}><datalist id=names><option>alpha<option>beta</datalist>")
    told = await told_after(page, FIELD)
    assert told == "The field with the focus suggests “alpha”, “beta”."
    assert (await page.view()).notice is None


async def test_the_agent_is_told_the_hint_of_what_is_under_the_pointer(show: OpenPage) -> None:
    page = await show(f"<button title='Revenue in 2024: 1,204' {PLACE}><b>bar</b></button>")
    assert (
        await told_after(page, Move(x=60, y=65)) == "What is under the pointer has the hint “Revenue in 2024: 1,204”."
    )


async def test_a_hostile_page_cannot_fill_the_agents_notices(show: OpenPage) -> None:
    options = "<option>".join("x" * 200 for _ in range(60))
    page = await show(f"<input list=l title='{'y' * 5000}' {PLACE}><datalist id=l><option>{options}</datalist>")
    told = await told_after(page, FIELD)
    assert len(told) < 3000


async def test_the_pointer_is_in_screenshots_if_asked_for_and_not_in_the_page(
    browsers: ChromiumBrowsers, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "_settings", PageSettings(shows_pointer=True))
    site.pages["/"] = "<body style='background:#fff'>"
    page = await browsers.open(origin=site.origin, start_path="/", cookies=[], downloads=tmp_path)
    await page.perform(Move(x=400, y=300))
    shown = Image.open(io.BytesIO((await page.view()).screenshot)).convert("L")
    assert shown.crop((395, 295, 420, 325)).getextrema()[0] < 60
    assert shown.crop((0, 0, 380, 280)).getextrema() == (255, 255)
    assert await page._page.evaluate("document.elementFromPoint(402, 305).tagName") in {"BODY", "HTML"}
    await page.close()
