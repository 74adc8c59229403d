"""``rolldeck run --agent human``: a person acts in the command's own rollout, over the API that it serves."""

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from .conftest import StartRolldeck

ME = {"holder": "the-person-of-this-test"}
SECONDS = 120


def test_a_person_solves_a_task_over_the_api(
    start_rolldeck: "StartRolldeck", tasks_file: Path, variables: dict[str, str]
) -> None:
    variables["ROLLDECK_PORT"] = "0"
    command = start_rolldeck("run", tasks_file, "--task", "datasets", "--agent", "human", "--json")
    assert command.stderr is not None
    address = next(
        found[1] for line in command.stderr if (found := re.search(r"A person is needed: .* at (http://\S+?)/", line))
    )
    with httpx2.Client(base_url=address, timeout=60, trust_env=False) as client:
        takeover = _until_awaited(client)
        path = f"/api/rollouts/{takeover['rollout_id']}/takeover"
        assert client.post(path, json=ME).json()["state"] == "held"
        went = client.post(
            f"{path}/orders", json={**ME, "actions": [{"kind": "navigate", "url": "/tablemodelview/list/"}]}
        )
        assert (went.status_code, went.json()["done"], went.json()["step"]) == (200, True, 0)
        answered = client.post(f"{path}/orders", json={**ME, "answer": '{"heading": "Datasets"}'})
        assert answered.status_code == 202
    output, _ = command.communicate(timeout=SECONDS)
    (rollout,) = json.loads(output)["rollouts"]
    assert (rollout["status"], rollout["success"], rollout["steps"]) == ("completed", True, 2)


def _until_awaited(client: httpx2.Client) -> dict[str, str]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        takeovers = client.get("/api/people").json()["takeovers"]
        if takeovers:
            assert (takeovers[0]["state"], takeovers[0]["is_agent"]) == ("awaited", True)
            return dict(takeovers[0])
        time.sleep(0.05)
    raise AssertionError("no rollout waited for a person")
