"""Finds elements by what a person sees of them, and reads them."""

import asyncio
import json
import re
import time

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout
from pydantic import TypeAdapter

from rolldeck.browser.scripts import TABLE_ROWS
from rolldeck.domain.errors import AgentError
from rolldeck.domain.page import Box
from rolldeck.domain.solution import Target

_ROWS = TypeAdapter(list[dict[str, str]])
_ANY_TABLE = "table, [role=grid], [role=table], [role=treegrid]"
_REACHABLE_SECONDS = 3.0
_MAX_ALTERNATIVES = 12


class Reader:
    """Reads one page. Never changes it, but for scrolling an element into view."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def locate(self, target: Target, timeout: float) -> Box:
        """Return where the target is, once it is visible and, if that comes soon, enabled and uncovered.

        The box is cut to the viewport, so that its middle can be clicked. An element that the page replaces while it
        is looked at is looked for again. Raises ``AgentError``.
        """
        deadline = time.monotonic() + timeout
        while True:
            left = max(1.0, deadline - time.monotonic())
            box = await self._box(await self._visible(target, left), left, target)
            if box is not None:
                return self._cut_to_viewport(box)
            if time.monotonic() > deadline:
                raise AgentError(f"{describe(target)} went away while it was looked at")

    async def _box(self, element: Locator, timeout: float, target: Target) -> Box | None:
        """Where the element is once it can be reached; None when the page has taken it away meanwhile."""
        try:
            await element.scroll_into_view_if_needed(timeout=timeout * 1000)
            await self._wait_reachable(element)
            box = await element.bounding_box(timeout=1000)
        except PlaywrightTimeout as error:
            raise AgentError(f"{describe(target)} does not stay where it is") from error
        except PlaywrightError as error:
            if "not attached" in error.message:
                return None
            raise
        return None if box is None else Box(box["x"], box["y"], box["width"], box["height"])

    async def wait_gone(self, target: Target, timeout: float) -> None:
        """Wait until nothing visible matches the target, whatever its ``nth``. Raises ``AgentError``."""
        try:
            await self._matches(target).first.wait_for(state="hidden", timeout=timeout * 1000)
        except PlaywrightTimeout as error:
            raise AgentError(f"{describe(target)} is still on the page after {timeout:g} s") from error

    async def read_text(self, target: Target, timeout: float) -> str:
        """Return the visible text, or a form control's value (a ``<select>``'s chosen option). Raises ``AgentError``."""
        element = await self._visible(target, timeout)
        text: str = await element.evaluate(
            """(element) => element instanceof HTMLSelectElement
                ? [...element.selectedOptions].map((option) => option.label).join(", ")
                : element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.value
                : element.innerText ?? element.textContent ?? \"\"""",
            timeout=timeout * 1000,
        )
        return text.strip()

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        """Return the rows of a table, once two looks at it agree. Raises ``AgentError``."""
        deadline = time.monotonic() + timeout
        table = await self._table(target, timeout)
        seen: str | None = None
        while True:
            rows = _ROWS.validate_python(await table.evaluate(TABLE_ROWS, timeout=timeout * 1000))
            now = json.dumps(rows)
            if rows and now == seen:
                return rows
            if time.monotonic() > deadline:
                return rows
            seen = now
            await asyncio.sleep(0.1)

    async def _table(self, target: Target | None, timeout: float) -> Locator:
        if target is None:
            table = self._page.locator(_ANY_TABLE).filter(visible=True).first
            try:
                await table.wait_for(timeout=timeout * 1000)
            except PlaywrightTimeout as error:
                raise AgentError(f"no table is on the page after {timeout:g} s ({self._page.url})") from error
            return table
        element = await self._visible(target, timeout)
        if await element.evaluate(f"(element) => element.matches({json.dumps(_ANY_TABLE)})"):
            return element
        return element.locator(_ANY_TABLE).filter(visible=True).first

    async def _visible(self, target: Target, timeout: float) -> Locator:
        matches = self._matches(target)
        element = matches.last if target.nth == -1 else matches.nth(target.nth)
        try:
            await element.wait_for(state="visible", timeout=timeout * 1000)
        except PlaywrightTimeout as error:
            found = await self._found_instead(target)
            raise AgentError(f"{describe(target)} is not on the page after {timeout:g} s; {found}") from error
        except PlaywrightError as error:
            if "selector" in error.message.lower():
                raise AgentError(f"{describe(target)} cannot be looked for: {error.message}") from error
            raise
        return element

    async def _wait_reachable(self, element: Locator) -> None:
        """Give what covers the element, or disables it, some time to go; a person would then try all the same."""
        try:
            await element.click(trial=True, timeout=_REACHABLE_SECONDS * 1000)
        except PlaywrightTimeout:
            return

    def _matches(self, target: Target) -> Locator:
        """All visible elements that match every selecting field."""
        scope: Page | Locator = self._page
        if target.within is not None:
            outer = self._matches(target.within)
            scope = outer.nth(target.within.nth)
        selections = list(_selections(scope, target))
        matches = selections[0]
        for selection in selections[1:]:
            matches = matches.and_(selection)
        if target.text is not None and not _text_alone(target):
            matches = matches.filter(has_text=_whole(target.text) if target.exact else target.text)
        return matches.filter(visible=True)

    async def _found_instead(self, target: Target) -> str:
        """What the page has of the kind that was looked for, in words."""
        if target.within is not None and await self._matches(target.within).count() == 0:
            return f"{describe(target.within)} is not there either ({self._page.url})"
        count = await self._matches(target).count()
        if count:
            return f"only {count} of it {'is' if count == 1 else 'are'} there"
        if target.role is None:
            return f"the page is {await self._page.title()!r} at {self._page.url}"
        same_role = self._matches(Target(role=target.role, within=target.within))
        names: list[str] = await same_role.evaluate_all(
            """(elements, most) => elements.slice(0, most).map((element) =>
                (element.getAttribute("aria-label") || element.innerText || element.getAttribute("title") || "").trim().slice(0, 40))""",
            _MAX_ALTERNATIVES,
        )
        known = ", ".join(repr(name) for name in names if name)
        return f"visible elements of role {target.role}: {known or 'none'} ({self._page.url})"

    def _cut_to_viewport(self, box: Box) -> Box:
        size = self._page.viewport_size
        if size is None:
            return box
        left, top = max(0.0, box.x), max(0.0, box.y)
        right = min(float(size["width"]), box.x + box.width)
        bottom = min(float(size["height"]), box.y + box.height)
        if right <= left or bottom <= top:
            return box
        return Box(left, top, right - left, bottom - top)


def describe(target: Target) -> str:
    """The target in words, for a message."""
    fields = target.model_dump(exclude_defaults=True, exclude={"within"})
    words = ", ".join(f"{field} {value!r}" for field, value in fields.items())
    return f"the element with {words}" + (f" inside of {describe(target.within)}" if target.within else "")


def _text_alone(target: Target) -> bool:
    return not any((target.role, target.label, target.placeholder, target.css))


def _whole(text: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(text)}\s*$")


def _selections(scope: Page | Locator, target: Target) -> list[Locator]:
    """One locator per selecting field, but for a text beside others, which narrows them as text inside of them."""
    selections: list[Locator] = []
    if target.css is not None:
        selections.append(scope.locator(target.css))
    if target.role is not None:
        # Playwright's type lists the roles it knows; an unknown one matches nothing, which is then said in words.
        selections.append(scope.get_by_role(target.role, name=target.name, exact=target.exact))  # type: ignore[arg-type]
    if target.label is not None:
        selections.append(scope.get_by_label(target.label, exact=target.exact))
    if target.placeholder is not None:
        selections.append(scope.get_by_placeholder(target.placeholder, exact=target.exact))
    if target.text is not None and not selections:
        selections.append(scope.get_by_text(target.text, exact=target.exact))
    return selections
