"""What a step takes outside of the model, and how many steps eight agents take at once.

python benchmarks/steps.py [--rounds 3] [--actions 20] [--parallel 8] [--short]

A local page at 1280×800 is clicked, typed into and scrolled in turn. Prints one JSON document:

- ``alone``: milliseconds from the agent's word to its next look, one rollout at a time, with everything of Rolldeck's on: the
  environment's proxy, the page settled, the screenshot stored, the step and its event written to SQLite, the recorder
  running. ``floor`` is bare Playwright on the same page: the action by coordinates, the same wait until the page has settled,
  one PNG. The two take turns, ``rounds`` times.
- ``parallel``: eight rollouts of one worker, with an agent that answers at once: steps a second, CPU milliseconds a step, and
  which processes took them; the same eight with bare Playwright beside it.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from doubles import NoEnvironment, NoEnvironments, adapters_on, worker
from rolldeck.agents.port import Agent, AgentInfo, Observation, PageReader, Turn
from rolldeck.browser.chromium import find_chromium
from rolldeck.browser.page import USUAL_PAGE, PageSettings, Viewport
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.action import Action, Click, Scroll, TypeText
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.limits import RolloutLimits
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.environments.port import Environment
from rolldeck.execution.worker import Worker
from rolldeck.logs import configure_logs
from rolldeck.recorder.video import VideoRecorder
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import RolloutFilter

SIZE: ViewportSize = {"width": 1280, "height": 800}
TARGET = 1.3
TASK = Task(id="steps", task="Sort, search and scroll.", answer=1)

# A list as applications have them: sorted by the server, searched as one types, longer than the window.
PAGE = """<!doctype html><meta charset=utf-8><title>Orders</title>
<style>body{font:14px sans-serif;margin:16px}td,th{padding:3px 12px;border-bottom:1px solid #ddd;text-align:left}
#bar{position:sticky;top:0;background:#fff;height:40px}button{width:100px;height:30px}.bar{height:12px;background:#1c7ed6}</style>
<div id=bar><button id=sort>Sort</button> <input id=q placeholder=Search></div><table><tbody></tbody></table>
<script>
let rows = [], turn = 0;
const draw = () => {
  const shown = rows.filter((row) => row.join(" ").includes(q.value.slice(-1)));
  document.querySelector("tbody").innerHTML = shown.map((row) =>
    "<tr><td>" + row.join("<td>") + `<td><div class=bar style="width:${row[3] / 3}px"></div>`).join("");
};
sort.onclick = async () => { rows = await (await fetch(`/rows?turn=${turn++}`)).json(); draw(); q.focus(); };
q.oninput = draw;
sort.click();
</script>"""


def actions(count: int) -> list[Action]:
    """Return a click that asks the server, a word, and the wheel, in turn."""
    turns: list[Action] = [Click(x=60, y=30), TypeText(text="product"), Scroll(x=600, y=500, dy=240)]
    return list(itertools.islice(itertools.cycle(turns), count))


# --- the page's server ------------------------------------------------------------------------------------------------


@contextmanager
def site() -> Iterator[str]:
    """Serve the page meanwhile; yields its origin."""
    app = FastAPI(openapi_url=None)
    names = ("Ada Byron", "Grace Murray", "Alan Mathison", "Edsger Wybe")
    rows = [[1000 + i, names[i % 4], f"product {i * 7 % 40}", i * 37 % 900] for i in range(200)]
    app.add_api_route("/", lambda: PAGE, response_class=HTMLResponse)
    app.add_api_route("/rows", lambda turn: rows[int(turn) % 200 :] + rows[: int(turn) % 200])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server, listening = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


# --- what one process measures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """One run: seconds of each step; wall and CPU seconds of all, by kind of process."""

    steps: list[float]
    wall: float
    cpu: dict[str, float]
    waited: float = 0.0
    acted: float = 0.0


class CpuClock:
    """CPU seconds of this process, Playwright's driver and Chromium."""

    def __init__(self) -> None:
        self._started = self._now()

    def seconds(self) -> dict[str, float]:
        now = self._now()
        return {kind: round(now[kind] - self._started[kind], 3) for kind in now}

    def _now(self) -> dict[str, float]:
        seconds = {"python": time.process_time(), "driver": 0.0, "chromium": 0.0}
        for process in psutil.Process().children(recursive=True):
            times = process.cpu_times()
            seconds["driver" if process.name().startswith("node") else "chromium"] += times.user + times.system
        return seconds


class Scripted:
    """Agents that perform the same actions without thinking, and note how long they wait for their next look."""

    def __init__(self, script: Sequence[Action], ready: asyncio.Barrier) -> None:
        self._script = script
        self._ready = ready
        self.steps: list[float] = []
        self.started = 0.0
        self.cpu = CpuClock()
        self.used: dict[str, float] = {}
        self.wall = 0.0

    def list(self) -> Sequence[AgentInfo]:
        return []

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:  # noqa: ARG002
        return None

    def create(self, choice: AgentChoice, task: Task, page: PageReader) -> Agent:  # noqa: ARG002
        return _ScriptedAgent(self._script, self._ready, self)

    def begin(self) -> None:
        """Count from now on, once all are there."""
        if not self.started:
            self.started, self.cpu = time.perf_counter(), CpuClock()

    def end(self) -> None:
        """Count until now; the last one decides."""
        self.wall, self.used = time.perf_counter() - self.started, self.cpu.seconds()


class _ScriptedAgent:
    def __init__(self, script: Sequence[Action], ready: asyncio.Barrier, among: Scripted) -> None:
        self._script = list(script)
        self._ready = ready
        self._among = among
        self._said_at: float | None = None

    async def act(self, observation: Observation) -> Turn:
        if any(result.error for result in observation.results):
            raise RuntimeError(f"an action had no effect: {observation.results}")
        if self._said_at is None:
            await self._ready.wait()
            self._among.begin()
        else:
            self._among.steps.append(time.perf_counter() - self._said_at)
        if not self._script:
            self._among.end()
            return Turn(message="Done.", answer="1")
        action = self._script.pop(0)
        self._said_at = time.perf_counter()
        return Turn(message="The next one is to be seen.", actions=(action,))

    async def close(self) -> None: ...


class _SiteEnvironments(NoEnvironments):
    """The page's server, as an environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def provision(self, name: str, rollout_id: str) -> Environment:  # noqa: ARG002
        return self._environment


async def rolldeck(origin: str, count: int, parallel: int) -> Measured:
    """Execute rollouts by a real worker, all at once."""
    environment = NoEnvironment()
    environment.origin = origin
    agents = Scripted(actions(count), asyncio.Barrier(parallel))
    browsers = ChromiumBrowsers(
        contexts_per_browser=8, settings=PageSettings(viewport=Viewport(SIZE["width"], SIZE["height"]))
    )
    async with AsyncExitStack() as resources:
        directory = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="rolldeck-steps-")))
        database = await Database.open(f"sqlite:///{directory / 'rolldeck.db'}")
        resources.push_async_callback(database.close)
        await database.tasks.upload([TASK])
        choice, limits = AgentChoice(agent="scripted"), RolloutLimits(steps=count + 1)
        spec = BatchSpec(task_ids=(TASK.id,), agents=(choice,), repeats=parallel, limits=limits)
        batch = (await database.batches.create(spec, {})).batch
        adapters = replace(
            adapters_on(database, LocalArtifacts(directory / "artifacts")),
            environments=_SiteEnvironments(environment),
            browsers=browsers,
            recorder=VideoRecorder(),
            agents=agents,
        )
        resources.push_async_callback(browsers.close)
        await browsers.start()
        executing = Worker(
            adapters,
            worker("steps", parallel),
            parallel=parallel,
            lease_seconds=15,
            headroom=lambda: None,
            batch_id=batch.id,
        )
        await executing.run(until_idle=True)
        rollouts = (await database.rollouts.list(RolloutFilter(batch_id=batch.id), limit=parallel)).rollouts
        for rollout in rollouts:
            if rollout.status is not Status.COMPLETED or rollout.video is None or rollout.steps != count + 1:
                raise RuntimeError(f"a rollout is {rollout.status}: {rollout.errors}")
        steps = [step for rollout in rollouts for step in await database.rollouts.steps(rollout.id)]
    return Measured(
        agents.steps,
        agents.wall,
        agents.used,
        waited=statistics.mean(step.wait_seconds for step in steps),
        acted=statistics.mean(step.action_seconds for step in steps[:-1]),
    )


# --- the floor --------------------------------------------------------------------------------------------------------

DOM_QUIET = """(seconds) => new Promise((done) => {
  let timer;
  const again = () => { clearTimeout(timer); timer = setTimeout(finish, seconds * 1000); };
  const watch = new MutationObserver(again);
  const finish = () => { watch.disconnect(); done(); };
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  again();
})"""


class BarePage:
    """One page of bare Playwright, with a wait until it has settled."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open = 0
        self._active_at = 0.0
        page.on("request", lambda _: self._count(1))
        page.on("requestfinished", lambda _: self._count(-1))
        page.on("requestfailed", lambda _: self._count(-1))

    def _count(self, change: int) -> None:
        self._open += change
        self._active_at = time.monotonic()

    async def step(self, action: Action) -> float:
        """Act, wait, look; returns the seconds of it."""
        started = time.perf_counter()
        await self._perform(action)
        await self.settle()
        await self._page.screenshot()
        return time.perf_counter() - started

    async def _perform(self, action: Action) -> None:
        match action:
            case Click():
                await self._page.mouse.click(action.x, action.y)
            case TypeText():
                await self._page.keyboard.type(action.text)
            case Scroll():
                await self._page.mouse.move(action.x, action.y)
                await self._page.mouse.wheel(action.dx, action.dy)

    async def settle(self) -> None:
        """Until the DOM and the network have been quiet for as long as Rolldeck wants them to be."""
        deadline = time.monotonic() + USUAL_PAGE.patience.longest
        while time.monotonic() < deadline:
            await self._page.evaluate(DOM_QUIET, USUAL_PAGE.patience.quiet)
            if not self._open and time.monotonic() - self._active_at >= USUAL_PAGE.patience.quiet:
                return


async def floor(origin: str, count: int, parallel: int) -> Measured:
    """Do the same with bare Playwright, in one browser."""
    chromium = await asyncio.to_thread(find_chromium, None)
    async with AsyncExitStack() as resources:
        playwright = await resources.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium.path)
        resources.push_async_callback(browser.close)
        pages = [await _bare_page(browser, origin) for _ in range(parallel)]
        cpu, started = CpuClock(), time.perf_counter()
        steps = await asyncio.gather(*(_all_steps(page, count) for page in pages))
        return Measured(list(itertools.chain(*steps)), time.perf_counter() - started, cpu.seconds())


async def _bare_page(browser: Browser, origin: str) -> BarePage:
    page = await (await browser.new_context(viewport=SIZE)).new_page()
    bare = BarePage(page)
    await page.goto(origin)
    await bare.settle()
    return bare


async def _all_steps(page: BarePage, count: int) -> list[float]:
    return [await page.step(action) for action in actions(count)]


# --- the comparison ---------------------------------------------------------------------------------------------------

VARIANTS = {"floor": floor, "rolldeck": rolldeck}


def run(variant: str, origin: str, count: int, parallel: int) -> Measured:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--variant", variant, "--origin", origin]
    command += ["--actions", str(count), "--parallel", str(parallel)]
    return Measured(**json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout))


def alone(origin: str, count: int, rounds: int) -> dict[str, object]:
    runs = [(run("floor", origin, count, 1), run("rolldeck", origin, count, 1)) for _ in range(rounds)]
    bare = [seconds for one, _ in runs for seconds in one.steps]
    ours = [seconds for _, one in runs for seconds in one.steps]
    ratio = statistics.median(statistics.mean(one.steps) / statistics.mean(base.steps) for base, one in runs)
    return {
        "unit": "milliseconds of a step outside of the model",
        "floor": _summary(bare),
        "rolldeck": _summary(ours),
        "of_which_waited": _ms(statistics.mean(one.waited for _, one in runs)),
        "of_which_acted": _ms(statistics.mean(one.acted for _, one in runs)),
        "ratio": round(ratio, 2),
        "ratios": [round(statistics.mean(one.steps) / statistics.mean(base.steps), 2) for base, one in runs],
        "target": TARGET,
        "met": ratio <= TARGET,
    }


def together(origin: str, count: int, parallel: int, rounds: int) -> dict[str, object]:
    runs = [(run("floor", origin, count, parallel), run("rolldeck", origin, count, parallel)) for _ in range(rounds)]
    return {
        "rollouts": parallel,
        "floor": _load([base for base, _ in runs]),
        "rolldeck": _load([one for _, one in runs]),
        "ratio_steps_per_second": round(
            statistics.median((len(one.steps) / one.wall) / (len(base.steps) / base.wall) for base, one in runs), 2
        ),
    }


def _load(runs: Sequence[Measured]) -> dict[str, object]:
    count = sum(len(one.steps) for one in runs)
    cpu = {kind: sum(one.cpu[kind] for one in runs) for kind in runs[0].cpu}
    return {
        "steps_per_second": round(statistics.median(len(one.steps) / one.wall for one in runs), 1),
        "cpu_ms_per_step": {kind: _ms(seconds / count) for kind, seconds in cpu.items()},
        "cpu_ms_per_step_total": _ms(sum(cpu.values()) / count),
        "share_of_python": round(cpu["python"] / sum(cpu.values()), 2),
    }


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    return {
        "mean": _ms(statistics.mean(seconds)),
        "p50": _ms(statistics.median(seconds)),
        "p95": _ms(statistics.quantiles(seconds, n=20)[-1]),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--actions", type=int, default=20)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--short", action="store_true", help="one round, and nothing in parallel")
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--origin", help=argparse.SUPPRESS)
    options = parser.parse_args()
    configure_logs("warning")
    if options.variant is not None:
        measured = asyncio.run(VARIANTS[options.variant](options.origin, options.actions, options.parallel))
        print(json.dumps(asdict(measured)))
        return
    rounds = 1 if options.short else options.rounds
    with site() as origin:
        result: dict[str, object] = {"alone": alone(origin, options.actions, rounds)}
        if not options.short:
            result["parallel"] = together(origin, options.actions, options.parallel, rounds)
    machine = {"processors": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2)}
    print(json.dumps({"benchmark": "steps", "viewport": SIZE, **result, "machine": machine}, indent=2))


if __name__ == "__main__":
    main()
