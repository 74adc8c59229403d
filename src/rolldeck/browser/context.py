"""Prepares a browser's context for one rollout, and the one page in it."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext

from rolldeck.browser.clipboard import Clipboard
from rolldeck.browser.egress_proxy import EgressProxy
from rolldeck.browser.interruptions import Interruptions
from rolldeck.browser.origin_guard import OriginGuard
from rolldeck.browser.page import ChromiumPage, PageSettings, Viewport
from rolldeck.browser.scripts import ONE_PAGE, VISIBLE_MENUS
from rolldeck.browser.witness import Witness
from rolldeck.domain.page import Cookie

OPEN_SECONDS = 20


async def new_context(browser: Browser, proxy: EgressProxy, viewport: Viewport) -> BrowserContext:
    """Make a context of a rollout's own, which reaches what its proxy lets it. Raises Playwright's ``Error``."""
    context = await browser.new_context(
        viewport={"width": viewport.width, "height": viewport.height},
        device_scale_factor=1,
        locale="en-US",
        timezone_id="UTC",
        accept_downloads=True,
        proxy={"server": proxy.url, "bypass": "<-loopback>"},
    )
    context.set_default_timeout(OPEN_SECONDS * 1000)
    return context


async def new_page(
    context: BrowserContext,
    *,
    origin: str,
    cookies: Sequence[Cookie],
    downloads: Path,
    proxy: EgressProxy,
    settings: PageSettings,
    resources: AsyncExitStack,
) -> ChromiumPage:
    """Prepare a context and open its page. ``resources`` gets what is to be closed before the context."""
    await context.grant_permissions([])  # grants nothing, and so refuses without asking what else would be asked for
    await context.add_init_script(ONE_PAGE + VISIBLE_MENUS)
    clipboard = await Clipboard.of(context)
    domain = urlsplit(origin).hostname
    await context.add_cookies(
        [
            {"name": one.name, "value": one.value, "domain": domain, "path": one.path, "httpOnly": one.http_only}
            for one in cookies
        ]
    )
    page = await context.new_page()
    interruptions = Interruptions(context, page, downloads)
    resources.push_async_callback(interruptions.close)
    cdp = await context.new_cdp_session(page)
    await OriginGuard(cdp, origin, interruptions.note).start()
    return ChromiumPage(
        context=context,
        page=page,
        cdp=cdp,
        clipboard=clipboard,
        origin=origin,
        settings=settings,
        interruptions=interruptions,
        traffic=proxy.traffic,
        witness=Witness(page, proxy.log, [cookie.value for cookie in cookies]),
        resources=resources,
    )
