"""What recording costs: Rolldeck's recorder beside Playwright's own ``record_video``, on the same acting page.

    python benchmarks/recorder.py [--seconds 60 | --short]

Prints one JSON document. CPU seconds are of the whole process tree (this process, Playwright's driver, Chromium, FFmpeg)
from the opened page to the finished file, per recorded minute: as ``cpu_total``, and as ``cpu_recording``, which is less
what the same page and the same actions need without any recording. Every variant takes a PNG of every step, as rollouts do.

``record_video`` needs Playwright's FFmpeg. Where that is not installed, the system's ``ffmpeg`` is put in its place, in a
directory of this run's own; where there is none either, ``record_video`` is null and ``not_compared`` says why.
"""

import argparse
import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, async_playwright

from rolldeck.browser.chromium import find_chromium
from rolldeck.browser.pool import CHROMIUM_FLAGS
from rolldeck.recorder.video import VideoRecorder, VideoRecording

SIZE: ViewportSize = {"width": 1440, "height": 900}
STEP_SECONDS = 1.5
VARIANTS = ("none", "rolldeck", "record_video")

# As a BI tool does: a spinner until the rows are there, then a table drawn anew and bars that grow.
PAGE = """<!doctype html><meta charset=utf-8><title>Orders</title>
<style>body{font:14px sans-serif;margin:16px}td,th{padding:3px 12px;border-bottom:1px solid #ddd;text-align:left}
.bar{height:18px;margin:3px;background:#1c7ed6;transition:width .6s}#panel{position:fixed;right:20px;top:20px;width:420px}
#wait{display:none;width:24px;height:24px;border:3px solid #ddd;border-top-color:#1c7ed6;border-radius:50%;animation:turn 1s linear infinite}
.loading #wait{display:inline-block}@keyframes turn{to{transform:rotate(1turn)}}</style>
<h1>Orders</h1><input id=q placeholder=Search> <button id=sort>Sort</button> <span id=wait></span>
<div id=panel></div><table><thead><tr><th>Id<th>Customer<th>Product<th>Amount<th>Date</thead><tbody></tbody></table>
<script>
let seed = 7; const next = () => (seed = seed * 16807 % 2147483647);
const names = ["Ada Byron", "Grace Murray", "Alan Mathison", "Edsger Wybe", "Barbara Jane", "Donald Ervin"];
const rows = Array.from({length: 200}, (_, i) => [1000 + i, names[next() % 6], "Product " + next() % 40, (next() % 90000 / 100).toFixed(2), "2024-0" + (1 + next() % 9) + "-1" + next() % 9]);
const draw = () => {
  document.querySelector("tbody").innerHTML = rows.map((row) => "<tr>" + row.map((cell) => "<td>" + cell).join("")).join("");
  if (!panel.children.length) panel.innerHTML = "<div class=bar></div>".repeat(12);
  [...panel.children].forEach((bar, i) => bar.style.width = 40 + (Number(rows[i][3]) * 7 % 360) + "px");
};
const load = (change) => {
  document.body.className = "loading";
  setTimeout(() => { document.body.className = ""; change(); draw(); }, 400);
};
sort.onclick = () => load(() => { const column = next() % 5; rows.sort((a, b) => String(a[column]).localeCompare(String(b[column]))); });
q.oninput = () => load(() => rows.push(rows.shift()));
draw();
</script>"""


@dataclass(frozen=True)
class Cost:
    """One variant: CPU seconds and bytes per recorded minute."""

    cpu_total: float
    cpu_recording: float
    megabytes: float
    frames: int | None = None


@dataclass(frozen=True)
class Measured:
    """One run of one variant, as its child process prints it."""

    wall_seconds: float
    cpu_seconds: float
    size_bytes: int
    frames: int | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long each variant records")
    parser.add_argument("--short", action="store_true", help="15 seconds each: about a minute in all")
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    seconds = 15.0 if arguments.short else arguments.seconds
    if arguments.variant is not None:
        print(json.dumps(asdict(asyncio.run(measure(arguments.variant, seconds)))))
        return
    with tempfile.TemporaryDirectory(prefix="rolldeck-benchmark-") as scratch:
        print(json.dumps(compare(seconds, Path(scratch)), indent=2))


def compare(seconds: float, scratch: Path) -> dict[str, object]:
    """Run every variant in a process of its own, one after the other."""
    environment = dict(os.environ)
    missing = None if playwrights_ffmpeg().exists() else substitute_ffmpeg(scratch, environment)
    none = run("none", seconds, environment)
    ours = cost(run("rolldeck", seconds, environment), none)
    theirs = None if missing else cost(run("record_video", seconds, environment), none)
    return {
        "benchmark": "recorder",
        "seconds": seconds,
        "viewport": SIZE,
        "step_seconds": STEP_SECONDS,
        "unit": "CPU seconds and megabytes per recorded minute",
        "no_recording": {"cpu_total": per_minute(none.cpu_seconds, none)},
        "rolldeck": asdict(ours),
        "record_video": theirs and asdict(theirs),
        "not_compared": missing,
        "ratios": theirs and ratios(ours, theirs),
        "target_reached": theirs
        and ours.cpu_recording <= theirs.cpu_recording / 2
        and ours.megabytes <= theirs.megabytes,
    }


def ratios(ours: Cost, theirs: Cost) -> dict[str, float]:
    return {
        "cpu_total": round(ours.cpu_total / theirs.cpu_total, 3),
        "cpu_recording": round(ours.cpu_recording / theirs.cpu_recording, 3),
        "megabytes": round(ours.megabytes / theirs.megabytes, 3),
    }


def run(variant: str, seconds: float, environment: dict[str, str]) -> Measured:
    command = [sys.executable, __file__, "--variant", variant, "--seconds", str(seconds)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return Measured(**json.loads(done.stdout))


def cost(measured: Measured, none: Measured) -> Cost:
    total = per_minute(measured.cpu_seconds, measured)
    return Cost(
        cpu_total=total,
        cpu_recording=round(total - per_minute(none.cpu_seconds, none), 2),
        megabytes=per_minute(measured.size_bytes / 1e6, measured),
        frames=measured.frames,
    )


def per_minute(amount: float, measured: Measured) -> float:
    return round(amount / measured.wall_seconds * 60, 2)


def playwrights_ffmpeg() -> Path:
    """Where Playwright keeps its FFmpeg, as it says itself, whether it is there or not."""
    command = [sys.executable, "-m", "playwright", "install", "--dry-run", "ffmpeg"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    location = re.search(r"Install location:\s*(.+)", answer)
    if location is None:
        raise RuntimeError(f"Playwright does not say where its FFmpeg belongs: {answer}")
    return Path(location[1].strip()) / ("ffmpeg-mac" if sys.platform == "darwin" else "ffmpeg-linux")


def substitute_ffmpeg(scratch: Path, environment: dict[str, str]) -> str | None:
    """Put the system's FFmpeg where Playwright will look; returns why that is not possible, None where it is."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return "record_video needs FFmpeg: run `playwright install ffmpeg` or `apt-get install ffmpeg`"
    expected = playwrights_ffmpeg()
    place = scratch / expected.parent.name / expected.name
    place.parent.mkdir(parents=True)
    place.symlink_to(ffmpeg)
    environment["PLAYWRIGHT_BROWSERS_PATH"] = str(scratch)
    return None


async def measure(variant: str, seconds: float) -> Measured:
    """Open the page, act on it for ``seconds`` while it is recorded, and count from there to the finished file."""
    chromium = await asyncio.to_thread(find_chromium, None)
    async with AsyncExitStack() as resources:
        directory = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="rolldeck-benchmark-")))
        playwright = await resources.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium.path, args=list(CHROMIUM_FLAGS))
        resources.push_async_callback(browser.close)
        context = await new_context(browser, directory if variant == "record_video" else None)
        page = await context.new_page()
        await page.set_content(PAGE)
        cdp = await context.new_cdp_session(page)

        cpu, started = cpu_of_tree(), time.monotonic()
        recording = VideoRecorder().start(directory / "video.mp4", jpeg_of(cdp)) if variant == "rolldeck" else None
        await act(page, cdp, seconds, recording)
        frames = await finish(context, recording)
        wall, cpu = time.monotonic() - started, cpu_of_tree() - cpu
        return Measured(wall, cpu, size_of_videos(directory), frames)


def size_of_videos(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir() if path.suffix in {".mp4", ".webm"})


async def new_context(browser: Browser, video_directory: Path | None) -> BrowserContext:
    if video_directory is None:
        return await browser.new_context(viewport=SIZE)
    return await browser.new_context(viewport=SIZE, record_video_dir=video_directory, record_video_size=SIZE)


async def finish(context: BrowserContext, recording: VideoRecording | None) -> int | None:
    """End the recording; ``record_video`` writes its file when the context closes."""
    video = await recording.finish() if recording is not None else None
    await context.close()
    return video.frames if video is not None else None


async def act(page: Page, cdp: CDPSession, seconds: float, recording: VideoRecording | None) -> None:
    """A step every 1.5 s: sort, type, scroll in turn, and a PNG of what came of it."""
    started = time.monotonic()
    step = 0
    while time.monotonic() - started < seconds:
        match step % 3:
            case 0:
                await page.mouse.click(240, 85)
            case 1:
                await page.mouse.click(80, 85)
                await page.keyboard.type("order")
            case _:
                await page.mouse.wheel(0, 300 if step % 2 else -300)
        step += 1
        png = base64.b64decode((await cdp.send("Page.captureScreenshot", {"optimizeForSpeed": True}))["data"])
        if recording is not None:
            recording.push(png)
        await asyncio.sleep(max(0.0, started + step * STEP_SECONDS - time.monotonic()))


def jpeg_of(cdp: CDPSession) -> Callable[[], Awaitable[bytes]]:
    """What ``ChromiumPage.frame`` does."""

    async def frame() -> bytes:
        how = {"format": "jpeg", "quality": 80, "optimizeForSpeed": True}
        return base64.b64decode((await cdp.send("Page.captureScreenshot", how))["data"])

    return frame


def cpu_of_tree() -> float:
    """CPU seconds of this process and all below it, those that ended included."""
    me = psutil.Process()
    total = 0.0
    for process in [me, *me.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


if __name__ == "__main__":
    main()
