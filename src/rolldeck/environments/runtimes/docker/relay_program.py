"""The relay: the only way into a rollout's network. Runs in a container of its own, without anything of Rolldeck.

Usage: ``python3 -c <this text> PORT:HOST:PORT…``. It listens on the first port of each and passes on to the rest; where
nobody listens there, a connection is ended at once.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

_PIECE = 1 << 16


async def pass_on(source: StreamReader, target: StreamWriter) -> None:
    """Pass on all that comes, then its end."""
    try:
        while piece := await source.read(_PIECE):
            target.write(piece)
            await target.drain()
        target.write_eof()
    except OSError:
        target.transport.abort()


async def listen(port: int, host: str, its_port: int) -> None:
    """Begin to pass connections on."""

    async def connect(outer: StreamReader, to_outer: StreamWriter) -> None:
        try:
            inner, to_inner = await asyncio.open_connection(host, its_port)
        except OSError:
            to_outer.transport.abort()
            return
        await asyncio.gather(pass_on(outer, to_inner), pass_on(inner, to_outer))
        to_inner.close()
        to_outer.close()

    await asyncio.start_server(connect, "0.0.0.0", port)  # noqa: S104 - in a container: who reaches it, the engine says


async def main() -> None:
    """Serve until the container ends."""
    for argument in sys.argv[1:]:
        port, host, its_port = argument.split(":")
        await listen(int(port), host, int(its_port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
