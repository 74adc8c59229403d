"""Questions and takeovers over HTTP; what a worker does about them is done by the test."""

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from rolldeck.domain.action import Click
from rolldeck.domain.person import QuestionAsked
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.status import Event
from rolldeck.domain.task import Task
from rolldeck.storage.port import Claim

if TYPE_CHECKING:
    from .conftest import Deck

ME = {"holder": "the-secret-of-this-page"}
CLICK = {"kind": "click", "x": 1, "y": 2}


@pytest.fixture
async def claim(deck: "Deck") -> Claim:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])
    claim = await deck.claim(await deck.start_a_batch("1"))
    await deck.services.rollouts.advance(claim.rollout.id, claim.token, Event.ENVIRONMENT_READY)
    return claim


async def ask(deck: "Deck", claim: Claim) -> str:
    shot = await deck.services.artifacts.put(f"{claim.rollout.id}/screens/q.png", b"\x89PNG a picture")
    asked = QuestionAsked(
        id="a" * 32, action="<b>click</b>", concern="It pays.", actions=(Click(x=1, y=2),), screenshot=shot, seconds=60
    )
    await deck.services.people.ask(claim.rollout.id, claim.token, asked)
    return asked.id


async def test_a_question_is_shown_with_all_that_a_person_needs_to_decide(
    deck: "Deck", client: httpx2.AsyncClient, claim: Claim
) -> None:
    await ask(deck, claim)
    (question,) = (await client.get("/api/people")).json()["questions"]
    assert (question["task_id"], question["agent"], question["action"]) == ("1", "noop", "<b>click</b>")
    assert question["actions"] == [{"kind": "click", "x": 1, "y": 2, "held": "", "button": "left", "count": 1}]
    assert 0 < question["seconds_left"] <= 60
    picture = await client.get(question["screenshot_url"])
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"\x89PNG a picture")
    others = (await client.get("/api/people", params={"rollout_id": "01" + "0" * 24})).json()
    assert others == {"questions": [], "takeovers": []}


async def test_a_second_answer_is_a_conflict_and_the_workers_are_woken(
    deck: "Deck", client: httpx2.AsyncClient, claim: Claim
) -> None:
    question_id = await ask(deck, claim)
    woken = deck.woken
    answered = await client.post(f"/api/questions/{question_id}/answer", json={"allow": True})
    assert (answered.status_code, answered.json()["allowed"]) == (200, True)
    assert deck.woken == woken + 1
    second = await client.post(f"/api/questions/{question_id}/answer", json={"allow": False})
    assert second.status_code == 409
    assert second.headers["content-type"] == "application/problem+json"
    assert "it was allowed" in second.json()["detail"]
    assert (await client.post(f"/api/questions/{'b' * 32}/answer", json={"allow": True})).status_code == 404
    assert (await client.post(f"/api/questions/{question_id}/answer", json={})).status_code == 422


async def test_an_order_is_answered_with_what_became_of_it(
    deck: "Deck", client: httpx2.AsyncClient, claim: Claim
) -> None:
    people, rollout_id = deck.services.people, claim.rollout.id
    path = f"/api/rollouts/{rollout_id}/takeover"
    assert (await client.post(path, json=ME)).json()["state"] == "asked"
    await people.stand_aside(rollout_id, claim.token)
    assert (await client.post(f"{path}/sign", json=ME)).json()["state"] == "held"
    ordering = asyncio.create_task(client.post(f"{path}/orders", json={**ME, "actions": [CLICK]}))
    while (desk := await people.desk(rollout_id, claim.token)).order is None:
        await asyncio.sleep(0)
    result = ActionResult(action=desk.order.order.actions[0], error="is not there")
    await people.carry_out(rollout_id, claim.token, desk.order.number, (result,))
    answered = (await ordering).json()
    assert (answered["done"], answered["results"][0]["error"]) == (True, "is not there")
    assert (await client.post(f"{path}/release", json=ME)).status_code == 204
    assert (await client.get("/api/people")).json()["takeovers"] == []


async def test_an_order_that_is_not_carried_out_before_the_page_is_handed_back_is_a_conflict(
    client: httpx2.AsyncClient, claim: Claim
) -> None:
    path = f"/api/rollouts/{claim.rollout.id}/takeover"
    await client.post(path, json=ME)
    ordering = asyncio.create_task(client.post(f"{path}/orders", json={**ME, "actions": [CLICK]}))
    while not (await client.get("/api/people")).json()["takeovers"][0]["waiting"]:
        await asyncio.sleep(0)
    await client.post(f"{path}/release", json=ME)
    assert (await ordering).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**ME, "actions": []}, "either actions"),
        ({**ME, "actions": [CLICK], "answer": "x"}, "either actions"),
        ({**ME, "actions": [CLICK] * 21}, "at most 20"),
        ({**ME, "actions": [{"kind": "type", "text": "x" * 10_001}]}, "longer than 10,000 characters"),
        ({**ME, "actions": [{"kind": "explode"}]}, "explode"),
        ({**ME, "answer": "x" * 100_001}, "at most 100000"),
        ({"holder": "short", "actions": [CLICK]}, "holder"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_with_the_reason(
    client: httpx2.AsyncClient, claim: Claim, body: dict[str, object], field: str
) -> None:
    path = f"/api/rollouts/{claim.rollout.id}/takeover"
    await client.post(path, json=ME)
    refused = await client.post(f"{path}/orders", json=body)
    assert refused.status_code == 422
    assert field in refused.json()["detail"]


async def test_pages_of_other_origins_neither_answer_nor_act(client: httpx2.AsyncClient, claim: Claim) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    for path in (f"/api/rollouts/{claim.rollout.id}/takeover", f"/api/questions/{'a' * 32}/answer"):
        assert (await client.post(path, json=ME, headers=foreign)).status_code == 403
