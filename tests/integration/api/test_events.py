"""The event log over HTTP, and the figures that are counted from it."""

import asyncio

import httpx2

from rolldeck.domain.task import Task

from .conftest import Deck, serving


async def test_the_log_is_read_in_pieces_or_from_its_end(client: httpx2.AsyncClient, deck: Deck) -> None:
    await client.post("/api/tasks/upload", json=[{"id": "1", "task": "?", "answer": "1"}])
    for _ in range(3):
        await deck.start_a_batch("1")

    async def numbers(query: str) -> list[int]:
        found = (await client.get(f"/api/events?{query}")).json()
        assert found["last"] == 4
        return [event["seq"] for event in found["events"]]

    assert await numbers("after=0") == [1, 2, 3, 4]
    assert await numbers("after=1&limit=2") == [2, 3]
    assert await numbers("limit=2") == [3, 4]
    assert await numbers("after=99") == []
    assert (await client.get("/api/events?after=-1")).status_code == 422


async def test_the_server_counts_what_happens_while_it_serves(deck: Deck) -> None:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])
    await deck.finish_a_rollout("1")
    async with serving(deck.services) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await deck.finish_a_rollout("1", success=False)
        last = await deck.services.events.last()
        text = ""
        async with asyncio.timeout(10):
            while f"rolldeck_last_event {float(last)}" not in text:
                text = (await client.get("/metrics")).text
    ended = [line for line in text.splitlines() if line.startswith("rolldeck_rollouts_ended_total")]
    labels = '{agent="noop",model="",status="completed",success="false"}'
    assert ended == [f"rolldeck_rollouts_ended_total{labels} 1.0"]
    assert 'rolldeck_phase_seconds_count{phase="agent"} 1.0' in text
    assert "rolldeck_steps_total 1.0" in text
