"""What a page says to its console and asks of the network is written down, for readers of the rollout."""

import asyncio
from pathlib import Path

import pytest
from tests.integration.browser.conftest import Site

from rolldeck.browser.page import ChromiumPage
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.log import LogSource
from rolldeck.domain.page import Cookie

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """
<script>
  console.log("hello <b>there</b> \\u001b[31mred", {a: 1});
  console.error("token=" + "a-very-secret-cookie");
  fetch("/api/items?page=2&api_token=abcdef").catch(() => {});
  fetch("http://elsewhere.example/x").catch(() => {});
  setTimeout(() => { throw new Error("boom") });
</script>
"""


async def written(page: ChromiumPage, source: LogSource, *wanted: str) -> str:
    """Wait until a log has all that is wanted; returns it."""
    async with asyncio.timeout(20):
        while True:
            text = next(log.text for log in page.logs() if log.source is source)
            if all(each in text for each in wanted):
                return text
            await page.view()


async def test_console_and_network_are_written_down_without_secrets_and_are_there_after_the_end(
    browsers: ChromiumBrowsers, site: Site, tmp_path: Path
) -> None:
    site.pages["/"] = PAGE
    cookies = [Cookie(name="session", value="a-very-secret-cookie")]
    page = await browsers.open(origin=site.origin, start_path="/", cookies=cookies, downloads=tmp_path)
    try:
        console = await written(page, LogSource.CONSOLE, "hello", "token=", "boom")
        network = await written(page, LogSource.NETWORK, "/api/items", "elsewhere.example")
    finally:
        await page.close()
    assert "log: hello <b>there</b>" in console
    assert "uncaught: Error: boom" in console
    assert "a-very-secret-cookie" not in console
    lines = {line.split(" ", 1)[1].rsplit(" after", 1)[0] for line in network.splitlines()}
    assert "GET /api/items?page=2&api_token=••• → 404, 0 bytes" in lines
    assert "GET http://elsewhere.example/x → refused: outside of the environment" in lines
    assert {log.source for log in page.logs() if log.text} == {LogSource.CONSOLE, LogSource.NETWORK}
