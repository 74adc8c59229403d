"""What a model behind a double of its API does, in canonical actions: the doubles translate it into their protocols."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rolldeck.agents.oracle import OracleAgent
from rolldeck.agents.port import Observation
from rolldeck.browser.port import BrowserPage, Browsers
from rolldeck.domain.action import Action
from rolldeck.domain.errors import AgentError
from rolldeck.domain.page import Cookie
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.task import Task


@dataclass(frozen=True)
class Seen:
    """What a model was sent last: the newest screenshot, the page's address, and what its last actions failed with."""

    screenshot: bytes
    width: int
    height: int
    url: str
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Said:
    """What a model does in a turn: actions, or its answer. ``concern`` is why a person should confirm the actions."""

    actions: Sequence[Action] = ()
    answer: str | None = None
    text: str = ""
    thoughts: str = ""
    concern: str | None = None


class Brain(Protocol):
    """Decides in one conversation."""

    async def decide(self, seen: Seen) -> Said:
        """Return what the model does next."""


Brains = Callable[[str, str], Brain]
"""``(prompt, url) → brain`` of a new conversation."""


@dataclass
class Scripted:
    """Says one thing after the other, whatever it sees; the last one again and again."""

    script: Sequence[Said]
    seen: list[Seen] = field(default_factory=list)

    async def decide(self, seen: Seen) -> Said:
        self.seen.append(seen)
        return self.script[min(len(self.seen), len(self.script)) - 1]


class Solving:
    """Solves tasks by looking at the real page that the screenshots are of: it acts where things are now.

    It has eyes of its own on the page (``Watched``), for a model's eyes cannot be had here; its hands are the agent's, over
    the wire. What it does follows from what the page shows when it is asked.
    """

    def __init__(self, tasks: Sequence[Task], pages: Mapping[str, BrowserPage]) -> None:
        self._tasks = tasks
        self._pages = pages

    def __call__(self, prompt: str, url: str) -> Brain:
        """Return the brain of a rollout of the task that the prompt holds, at an address of its environment."""
        task = next(task for task in self._tasks if task.task in prompt)
        page = next(page for origin, page in self._pages.items() if url.startswith(f"{origin}/"))
        return _Solver(OracleAgent(task.solution, page))


class _Solver:
    def __init__(self, oracle: OracleAgent) -> None:
        self._oracle = oracle
        self._last: Sequence[Action] = ()

    async def decide(self, seen: Seen) -> Said:
        failed = "; ".join(seen.problems) or None
        results = tuple(ActionResult(action=action, error=failed) for action in self._last)
        try:
            turn = await self._oracle.act(Observation(seen.screenshot, seen.url, seen.width, seen.height, results))
        except AgentError as error:
            return Said(answer=f"I cannot go on: {error}")
        self._last = turn.actions
        return Said(turn.actions, turn.answer, turn.message)


class Watched:
    """Browsers whose open pages can be looked at by their environment's origin."""

    def __init__(self, browsers: Browsers) -> None:
        self._browsers = browsers
        self.pages: dict[str, BrowserPage] = {}

    async def start(self) -> None:
        await self._browsers.start()

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> BrowserPage:
        page = await self._browsers.open(origin=origin, start_path=start_path, cookies=cookies, downloads=downloads)
        self.pages[origin] = page
        return page

    async def reap(self) -> int:
        return await self._browsers.reap()

    async def close(self) -> None:
        await self._browsers.close()
