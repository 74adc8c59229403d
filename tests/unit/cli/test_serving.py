"""What signals do to a server and its workers, and where it listens."""

import asyncio
import signal
import socket
import sys
from collections.abc import Sequence

import pytest

from rolldeck.cli.serving import Serving, address_of, listening
from rolldeck.domain.errors import InvalidInput
from rolldeck.execution.supervisor import Supervisor

DRAIN_SECONDS = 7.0


class Workers(Supervisor):
    """Stands in for worker processes: ends when told to, and remembers how it was stopped."""

    def __init__(self) -> None:
        super().__init__(_nothing, count=0, give_up=_give_up)
        self.stops: list[float] = []
        self.killed = False
        self.may_end = asyncio.Event()

    async def stop(self, grace: float) -> None:
        self.stops.append(grace)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.killed = True
            raise


def _nothing(_: str) -> Sequence[str]:
    return [sys.executable, "-c", ""]


async def _give_up(worker_id: str, reason: str) -> None:
    raise AssertionError((worker_id, reason))


@pytest.fixture
async def workers() -> Workers:
    return Workers()


@pytest.fixture
async def served(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Serving:
    monkeypatch.setattr("rolldeck.cli.serving.let_signals_end_the_process", lambda: None)
    return Serving("http://127.0.0.1:8000", workers, DRAIN_SECONDS)


async def until_stops(workers: Workers, *expected: float) -> None:
    await asyncio.sleep(0)
    assert workers.stops == list(expected)


async def test_sigterm_drains_and_a_second_signal_releases_and_a_third_kills(served: Serving, workers: Workers) -> None:
    served.obey(signal.SIGTERM)
    assert served.ended.is_set()
    await until_stops(workers, DRAIN_SECONDS)
    served.obey(signal.SIGTERM)
    await until_stops(workers, DRAIN_SECONDS, 0)
    served.obey(signal.SIGTERM)
    await served.until_workers_ended()
    assert workers.killed
    assert workers.stops == [DRAIN_SECONDS, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_an_interrupted_server_releases_at_once(
    served: Serving, workers: Workers, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    served.obey(number)
    await until_stops(workers, 0)
    assert "given back to the queue" in capsys.readouterr().err
    workers.may_end.set()
    await served.until_workers_ended()
    assert served.interrupted


async def test_without_time_to_drain_sigterm_releases(workers: Workers) -> None:
    served = Serving("http://127.0.0.1:8000", workers, 0)
    served.obey(signal.SIGTERM)
    await until_stops(workers, 0)
    workers.may_end.set()
    await served.until_workers_ended()


async def test_a_server_that_ends_without_a_signal_releases_too(served: Serving, workers: Workers) -> None:
    workers.may_end.set()
    await served.until_workers_ended()
    assert workers.stops == [0]
    assert not served.interrupted


def test_a_port_that_must_be_free_and_is_not_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(InvalidInput, match=f"port {port} is taken"),
            listening("127.0.0.1", port, must_be_free=True),
        ):
            pass


def test_otherwise_the_next_free_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listening("127.0.0.1", port, must_be_free=False) as listener:
            assert address_of(listener) != f"http://127.0.0.1:{port}"
    assert f"Port {port} is taken" in capsys.readouterr().err


def test_small_answers_are_sent_at_once() -> None:
    with listening("127.0.0.1", 0, must_be_free=False) as listener:
        assert listener.proto == socket.IPPROTO_TCP
