"""Live frames of a real rollout: from a page in a worker process, through the server, to who watches."""

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from .conftest import StartRolldeck

SECONDS = 150  # a limit, not a wait: the first rollout warms the environments up


def post(url: str, body: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_running_rollout_is_seen_live_and_its_events_are_told(
    start_rolldeck: "StartRolldeck", tasks_file: Path
) -> None:
    server = start_rolldeck("serve", "--port", "0", "--workers", "1", "--json")
    assert server.stdout is not None
    address = str(json.loads(server.stdout.readline())["address"])
    post(f"{address}/api/tasks/upload", json.loads(tasks_file.read_text()))
    made = post(f"{address}/api/rollouts", {"task_ids": ["datasets"], "agent": "oracle"})
    frames, statuses = asyncio.run(watch(address, made["rollouts"][0]["id"]))
    assert frames
    assert all(frame.startswith(b"\xff\xd8") for frame in frames)
    assert statuses[-1] == "completed"
    assert "running" in statuses


async def watch(address: str, rollout_id: str) -> tuple[list[bytes], list[str]]:
    """Watch a rollout to its end: its frames, and what it became."""
    frames: list[bytes] = []
    statuses: list[str] = []
    url = f"{address.replace('http', 'ws')}/api/stream?after=0&topic=rollout:{rollout_id}&topic=frames:{rollout_id}"
    async with asyncio.timeout(SECONDS), connect(url) as websocket:
        while "completed" not in statuses:
            message = await websocket.recv()
            if isinstance(message, bytes):
                assert message[:26].decode() == rollout_id
                frames.append(message[26:])
                await websocket.send(json.dumps({"type": "ack", "rollout_id": rollout_id}))
            elif (told := json.loads(message))["type"] == "events":
                statuses += [each["data"]["status"] for each in told["events"] if each["kind"] == "rollout.status"]
    return frames, statuses
