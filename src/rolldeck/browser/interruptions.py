"""What a page does to the browser around it, and what becomes of it without a person: dialogs, downloads, file choosers, new windows."""

import asyncio
import re
import shutil
from collections.abc import Coroutine
from pathlib import Path

from playwright.async_api import BrowserContext, Dialog, Download, FileChooser, Page
from playwright.async_api import Error as PlaywrightError

_MAX_NOTICES = 8
_MAX_TEXT = 300
_MAX_DOWNLOADS = 20
_MAX_DOWNLOAD_BYTES = 64 * 1024 * 1024
_DOWNLOAD_SECONDS = 60
_NEW_WINDOW_SECONDS = 5.0


class Interruptions:
    """Answers by a fixed policy, and keeps in words what happened until the agent is told.

    Alerts and "leave this page?" are accepted, confirmations too, a prompt is answered with its own default; no file is
    ever chosen; downloads are saved; a new window's address is opened in the one page instead.
    """

    def __init__(self, context: BrowserContext, page: Page, downloads: Path) -> None:
        self._page = page
        self._downloads = downloads
        self._saved = 0
        self._notices: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        context.on("page", lambda window: self._spawn(self._bring_home(window)))
        self._watch(page)

    def told(self) -> str | None:
        """What happened since the last call, in words; None for nothing."""
        notices, self._notices = self._notices, []
        return "\n".join(notices) or None

    async def close(self) -> None:
        """Stop what is still going on. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _watch(self, page: Page) -> None:
        page.on("dialog", lambda dialog: self._spawn(self._answer(dialog)))
        page.on("download", lambda download: self._spawn(self._keep(download)))
        page.on("filechooser", self._dismiss)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # The page went away meanwhile: whoever asks the page next is told that.
        if error is not None and not isinstance(error, PlaywrightError):
            raise error

    def note(self, notice: str) -> None:
        """Keep words for the agent; the same words are told once."""
        if notice in self._notices:
            return
        if len(self._notices) < _MAX_NOTICES:
            self._notices.append(notice)
        else:
            self._notices[-1] = "More of this happened, which is not listed."

    async def _answer(self, dialog: Dialog) -> None:
        # Told first: the action that opened the dialog ends with it, and is to have the words.
        said = dialog.message[:_MAX_TEXT]
        if dialog.type == "prompt":
            self.note(f"The page asked “{said}”; it was answered with “{dialog.default_value[:_MAX_TEXT]}”.")
            await dialog.accept(dialog.default_value)
        else:
            self.note(f"The page showed a dialog ({dialog.type}) “{said}”; it was accepted.")
            await dialog.accept()

    def _dismiss(self, _: FileChooser) -> None:
        self.note("The page asked for a file to upload; none can be chosen here.")

    async def _keep(self, download: Download) -> None:
        name = safe_name(download.suggested_filename)
        if self._saved >= _MAX_DOWNLOADS:
            await download.cancel()
            self.note(f"“{name}” was not downloaded: {_MAX_DOWNLOADS} files are the most.")
            return
        self._saved += 1
        path = await self._finished(download)
        if path is None:
            self.note(f"The download of “{name}” failed.")
        elif (size := path.stat().st_size) > _MAX_DOWNLOAD_BYTES:
            self.note(f"“{name}” was not kept: it is larger than {_MAX_DOWNLOAD_BYTES // 2**20} MB.")
        else:
            await asyncio.to_thread(_copy, path, self._downloads, name)
            self.note(f"“{name}” was downloaded ({size} bytes).")
        await download.delete()

    async def _finished(self, download: Download) -> Path | None:
        try:
            async with asyncio.timeout(_DOWNLOAD_SECONDS):
                return await download.path()
        except TimeoutError:
            await download.cancel()
            return None
        except PlaywrightError:
            return None

    async def _bring_home(self, window: Page) -> None:
        """Open a new window's address in the one page, and close the window."""
        if window is self._page:
            return
        self._watch(window)
        url = await _address_of(window)
        await window.close()
        if url is not None and not url.startswith("chrome-error:"):
            await self._page.goto(url, wait_until="commit")


async def _address_of(window: Page) -> str | None:
    """Where a new window goes, once it does; None for one that stays empty or only downloads."""
    try:
        async with asyncio.timeout(_NEW_WINDOW_SECONDS):
            while window.url in {"", "about:blank"}:
                await window.wait_for_event("framenavigated", timeout=_NEW_WINDOW_SECONDS * 1000)
    except (TimeoutError, PlaywrightError):
        return None
    return window.url


def safe_name(suggested: str) -> str:
    """A file name without any path, control or leading dot, at most 200 bytes long."""
    name = re.sub(r"[^\w .()+,=@~-]", "_", suggested.replace("\\", "/").rsplit("/", 1)[-1])
    name = name.strip(". ").encode()[-200:].decode(errors="ignore").lstrip(". ")
    return name or "download"


def _copy(source: Path, directory: Path, name: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    stem, suffix = Path(name).stem, Path(name).suffix
    target = directory / name
    number = 1
    while target.exists():
        number += 1
        target = directory / f"{stem} ({number}){suffix}"
    shutil.copyfile(source, target)
