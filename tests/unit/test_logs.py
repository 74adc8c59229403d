import asyncio
import logging

import pytest
import structlog

from rolldeck.domain.log import Tail
from rolldeck.logs import configure_logs, keep_what_is_logged_in

_log = structlog.get_logger(__name__)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> "object":
    handlers = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


async def test_what_a_task_and_those_it_starts_log_is_kept_and_nothing_of_another_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("info")
    mine, others = Tail(), Tail()

    async def attempt(tail: Tail, name: str) -> None:
        keep_what_is_logged_in(tail)
        await asyncio.create_task(work(name))

    async def work(name: str) -> None:
        _log.info("phase ended", of=name)
        _log.debug("not worth a line")

    await asyncio.gather(attempt(mine, "mine"), attempt(others, "others"))
    assert [line.split(" ", 1)[1] for line in mine.text.splitlines()] == ['level=info event="phase ended" of=mine']
    assert "of=others" in others.text
    assert "of=mine" in capsys.readouterr().err
