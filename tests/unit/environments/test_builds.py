"""Templates that are built in the background, by a process that a test writes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from rolldeck.domain.errors import Conflict, NotFound, StorageError, TemplateError
from rolldeck.environments.builds import Build, Builds, BuildState, failure_line, progress_line
from rolldeck.environments.port import BuildProgress

FIRST = progress_line(BuildProgress(1, 2, "lay the planks", 0.0))
HALF = progress_line(BuildProgress(1, 2, "lay the planks", 0.5))
HARDLY_MORE = progress_line(BuildProgress(1, 2, "lay the planks", 0.51))
SECOND = progress_line(BuildProgress(2, 2, "drive the nails"))


def program(*lines: str, log: Sequence[str] | str = (), code: int = 0, waits: bool = False) -> str:
    """A builder that tells these lines, and logs those (or an expression's); one that waits goes on until it is interrupted."""
    return "\n".join(
        (
            "import signal, sys, time",
            "def interrupted(*_): print('swept up', file=sys.stderr, flush=True); sys.exit(130)",
            "signal.signal(signal.SIGINT, interrupted)",
            f"for line in {log if isinstance(log, str) else repr(list(log))}: print(line, file=sys.stderr, flush=True)",
            f"for line in {list(lines)!r}: print(line, flush=True)",
            "while True: time.sleep(60)" if waits else f"sys.exit({code})",
        )
    )


class Yard:
    """Builds by the program that a test gives to each name, and what was told of them."""

    def __init__(self) -> None:
        self.programs: dict[str, str] = {}
        self.told: list[Build] = []
        self.news = asyncio.Event()
        self.builds = Builds(
            lambda name: [sys.executable, "-c", self.programs[name]],
            clean=lambda text: text.replace("xyzzy", "[key]"),
            on_change=self.hear,
        )

    async def hear(self, build: Build) -> None:
        self.told.append(build)
        self.news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                self.news.clear()
                await self.news.wait()

    async def build(self, name: str, text: str) -> Build:
        self.programs[name] = text
        await self.builds.start(name)
        await self.until(lambda: self.builds.get(name).state is not BuildState.RUNNING)
        return self.builds.get(name)


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    made = Yard()
    yield made
    await made.builds.close()


async def test_a_build_tells_its_steps_and_keeps_its_log(yard: Yard) -> None:
    built = await yard.build("shed", program(FIRST, HALF, HARDLY_MORE, SECOND, log=["plank 1", "plank 2"]))
    assert (built.state, built.error) == (BuildState.BUILT, None)
    assert built.ended_at is not None
    assert list(yard.builds.lines("shed")) == ["plank 1", "plank 2"]
    steps = [(build.progress.step, build.progress.fraction) for build in yard.told if build.progress is not None]
    assert steps == [(1, 0.0), (1, 0.5), (2, None), (2, None)]  # the last one tells the end
    assert yard.told[-1] == built


async def test_a_build_that_fails_says_why(yard: Yard) -> None:
    failed = await yard.build("shed", program(failure_line(TemplateError("no nails")), code=1))
    assert (failed.state, failed.error) == (BuildState.FAILED, "no nails")


async def test_a_process_that_dies_without_a_word_is_a_failure(yard: Yard) -> None:
    failed = await yard.build("shed", program(code=7))
    assert failed.error == "the building process ended with exit code 7: see its log"


async def test_a_failed_build_can_be_begun_again(yard: Yard) -> None:
    await yard.build("shed", program(log=["bad luck"], code=1))
    built = await yard.build("shed", program())
    assert built.state is BuildState.BUILT
    assert list(yard.builds.lines("shed")) == []


async def test_there_is_one_build_of_each_name_at_a_time(yard: Yard) -> None:
    yard.programs = {"shed": program(FIRST, waits=True), "fence": program(waits=True)}
    first = await yard.builds.start("shed")
    assert (await yard.builds.start("shed")).started_at == first.started_at
    assert (await yard.builds.start("fence")).state is BuildState.RUNNING
    assert set(yard.builds.newest()) == {"shed", "fence"}


async def test_a_cancelled_build_cleans_up_first(yard: Yard) -> None:
    yard.programs["shed"] = program(FIRST, waits=True)
    await yard.builds.start("shed")
    await yard.until(lambda: yard.builds.get("shed").progress is not None)
    cancelled = await yard.builds.cancel("shed")
    assert (cancelled.state, cancelled.error) == (BuildState.CANCELLED, None)
    assert list(yard.builds.lines("shed")) == ["swept up"]
    with pytest.raises(Conflict, match="has ended already"):
        await yard.builds.cancel("shed")


async def test_what_was_never_built_is_not_found(yard: Yard) -> None:
    with pytest.raises(NotFound):
        yard.builds.get("moon")


async def test_no_secret_and_no_endless_text_is_kept(yard: Yard) -> None:
    lines = "['password xyzzy', 'x' * 5_000, 'y' * (2 << 20), 'after']"
    failed = await yard.build("shed", program(failure_line(TemplateError("xyzzy")), log=lines, code=1))
    assert failed.error == "[key]"
    kept = list(yard.builds.lines("shed"))
    assert kept[0] == "password [key]"
    assert max(map(len, kept)) <= 2_000
    assert kept[-1] == "after"
    many = await yard.build("shed", program(log=[str(number) for number in range(1_000)]))
    assert many.state is BuildState.BUILT
    assert len(yard.builds.lines("shed")) == 400
    assert yard.builds.lines("shed")[-1] == "999"


async def test_a_build_goes_on_where_nobody_can_be_told(yard: Yard) -> None:
    async def away(_: Build) -> None:
        raise StorageError("the database is away")

    builds = Builds(lambda _: [sys.executable, "-c", program(FIRST)], on_change=away)
    await builds.start("shed")
    async with asyncio.timeout(30):
        while builds.get("shed").state is BuildState.RUNNING:
            await asyncio.sleep(0)
    assert builds.get("shed").state is BuildState.BUILT


def test_what_a_builder_tells_is_json() -> None:
    assert json.loads(HALF) == {"type": "step", "step": 1, "steps": 2, "name": "lay the planks", "fraction": 0.5}
    assert json.loads(failure_line(TemplateError("no"))) == {"type": "failure", "error": "no"}
