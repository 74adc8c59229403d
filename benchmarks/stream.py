"""How fast what is committed reaches viewers, and what live frames cost the server.

python benchmarks/stream.py [--viewers 20] [--tiles 12] [--events 200]

A real server on SQLite, in a process of its own. Latency: another process commits events (as workers elsewhere do, with nobody
who tells the server) and, in a second run, tells the server each time as supervised workers do; every viewer notes when an event
arrives: milliseconds from the end of the commit to the last and to each viewer. Baseline: the same events over a bare loopback
WebSocket from memory. Frames: one viewer with ``--tiles`` live tiles of 60 kB each, ten a second, from a worker's pipe; the server's CPU in
percent of a core, against the same server with the tiles subscribed to and no frames. Prints one JSON document.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from api_alone import services_on
from local_postgresql import free_port
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from rolldeck.api.app import create_app
from rolldeck.domain.batch import Quota
from rolldeck.live.frames import LiveFrames
from rolldeck.live.wire import NEWS, frame_message, read_told
from rolldeck.storage.database import Database

LATENCY_TARGET_MS = 150
CPU_TARGET_PERCENT = 10
FRAME = b"\xff\xd8" + b"\x5a" * 60_000
FRAMES_A_SECOND = 10
SECONDS = 10.0


def ids(count: int) -> list[str]:
    return [f"{number:026d}" for number in range(count)]


# --- the server -----------------------------------------------------------------------------------------------------


def run_server(directory: Path, port: int, pipe: int) -> None:
    """Serve until the process is ended; what comes through the pipe is what a supervised worker tells."""
    asyncio.run(_serve(directory, port, pipe))


async def _serve(directory: Path, port: int, pipe: int) -> None:
    database = await Database.open(directory / "rolldeck.db")
    frames = LiveFrames(lambda _: None)
    services = services_on(database, directory, frames)
    reader = asyncio.StreamReader()
    file = os.fdopen(pipe, "rb", 0)  # as long as the process
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)

    async def listen() -> None:
        while (told := await read_told(reader)) is not None:
            if told.rollout_id is None:
                services.feed.wake()
            else:
                frames.show(told.rollout_id, told.jpeg)

    listening = asyncio.create_task(listen())
    config = uvicorn.Config(create_app(services), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()
    listening.cancel()


class Running:
    """A server that runs, and the worker's end of its pipe."""

    def __init__(self, directory: Path, port: int, pipe: Any, process: Any) -> None:
        self.directory = directory
        self.port = port
        self.pipe = pipe
        self.process = psutil.Process(process.pid)

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def server(directory: Path) -> Iterator[Running]:
    read_end, write_end = os.pipe()
    port = free_port()
    process = multiprocessing.get_context("fork").Process(
        target=run_server, args=(directory, port, read_end), daemon=True
    )
    process.start()
    os.close(read_end)
    with os.fdopen(write_end, "wb", buffering=0) as pipe:
        try:
            yield Running(directory, port, pipe, process)
        finally:
            process.terminate()
            process.join(timeout=10)
            process.kill()


@asynccontextmanager
async def viewer(port: int, query: str) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{port}/api/stream?{query}"
    for _ in range(300):
        with contextlib.suppress(OSError):
            async with connect(url, max_size=None) as websocket:
                yield websocket
                return
        await asyncio.sleep(0.1)
    raise SystemExit("the server does not answer")


# --- latency --------------------------------------------------------------------------------------------------------


async def latencies(running: Running, viewers: int, events: int, *, told: bool) -> dict[str, Any]:
    """Commit events one by one; returns how long they took to each viewer."""
    database = await Database.open(running.directory / "rolldeck.db")
    committed: dict[str, float] = {}
    arrived: list[dict[str, float]] = [{} for _ in range(viewers)]
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(viewer(running.port, "topic=log")) for _ in range(viewers)]
        listening = [asyncio.create_task(note(socket, each)) for socket, each in zip(sockets, arrived, strict=True)]
        for number in range(events):
            name = f"{told}-{number}"
            await database.quotas.set(Quota(name=name, max_running=1))
            committed[name] = time.perf_counter()
            if told:
                running.pipe.write(NEWS)
            await asyncio.sleep(0.023)  # not in step with the server's looks
        await asyncio.sleep(1)
        for task in listening:
            task.cancel()
    await database.close()
    each = [1000 * (times[name] - at) for times in arrived for name, at in committed.items()]
    last = [1000 * (max(times[name] for times in arrived) - at) for name, at in committed.items()]
    return {"each viewer": figures(each), "the last viewer": figures(last)}


async def note(socket: ClientConnection, arrived: dict[str, float]) -> None:
    async for message in socket:
        document = json.loads(message)
        if document["type"] == "events":
            now = time.perf_counter()
            for event in document["events"]:
                arrived.setdefault(event["data"].get("name"), now)


async def bare_latencies(viewers: int, events: int) -> dict[str, Any]:
    """The same from memory, over bare WebSockets."""
    connections: list[ServerConnection] = []
    complete = asyncio.Event()

    async def hold(connection: ServerConnection) -> None:
        connections.append(connection)
        if len(connections) == viewers:
            complete.set()
        await connection.wait_closed()

    sent: list[float] = []
    arrived: list[list[float]] = [[] for _ in range(viewers)]
    async with serve(hold, "127.0.0.1", 0) as bare, contextlib.AsyncExitStack() as stack:
        port = next(iter(bare.sockets)).getsockname()[1]
        sockets = [await stack.enter_async_context(connect(f"ws://127.0.0.1:{port}")) for _ in range(viewers)]

        async def listen(socket: ClientConnection, times: list[float]) -> None:
            while await socket.recv():
                times.append(time.perf_counter())

        listening = [asyncio.create_task(listen(socket, each)) for socket, each in zip(sockets, arrived, strict=True)]
        await complete.wait()
        for _ in range(events):
            sent.append(time.perf_counter())
            for connection in connections:
                await connection.send('{"type": "events", "events": []}')
            await asyncio.sleep(0.023)
        for task in listening:
            task.cancel()
    return {
        "each viewer": figures(
            [1000 * (at - begun) for times in arrived for at, begun in zip(times, sent, strict=False)]
        )
    }


def figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(0.95 * len(ordered))], 2),
        "max_ms": round(ordered[-1], 2),
    }


# --- frames ---------------------------------------------------------------------------------------------------------


async def frames(running: Running, tiles: int) -> dict[str, Any]:
    """Show live tiles; returns what they cost the server, and how many frames were shown."""
    rollout_ids = ids(tiles)
    query = "&".join(f"topic=frames:{rollout_id}" for rollout_id in rollout_ids)
    shown = 0
    async with viewer(running.port, query) as socket:

        async def look() -> None:
            nonlocal shown
            async for message in socket:
                if isinstance(message, bytes):
                    shown += 1
                    await socket.send(json.dumps({"type": "ack", "rollout_id": message[:26].decode()}))

        looking = asyncio.create_task(look())
        await asyncio.sleep(1)
        idle = await cpu_percent(running, asyncio.sleep(SECONDS))
        busy = await cpu_percent(running, film(running, rollout_ids))
        looking.cancel()
    return {
        "server_cpu_percent": busy,
        "server_cpu_percent_without_frames": idle,
        "frames_shown_a_second": round(shown / SECONDS, 1),
        "frames_made_a_second": tiles * FRAMES_A_SECOND,
        "target_percent": CPU_TARGET_PERCENT,
        "met": busy <= CPU_TARGET_PERCENT,
    }


async def film(running: Running, rollout_ids: list[str]) -> None:
    ends = time.monotonic() + SECONDS
    while (began := time.monotonic()) < ends:
        for rollout_id in rollout_ids:
            await asyncio.to_thread(running.pipe.write, frame_message(rollout_id, FRAME))
        await asyncio.sleep(max(0.0, 1 / FRAMES_A_SECOND - (time.monotonic() - began)))


async def cpu_percent(running: Running, work: Any) -> float:
    before, began = running.cpu_seconds(), time.perf_counter()
    await work
    return round(100 * (running.cpu_seconds() - before) / (time.perf_counter() - began), 1)


async def measure(viewers: int, tiles: int, events: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="rolldeck-stream-") as directory, server(Path(directory)) as running:
        elsewhere = await latencies(running, viewers, events, told=False)
        supervised = await latencies(running, viewers, events, told=True)
        found = {
            "at": datetime.now(UTC).isoformat(),
            "viewers": viewers,
            "baseline: bare WebSockets": await bare_latencies(viewers, events),
            "commit to viewer, worker elsewhere": elsewhere,
            "commit to viewer, supervised worker": supervised,
            f"{tiles} live tiles": await frames(running, tiles),
        }
    worst = max(each["each viewer"]["p95_ms"] for each in (elsewhere, supervised))
    return {**found, "latency": {"p95_ms": worst, "target_ms": LATENCY_TARGET_MS, "met": worst <= LATENCY_TARGET_MS}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--tiles", type=int, default=12)
    parser.add_argument("--events", type=int, default=200)
    arguments = parser.parse_args()
    json.dump(asyncio.run(measure(arguments.viewers, arguments.tiles, arguments.events)), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
