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

from rolldeck.cli.batch import build_known_templates
from rolldeck.cli.progress import make_console
from rolldeck.cli.running import OK, let_signals_end_the_process, reacting, say
from rolldeck.execution.worker import Worker
from rolldeck.settings import Settings
from rolldeck.wiring import Use, open_adapters, open_deck

_WAKES_READ = 1024


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
            async with open_adapters(deck) as adapters:
                worker = deck.worker(adapters, self.worker_id)
                orders = _Orders(worker, quiet=self.supervised)
                with reacting(orders):
                    self._say_ready(settings)
                    async with _heeding_stdin(worker) if self.supervised else contextlib.nullcontext():
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
async def _heeding_stdin(worker: Worker) -> AsyncIterator[None]:
    """Be woken by bytes on standard input; at its end the server is gone: finish what runs."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    async def heed() -> None:
        while await reader.read(_WAKES_READ):
            worker.wake()
        worker.stop(drain=True)

    heeding = asyncio.create_task(heed(), name="supervisor's orders")
    try:
        yield
    finally:
        heeding.cancel()
        transport.close()
