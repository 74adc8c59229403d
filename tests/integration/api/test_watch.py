"""``rolldeck watch`` in a process of its own, on a real server."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from rolldeck.domain.task import Task
from rolldeck.events.feed import EventFeed
from rolldeck.installation import hold_installation

from .conftest import Deck, serving

Watch = Callable[..., Coroutine[None, None, Process]]

COMMAND = """
from rolldeck.cli.running import complete
from rolldeck.cli.watch import WatchEvents
raise SystemExit(complete(WatchEvents({arguments}), quiet=True))
"""


@pytest.fixture(autouse=True)
async def _one_task(deck: Deck) -> None:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    """Start the command; what still runs at the end of the test is killed."""
    started: list[Process] = []
    variables = {**os.environ, "ROLLDECK_DATA_DIR": str(tmp_path / "data"), "PYTHONUNBUFFERED": "1"}

    async def start(
        server: str | None = None, *, after: int | None = None, batch_id: str | None = None, as_json: bool = True
    ) -> Process:
        arguments = f"{server!r}, {after!r}, {batch_id!r}, {as_json!r}"
        command = (sys.executable, "-c", COMMAND.format(arguments=arguments))
        process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=PIPE, stderr=PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode()


async def said(process: Process, words: str) -> str:
    """Read what it says beside its output, until it says this."""
    assert process.stderr is not None
    text = ""
    async with asyncio.timeout(30):
        while words not in text:
            text += (await process.stderr.readline()).decode()
    return text


async def end(process: Process) -> tuple[int, str]:
    async with asyncio.timeout(30):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def test_it_follows_over_a_restart_without_a_gap_and_ends_with_a_signal(deck: Deck, watch: Watch) -> None:
    async with serving(deck.services) as port:
        process = await watch(f"http://127.0.0.1:{port}/", after=0)
        assert json.loads(await line(process))["kind"] == "tasks.uploaded"
        await deck.start_a_batch("1")
        assert json.loads(await line(process))["seq"] == 2
    await said(process, "trying again")
    await deck.start_a_batch("1")
    again = replace(deck.services, feed=EventFeed(deck.services.events, poll_seconds=0.02))
    async with serving(again, port):
        assert json.loads(await line(process))["seq"] == 3
        await deck.start_a_batch("1")
        assert json.loads(await line(process))["seq"] == 4
        process.send_signal(signal.SIGINT)
        code, errors = await end(process)
    assert (code, "Traceback" in errors, "nothing was missed" in errors) == (130, False, True)


async def test_it_finds_the_server_of_the_data_directory(deck: Deck, watch: Watch, tmp_path: Path) -> None:
    async with serving(deck.services) as port:
        with hold_installation(tmp_path / "data") as installation:
            installation.announce(f"http://127.0.0.1:{port}")
            process = await watch(after=0, as_json=False)
            assert "added 1" in await line(process)


async def test_it_follows_one_batch(deck: Deck, watch: Watch) -> None:
    first = await deck.finish_a_rollout("1")
    second = await deck.start_a_batch("1")
    async with serving(deck.services) as port:
        process = await watch(f"http://127.0.0.1:{port}", after=0, batch_id=second, as_json=False)
        shown = await line(process)
    assert (second in shown, first.batch_id in shown, "1 rollouts queued" in shown) == (True, False, True)


async def test_it_ends_when_nobody_reads_it(deck: Deck, watch: Watch) -> None:
    async with serving(deck.services) as port:
        process = await watch(f"http://127.0.0.1:{port}", after=0)
        await line(process)
        assert process.stdout is not None
        process.stdout._transport.close()
        while process.returncode is None:
            await deck.start_a_batch("1")
        code, errors = await end(process)
    assert (code, errors) == (0, "")


async def test_without_a_server_it_says_what_to_do(watch: Watch) -> None:
    code, errors = await end(await watch())
    assert (code, "rolldeck serve" in errors) == (2, True)
    code, errors = await end(await watch("http://127.0.0.1:1"))
    assert (code, "cannot be reached" in errors) == (1, True)
    code, errors = await end(await watch("http://127.0.0.1:1", after=5))
    assert (code, "Traceback" in errors) == (1, False)


async def test_a_number_that_the_log_has_not_reached_is_an_error(deck: Deck, watch: Watch) -> None:
    async with serving(deck.services) as port:
        code, errors = await end(await watch(f"http://127.0.0.1:{port}", after=1000))
    assert (code, "no event 1000" in errors) == (2, True)
