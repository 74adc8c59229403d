"""Persons at a command's own rollouts: a page to act on, and questions that are answered in the terminal."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.console import Console

from rolldeck.cli.event_lines import plain
from rolldeck.cli.running import say
from rolldeck.cli.serving import listening, serving_alone
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import Conflict, NotFound, StorageError
from rolldeck.domain.person import Question
from rolldeck.execution.adapters import Adapters
from rolldeck.execution.audience import Audience
from rolldeck.live.frames import LiveFrames
from rolldeck.storage.port import People
from rolldeck.wiring import Deck

_LOOKS_EVERY_SECONDS = 0.5
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False}


def needs_person(choice: AgentChoice) -> bool:
    """Whether rollouts of this choice cannot go on without a person: who is the agent, or who is asked to confirm."""
    return choice.agent == "human" or choice.parameters.get("safety") == "ask"


class Attendance:
    """Lets persons act in the rollouts that this process executes."""

    def __init__(self) -> None:
        self._frames = LiveFrames(self._watch)
        self.audience = Audience(self._frames.show)

    def _watch(self, rollout_ids: frozenset[str]) -> None:
        self.audience.watch(rollout_ids)

    @asynccontextmanager
    async def serving(self, deck: Deck, adapters: Adapters, console: Console) -> AsyncIterator[None]:
        """Serve the dashboard and the API, say where, and ask in the terminal, if there is one, until the block ends."""
        services = deck.services(adapters.attention.look, self._frames)
        with listening(deck.settings.host, deck.settings.port, must_be_free=False) as listener:
            async with serving_alone(services, listener) as address:
                where = "/live/" if services.web_dir is not None else "/docs (the dashboard is not built here)"
                say(f"A person is needed: act and answer at {address}{where}")
                asking = asyncio.create_task(
                    Asking(deck.database.people, adapters.attention.look, console).go_on(), name="questions"
                )
                try:
                    yield
                finally:
                    asking.cancel()
                    await asyncio.wait({asking})


class Asking:
    """Says which questions wait, and takes `y` or `n` for the oldest of them where a person is at the terminal."""

    def __init__(self, people: People, answered: Callable[[], None], console: Console) -> None:
        self._people = people
        self._answered = answered
        self._console = console
        self._open: dict[str, Question] = {}

    async def go_on(self) -> None:
        """Ask for ever."""
        loop, terminal = asyncio.get_running_loop(), sys.stdin.isatty()
        lines: asyncio.Queue[str] = asyncio.Queue()
        if terminal:
            loop.add_reader(sys.stdin, lambda: lines.put_nowait(sys.stdin.readline()))
        try:
            while True:
                await self.look(can_answer=terminal)
                try:
                    async with asyncio.timeout(_LOOKS_EVERY_SECONDS):
                        line = await lines.get()
                except TimeoutError:
                    continue
                if line == "":  # the end of the input: nobody will type any more
                    loop.remove_reader(sys.stdin)
                await self.take(line)
        finally:
            if terminal:
                loop.remove_reader(sys.stdin)

    async def look(self, *, can_answer: bool) -> None:
        """Say what is asked now and was not before."""
        try:
            questions = await self._people.questions()
        except StorageError:  # it may be back in a moment
            return
        for question in questions:
            if question.id not in self._open:
                self._say(_in_words(question) + (" Allow it? y or n, then Enter." if can_answer else ""))
        self._open = {question.id: question for question in questions}

    async def take(self, line: str) -> None:
        """Take a line for the answer to the oldest question; other lines than yes and no are none."""
        allow = _ANSWERS.get(line.strip().lower())
        if allow is None or not self._open:
            return
        question = next(iter(self._open.values()))
        try:
            await self._people.answer(question.id, allow=allow)
        except (Conflict, NotFound, StorageError) as error:
            self._say(f"{error}.")
        else:
            self._say(f"{'Allowed' if allow else 'Denied'}.")
            self._answered()

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


def _in_words(question: Question) -> str:
    said = f" It says: {plain(question.explanation[:500])}" if question.explanation else ""
    return (
        f"The rollout {question.rollout_id} wants to do {plain(question.action[:200])!r} and asks a person, "
        f"for {question.seconds:g} s: {plain(question.concern[:500])}{said}"
    )
