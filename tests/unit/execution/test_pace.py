"""How fast an agent may make requests."""

from typing import TYPE_CHECKING

from rolldeck.domain.batch import Quota
from rolldeck.execution.pace import Pace

if TYPE_CHECKING:
    from .conftest import Scene


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_each_request_waits_for_its_place(scene: "Scene") -> None:
    scene.quotas.wait = 2.5
    pace = Pace("some-model", scene.quotas, scene.sleep, Clock())
    for _ in range(3):
        await pace()
    assert scene.slept == [2.5] * 3


async def test_what_has_no_limit_of_requests_takes_no_places(scene: "Scene") -> None:
    scene.quotas.limited = [Quota(name="some-model", max_running=3), Quota(name="another", requests_per_minute=1)]
    await Pace("some-model", scene.quotas, scene.sleep, Clock())()
    assert scene.quotas.reserved == []


async def test_a_limit_that_is_set_or_lifted_while_it_goes_on_holds_a_second_later(scene: "Scene") -> None:
    clock = Clock()
    limited, scene.quotas.limited = scene.quotas.limited, []
    pace = Pace("some-model", scene.quotas, scene.sleep, clock)
    await pace()
    scene.quotas.limited = limited
    await pace()
    assert scene.quotas.reserved == []
    clock.now += 1
    await pace()
    assert scene.quotas.reserved == ["some-model"]
    scene.quotas.limited = []
    clock.now += 1
    await pace()
    assert scene.quotas.reserved == ["some-model"]
