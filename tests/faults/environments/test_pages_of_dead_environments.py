"""What a browser's page does when the environment behind it dies: it fails soon, and never hangs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from tests.faults.environments.conftest import Open

from rolldeck.browser.page import ChromiumPage
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.action import Navigate
from rolldeck.domain.errors import BrowserError, EnvironmentFailure
from rolldeck.environments.port import Environment

pytestmark = pytest.mark.asyncio(loop_scope="module")
_SOON_SECONDS = 15  # the machine may be busy; a page that hangs does so for 30 and more


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browsers() -> AsyncIterator[ChromiumBrowsers]:
    browsers = ChromiumBrowsers()
    await browsers.start()
    yield browsers
    await browsers.close()


async def open_page(browsers: ChromiumBrowsers, environment: Environment, downloads: Path) -> ChromiumPage:
    return await browsers.open(
        origin=environment.origin, start_path="/", cookies=environment.cookies, downloads=downloads
    )


def kill_server_of(environment: Environment) -> None:
    port = int(environment.origin.rsplit(":", 1)[1])
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            psutil.Process(connection.pid).kill()
            return
    raise AssertionError("nobody listens there")


async def test_a_page_whose_environment_was_killed_shows_an_error_and_the_environment_says_why(
    opened: Open, browsers: ChromiumBrowsers, tmp_path: Path
) -> None:
    environment = await (await opened("page")).provision("small", "rollout")
    page = await open_page(browsers, environment, tmp_path)
    kill_server_of(environment)
    async with asyncio.timeout(_SOON_SECONDS):
        await page.perform(Navigate(url=f"{environment.origin}/"))
        await page.view()
    with pytest.raises(EnvironmentFailure):
        await environment.check()
    await page.close()


async def test_a_request_under_way_ends_when_the_environment_is_killed(
    opened: Open, browsers: ChromiumBrowsers, tmp_path: Path
) -> None:
    environment = await (await opened("underway")).provision("small", "rollout")
    page = await open_page(browsers, environment, tmp_path)
    fetching = asyncio.create_task(
        page._page.evaluate("fetch('/never').then(answer => answer.status, error => String(error))")
    )
    await page._page.evaluate("fetch('/health')")  # by then the other one has been sent
    kill_server_of(environment)
    async with asyncio.timeout(_SOON_SECONDS):
        assert await fetching in {502, "TypeError: Failed to fetch"}
    await page.close()


async def test_a_page_of_an_environment_that_is_dead_already_is_a_failure_that_may_be_tried_again(
    opened: Open, browsers: ChromiumBrowsers, tmp_path: Path
) -> None:
    environment = await (await opened("dead")).provision("small", "rollout")
    kill_server_of(environment)
    async with asyncio.timeout(_SOON_SECONDS):
        with pytest.raises(BrowserError) as failure:
            await open_page(browsers, environment, tmp_path)
    assert failure.value.retryable
