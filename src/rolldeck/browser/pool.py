"""Chromium processes shared by rollouts, and the pages opened in them."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from rolldeck.browser.chromium import Chromium, find_chromium
from rolldeck.browser.context import OPEN_SECONDS, new_context, new_page
from rolldeck.browser.egress_proxy import EgressProxy
from rolldeck.browser.page import USUAL_PAGE, ChromiumPage, PageSettings
from rolldeck.browser.scratch import Scratch, inherited_as_temporary
from rolldeck.domain.errors import BrowserError
from rolldeck.domain.page import Cookie

_LAUNCH_SECONDS = 30
_CLOSE_SECONDS = 3

# Chromium itself has no way out: its own proxy is a port where nothing listens, and it resolves no name. Pages have the
# proxy of their context, which is given names as they are written.
_NOWHERE = "http://127.0.0.1:9"
CHROMIUM_FLAGS = (
    # Overrides Playwright's own list, whose CDPScreenshotNewSurface makes every screenshot a third more expensive.
    "--enable-features=SkipListAccountsWithoutGaiaCookies",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--no-pings",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-smooth-scrolling",
    "--disable-print-preview",
    "--mute-audio",
)
_PASSED_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LANG", "XDG_RUNTIME_DIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE")


class _SharedBrowser:
    """One Chromium process and the number of its pages."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.pages = 0

    @property
    def alive(self) -> bool:
        return self.browser.is_connected()


class ChromiumBrowsers:
    """Implements ``Browsers``: a context per page, up to so many in one Chromium; one that died is replaced."""

    def __init__(
        self,
        executable: Path | None = None,
        contexts_per_browser: int = 6,
        scratch: Scratch | None = None,
        settings: PageSettings = USUAL_PAGE,
    ) -> None:
        """``executable``: the Chromium to use; None for the one that ``find_chromium`` finds.

        ``settings``: how pages look. ``scratch``: where temporary files go; None for the system's temporary directory, where a killed one leaves some.
        """
        self._executable = executable
        self._contexts_per_browser = contexts_per_browser
        self._scratch = scratch
        self._settings = settings
        self._temporary: Path | None = None
        self._chromium: Chromium | None = None
        self._playwright: Playwright | None = None
        self._has_launched = False
        self._shared: list[_SharedBrowser] = []
        self._pages: set[ChromiumPage] = set()
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        """Find Chromium and launch the first one; remove what dead processes left. Raises ``BrowserError``."""
        self._chromium = await asyncio.to_thread(find_chromium, self._executable)
        if self._scratch is not None:
            await self.reap()
            self._temporary = self._scratch.open()
        self._playwright = await self._start_driver()
        async with self._changing:
            self._shared.append(await self._launch(self._chromium))

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> ChromiumPage:
        """Open a page that reaches ``origin`` only. Leaves nothing behind where it raises ``BrowserError``."""
        resources = AsyncExitStack()
        try:
            proxy = await resources.enter_async_context(EgressProxy(origin))
            async with asyncio.timeout(OPEN_SECONDS):
                context = await self._new_context(proxy, resources)
                page = await new_page(
                    context,
                    origin=origin,
                    cookies=cookies,
                    downloads=downloads,
                    proxy=proxy,
                    settings=self._settings,
                    resources=resources,
                )
            await page.open(origin + start_path)
        except BaseException as error:
            await resources.aclose()
            if isinstance(error, PlaywrightError | TimeoutError):
                raise BrowserError(f"Chromium could not open a page: {error}") from error
            raise
        self._pages.add(page)
        resources.callback(self._pages.discard, page)
        return page

    async def reap(self) -> int:
        """Remove what dead processes left, where there is a place that says what is whose; see the port."""
        return 0 if self._scratch is None else await asyncio.to_thread(self._scratch.reap)

    async def close(self) -> None:
        """Close all pages, the browsers and Playwright's driver. Idempotent."""
        await asyncio.gather(*(page.close() for page in tuple(self._pages)))
        shared, self._shared = self._shared, []
        await asyncio.gather(*(_close_browser(one.browser) for one in shared))
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            await playwright.stop()
        if self._scratch is not None:
            await asyncio.to_thread(self._scratch.close)

    async def _new_context(self, proxy: EgressProxy, resources: AsyncExitStack) -> BrowserContext:
        """Make a context in a browser with room; in another one where that turns out to have died."""
        shared = await self._take_place()
        try:
            context = await new_context(shared.browser, proxy, self._settings.viewport)
        except PlaywrightError:
            self._shared.remove(shared)
            shared = await self._take_place()
            context = await new_context(shared.browser, proxy, self._settings.viewport)
        resources.push_async_callback(self._give_back, shared)
        resources.push_async_callback(_close_context, context)
        return context

    async def _take_place(self) -> _SharedBrowser:
        """Count one more page in the browser with the fewest, launching one where all that live are full."""
        if self._chromium is None:
            raise BrowserError("the browsers are not started")
        async with self._changing:
            self._shared = [shared for shared in self._shared if shared.alive]
            with_room = [shared for shared in self._shared if shared.pages < self._contexts_per_browser]
            shared = min(with_room, key=lambda one: one.pages, default=None)
            if shared is None:
                shared = await self._launch(self._chromium)
                self._shared.append(shared)
            shared.pages += 1
            return shared

    async def _give_back(self, shared: _SharedBrowser) -> None:
        """Count one page less; the last page of a browser closes it too, unless it is the only one."""
        shared.pages -= 1
        if shared.pages == 0 and shared in self._shared and len(self._shared) > 1:
            self._shared.remove(shared)
            await _close_browser(shared.browser)

    async def _launch(self, chromium: Chromium) -> _SharedBrowser:
        """Launch one; with a new driver where no browser lives any more, since it may be the driver that has died."""
        if self._playwright is None:
            raise BrowserError("the browsers are not started")
        try:
            browser = await self._launch_with(self._playwright, chromium)
        except PlaywrightError as error:
            if not self._has_launched or any(shared.alive for shared in self._shared):
                raise BrowserError(f"{chromium.path} ({chromium.version}) does not start: {error.message}") from error
            browser = await self._launch_with_new_driver(self._playwright, chromium)
        self._has_launched = True
        return _SharedBrowser(browser)

    async def _launch_with_new_driver(self, old: Playwright, chromium: Chromium) -> Browser:
        try:
            async with asyncio.timeout(_LAUNCH_SECONDS):
                with contextlib.suppress(PlaywrightError):
                    await old.stop()
                self._playwright = await self._start_driver()
            return await self._launch_with(self._playwright, chromium)
        except (PlaywrightError, TimeoutError) as error:
            raise BrowserError(f"{chromium.path} ({chromium.version}) does not start any more: {error}") from error

    async def _start_driver(self) -> Playwright:
        with inherited_as_temporary(self._temporary):
            return await async_playwright().start()

    async def _launch_with(self, playwright: Playwright, chromium: Chromium) -> Browser:
        return await playwright.chromium.launch(
            executable_path=chromium.path,
            args=list(CHROMIUM_FLAGS),
            env=self._environment(),
            ignore_default_args=["--hide-scrollbars"],  # they tell the agent that there is more
            proxy={"server": _NOWHERE},
            timeout=_LAUNCH_SECONDS * 1000,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )

    def _environment(self) -> dict[str, str | float | bool]:
        passed: dict[str, str | float | bool] = {
            name: os.environ[name] for name in _PASSED_ENVIRONMENT if name in os.environ
        }
        return passed if self._temporary is None else {**passed, "TMPDIR": str(self._temporary)}


async def _close_context(context: BrowserContext) -> None:
    """Close a context, without waiting for one that hangs: it ends with its browser."""
    with contextlib.suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await context.close()


async def _close_browser(browser: Browser) -> None:
    with contextlib.suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await browser.close()
