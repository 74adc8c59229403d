"""What browsers leave on disk: nothing outside their place, and nothing there when they end, however they do."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.integration.browser.conftest import Site

from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.browser.scratch import Scratch

pytestmark = pytest.mark.asyncio(loop_scope="session")
_HOLDER = Path(__file__).with_name("holder.py")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short name: the path of a socket in it may not be long."""
    with tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp") as directory:
        yield Path(directory)


def of_browsers(directory: Path) -> set[str]:
    """Files that Chromium or Playwright makes for a while."""
    return {
        entry.name
        for pattern in ("org.chromium*", ".org.chromium*", "playwright*", "com.google.Chrome*", "scoped_dir*")
        for entry in directory.glob(pattern)
    }


async def test_temporary_files_lie_in_the_place_and_nothing_is_left_of_them(
    site: Site, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/"] = "here"
    usual = tmp_path / "usual"
    usual.mkdir()
    monkeypatch.setenv("TMPDIR", str(usual))
    browsers = ChromiumBrowsers(scratch=Scratch(place, "mine"))
    await browsers.start()
    page = await browsers.open(origin=site.origin, start_path="/", cookies=[], downloads=tmp_path)
    [directory] = place.iterdir()
    assert of_browsers(directory)
    assert list(usual.iterdir()) == []
    await page.close()
    await browsers.close()
    await browsers.close()
    assert list(place.iterdir()) == []
    assert list(usual.iterdir()) == []


async def test_what_a_killed_process_left_is_removed_by_the_next_one_of_its_installation_only(
    site: Site, place: Path
) -> None:
    site.pages["/"] = "here"
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, _HOLDER, place, "mine", site.origin), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"open\n"
    started = psutil.Process(holder.pid).children(recursive=True)
    assert await ChromiumBrowsers(scratch=Scratch(place, "mine")).reap() == 0
    holder.kill()
    await holder.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, started, timeout=10)
    assert alive == []
    assert len(list(place.iterdir())) == 1
    assert await ChromiumBrowsers(scratch=Scratch(place, "other")).reap() == 0
    assert await ChromiumBrowsers(scratch=Scratch(place, "mine")).reap() == 1
    assert list(place.iterdir()) == []
