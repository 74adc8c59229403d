"""The whole product, started as a user starts it, and a real browser looking at its dashboard."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from rolldeck.browser.chromium import find_chromium

START_SECONDS = 120
STOP_SECONDS = 30


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on an empty data directory; gives the dashboard's address."""
    log_path = tmp_path_factory.mktemp("server") / "log"
    data_dir = tmp_path_factory.mktemp("data")
    with log_path.open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "rolldeck.cli.main", "serve", "--port", "0", "--json"],
            env={
                **os.environ,
                "ROLLDECK_DATA_DIR": str(data_dir),
                # So that an agent with a model can be chosen; nothing listens there.
                "ROLLDECK_OPENAI_COMPATIBLE_BASE_URL": "http://127.0.0.1:9/v1",
            },
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert server.stdout is not None
        try:
            announcement = server.stdout.readline()
            assert announcement, f"the server ended before it was ready:\n{log_path.read_text()}"
            yield str(json.loads(announcement)["address"])
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=STOP_SECONDS)
            server.stdout.close()


@pytest.fixture
def context(tmp_path: Path) -> Iterator[BrowserContext]:
    """A person's browser; what it complains about in its console is an error of the test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium().path)
        with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
            yield context
        browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab, which must have nothing to complain about."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    unexpected = [text for text in complaints if "status of 4" not in text]  # a refused upload is shown, and logged
    assert unexpected == []
