"""Persons beside an agent: questions that wait for an answer, pages that are taken over, the person who is the agent."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rolldeck.agents.human import HumanAgent
from rolldeck.agents.port import Observation, ToConfirm, Turn
from rolldeck.domain.action import Click, TypeText
from rolldeck.domain.errors import AgentError
from rolldeck.domain.person import Order
from rolldeck.domain.rollout import Actor, Rollout, StopReason
from rolldeck.domain.status import Status
from rolldeck.execution.agent_clock import AgentClock
from rolldeck.execution.attention import Attention
from rolldeck.execution.interruption import Interrupt
from rolldeck.execution.person import Person, PersonPatience
from rolldeck.execution.rollout import run_rollout

if TYPE_CHECKING:
    from .conftest import Scene

PAY = ToConfirm("click", "It pays.", "I pay now.", (Click(x=3, y=4),))
CLICK = Order(actions=(Click(x=5, y=6),))
TYPE = Order(actions=(TypeText(text="42"), Click(x=7, y=8)))


class Clock:
    """Stands for the worker's clock: each look at it is a second later."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 1
        return self.time


class AtOnce(Attention):
    """Lets those who wait look again at once."""

    async def next_look(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def person(scene: "Scene", patience: PersonPatience | None = None) -> Person:
    return Person(
        await scene.queued_and_claimed(),
        people=scene.people,
        attention=AtOnce(),
        clock=AgentClock(60),
        keep_screenshot=lambda image: scene.artifacts.put(image.decode(), image),
        patience=patience or PersonPatience(idle=20, absent=40, viewer=5),
        monotonic=Clock(),
    )


class TestQuestions:
    @pytest.mark.parametrize("allowed", [True, False])
    async def test_an_answer_is_what_the_person_says(self, scene: "Scene", allowed: bool) -> None:
        scene.people.says = allowed
        assert await (await person(scene)).confirm(PAY, 300) is allowed
        assert scene.people.closed == []

    async def test_nobody_answers_in_time_and_the_question_is_closed(self, scene: "Scene") -> None:
        assert await (await person(scene)).confirm(PAY, 10) is None
        assert scene.people.closed == [scene.people.asked[0].id]

    async def test_the_person_is_shown_what_the_agent_saw_and_said(self, scene: "Scene") -> None:
        beside = await person(scene)
        beside.sees(b"screen")
        await beside.confirm(PAY, 3)
        (asked,) = scene.people.asked
        assert (asked.action, asked.concern, asked.explanation, asked.actions) == (
            *("click", "It pays.", "I pay now."),
            (Click(x=3, y=4),),
        )
        assert (asked.screenshot, asked.seconds) == ("screen", 3)

    async def test_what_a_model_says_without_end_is_cut_off(self, scene: "Scene") -> None:
        await (await person(scene)).confirm(ToConfirm("a" * 10**6, "b" * 10**6, "c" * 10**6), 1)
        (asked,) = scene.people.asked
        assert max(len(asked.action), len(asked.concern), len(asked.explanation)) <= 4000


class TestTakeovers:
    async def test_orders_come_one_after_the_other_until_the_page_is_handed_back(self, scene: "Scene") -> None:
        beside = await person(scene)
        scene.people.come(CLICK, TYPE)
        assert await beside.comes()
        assert [await beside.next_order(()), await beside.next_order(()), await beside.next_order(())] == [
            CLICK,
            TYPE,
            None,
        ]
        assert len(scene.people.carried_out) == 2

    async def test_a_person_who_has_left_again_is_not_waited_for(self, scene: "Scene") -> None:
        assert not await (await person(scene)).comes()

    async def test_a_page_that_gives_no_sign_of_life_loses_the_page(self, scene: "Scene") -> None:
        beside = await person(scene)
        scene.people.come()
        scene.people.stays = True
        assert await beside.comes()
        assert await beside.next_order(()) is None
        assert scene.people.ended == ["the person's page gave no sign of life any more"]

    async def test_a_person_who_does_nothing_loses_the_page(self, scene: "Scene") -> None:
        beside = await person(scene, PersonPatience(idle=20, viewer=1000))
        scene.people.come()
        scene.people.stays = True
        await beside.comes()
        assert await beside.next_order(()) is None
        assert scene.people.ended == ["the person did nothing for 20 s"]


class Wanted(AtOnce):
    """Says that the page is wanted, as long as somebody has asked for it."""

    def __init__(self, scene: "Scene") -> None:
        super().__init__()
        self._people = scene.people

    def is_wanted(self, rollout_id: str) -> bool:
        return self._people.takeover is not None


async def run(scene: "Scene") -> Rollout:
    claim = await scene.queued_and_claimed()
    adapters = replace(scene.adapters, attention=Wanted(scene))
    await run_rollout(claim, adapters, Interrupt(), lambda _: None, scene.sleep)
    return scene.database.rollouts[claim.rollout.id]


class TestInATrajectory:
    async def test_what_a_person_does_is_a_step_of_its_own_and_the_agent_is_told(self, scene: "Scene") -> None:
        scene.people.come(CLICK, TYPE)
        rollout = await run(scene)
        assert rollout.status is Status.COMPLETED
        assert [(each.index, each.source) for each in scene.database.trajectory] == [
            *((0, Actor.AGENT), (1, Actor.HUMAN)),
            *((2, Actor.HUMAN), (3, Actor.AGENT)),
        ]
        first, last = scene.seen
        assert first.notice is None
        assert last.notice is not None
        assert "a person took the page over, did 3 actions" in last.notice
        assert [result.action for result in last.results] == [Click(x=1, y=2)]  # the agent's own

    async def test_a_persons_steps_are_none_of_the_agents_limit(self, scene: "Scene") -> None:
        scene.limit(steps=2)
        scene.people.come(CLICK, CLICK, CLICK)
        assert (await run(scene)).stop_reason is StopReason.ANSWERED


class TestTheHumanAgent:
    async def test_it_does_what_is_ordered_and_answers_what_the_person_types(self, scene: "Scene") -> None:
        beside = await person(scene)
        scene.people.orders = [TYPE, Order(answer='{"n": 42}')]
        agent = HumanAgent(beside.order_for_agent)
        seen = Observation(b"screen", "http://x/", 1440, 900)
        assert await agent.act(seen) == Turn(actions=TYPE.actions, source=Actor.HUMAN)
        assert await agent.act(seen) == Turn(answer='{"n": 42}', source=Actor.HUMAN)

    async def test_where_nobody_acts_the_rollout_fails_and_is_no_wrong_answer(self, scene: "Scene") -> None:
        beside = await person(scene)
        scene.people.stays = True
        with pytest.raises(AgentError, match="no person has acted for 40 s"):
            await beside.order_for_agent(())


def test_an_order_is_actions_or_an_answer() -> None:
    for wrong in ({}, {"actions": (Click(x=1, y=1),), "answer": "x"}):
        with pytest.raises(ValueError, match="either actions, at least one, or an answer"):
            Order.model_validate(wrong)
    with pytest.raises(ValueError, match="longer than 10,000 characters"):
        Order(actions=(TypeText(text="x" * 10_001),))
    with pytest.raises(ValueError, match="NUL"):
        Order(actions=(TypeText(text="\x00"),))
