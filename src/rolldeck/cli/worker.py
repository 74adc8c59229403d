"""``rolldeck worker``: a process that executes what is queued, beside others."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from rolldeck.cli.batch import build_known_templates
from rolldeck.cli.progress import make_console
from rolldeck.cli.running import OK, let_signals_end_the_process, reacting, say
from rolldeck.execution.audience import Audience
from rolldeck.execution.worker import Worker
from rolldeck.live.outlet import Outlet
from rolldeck.live.wire import watched_in
from rolldeck.settings import Settings
from rolldeck.wiring import Use, open_adapters, open_deck


@dataclass(frozen=True)
class Work:
    """The command with its options. A supervised one is a server's child, and heeds its standard input."""

    worker_id: str | None
    supervised: bool
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Work until told to stop."""
        async with open_deck(settings, Use.JOIN) as deck:
            if not self.supervised:  # else the server has done it
                await build_known_templates(deck.environments, settings, make_console())
            outlet = Outlet()
            async with open_adapters(deck, Audience(outlet.show)) as adapters:
                worker = deck.worker(adapters, self.worker_id, on_change=lambda _: outlet.tell_news())
                orders = _Orders(worker, quiet=self.supervised)
                with reacting(orders):
                    self._say_ready(settings)
                    supervised = _supervised(worker, adapters.audience, outlet)
                    async with supervised if self.supervised else contextlib.nullcontext():
                        await worker.run()
        return OK

    def _say_ready(self, settings: Settings) -> None:
        if self.as_json:
            print(json.dumps({"pid": os.getpid(), "parallel": settings.parallel}), flush=True)
        elif not self.supervised:
            say(f"Works on up to {settings.parallel} rollouts at once. Ctrl-C stops it.")


class _Orders:
    """What signals mean to a worker: SIGTERM to finish what runs, any other or a second one to give it back."""

    def __init__(self, worker: Worker, *, quiet: bool) -> None:
        self._worker = worker
        self._quiet = quiet
        self._draining = False

    def __call__(self, number: signal.Signals) -> None:
        """Obey; the signal after the last order ends the process."""
        if number is signal.SIGTERM and not self._draining:
            self._draining = True
            self._say("\nStopping: what runs is finished. Once more gives it back to the queue.")
            self._worker.stop(drain=True)
        else:
            self._say("\nStopping: what runs is given back to the queue. Once more stops at once.")
            self._worker.stop(drain=False)
            let_signals_end_the_process()

    def _say(self, text: str) -> None:
        if not self._quiet:
            say(text)


@asynccontextmanager
async def _supervised(worker: Worker, audience: Audience, outlet: Outlet) -> AsyncIterator[None]:
    """Heed the server's orders, and tell it what it wants to know; once it is gone, finish what runs.

    What both say is in ``live.wire``.
    """
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    stdin, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    stdout, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, _own_stdout())
    told = asyncio.StreamWriter(stdout, protocol, None, loop)
    tasks = {
        asyncio.create_task(_heed(orders, worker, audience), name="supervisor's orders"),
        asyncio.create_task(outlet.write_to(told), name="what the supervisor is told"),
    }
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        stdin.close()
        stdout.close()


async def _heed(orders: asyncio.StreamReader, worker: Worker, audience: Audience) -> None:
    while line := await orders.readline():
        watched = watched_in(line)
        if watched is None:
            worker.wake()
        else:
            audience.watch(watched)
    worker.stop(drain=True)


def _own_stdout() -> BinaryIO:
    """Return standard output for messages alone, which no child inherits; what is printed goes to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb", 0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own
