"""The person beside a rollout's agent, who answers questions, takes the page over, or is the agent."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from rolldeck.agents.port import ToConfirm
from rolldeck.domain.errors import AgentError
from rolldeck.domain.person import NumberedOrder, Order, QuestionAsked, Takeover, TakeoverState
from rolldeck.domain.rollout import ActionResult
from rolldeck.execution.agent_clock import AgentClock
from rolldeck.execution.attention import Attention
from rolldeck.execution.persistence import persistently
from rolldeck.storage.port import Claim, Desk, People

_LOOKS_EVERY_SECONDS = 0.5  # where nobody says that there is something
_VIEWER_SECONDS = 30.0  # a page that is open gives signs far more often
_LONGEST_TEXT = 4000
_VIEWER_GONE = "the person's page gave no sign of life any more"


@dataclass(frozen=True)
class PersonPatience:
    """How long a rollout waits for persons, in seconds.

    A person who has taken over and orders nothing for ``idle``, or whose page gives no sign of life for ``viewer``, has the page no
    longer. Where the person is the agent, nobody may be there for ``absent``.
    """

    idle: float = 300.0
    absent: float = 3600.0
    viewer: float = _VIEWER_SECONDS


USUAL_PERSON_PATIENCE = PersonPatience()


class Person:
    """Whoever acts for people in one rollout. What they take is not the agent's time.

    ``sees`` is to be told each screenshot that the agent is shown: a question shows the person the same.
    """

    def __init__(
        self,
        claim: Claim,
        *,
        people: People,
        attention: Attention,
        clock: AgentClock,
        keep_screenshot: Callable[[bytes], Awaitable[str]],
        patience: PersonPatience,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._id, self._token = claim.rollout.id, claim.token
        self._people = people
        self._attention = attention
        self._clock = clock
        self._keep_screenshot = keep_screenshot
        self._patience = patience
        self._monotonic = monotonic
        self._signs = _Signs(monotonic)
        self._screenshot: bytes | None = None
        self._carrying_out: int | None = None
        self._is_agent = False

    def sees(self, screenshot: bytes) -> None:
        """Take note of what the agent is shown now, a PNG."""
        self._screenshot = screenshot

    async def confirm(self, what: ToConfirm, seconds: float) -> bool | None:
        """Ask a person, and wait for the answer; None where nobody gives one in so many seconds."""
        with self._clock.stopped():
            asked = await self._question(what, seconds)
            question = await persistently(lambda: self._people.ask(self._id, self._token, asked))
            until = self._monotonic() + seconds
            while question.closed_at is None and (left := until - self._monotonic()) > 0:
                await self._attention.next_look(min(_LOOKS_EVERY_SECONDS, left))
                question = await persistently(lambda: self._people.question(asked.id))
            if question.closed_at is None:
                question = await persistently(lambda: self._people.close(asked.id))
            return question.allowed

    async def _question(self, what: ToConfirm, seconds: float) -> QuestionAsked:
        screenshot = None if self._screenshot is None else await self._keep_screenshot(self._screenshot)
        return QuestionAsked(
            id=uuid4().hex,
            action=what.action[:_LONGEST_TEXT],
            concern=what.concern[:_LONGEST_TEXT],
            explanation=what.explanation[:_LONGEST_TEXT],
            actions=what.actions,
            screenshot=screenshot,
            seconds=seconds,
        )

    @property
    def wants_page(self) -> bool:
        """Whether a person has asked for the page, as far as is known."""
        return not self._is_agent and self._attention.is_wanted(self._id)

    async def comes(self) -> bool:
        """Let the person who has asked for the page have it; False where it is not wanted any more."""
        self._signs = _Signs(self._monotonic)
        return await persistently(lambda: self._people.stand_aside(self._id, self._token))

    async def next_order(self, results: Sequence[ActionResult]) -> Order | None:
        """Return the next order, None once the page was handed back. ``results`` are those of the order before."""
        with self._clock.stopped():
            await self._carried_out(results)
            while (desk := await self._look()).takeover is not None:
                if desk.order is not None:
                    return self._begin(desk.order)
                if (reason := self._why_lost()) is not None:
                    await self._take_page_back(reason)
                else:
                    await self._attention.next_look(_LOOKS_EVERY_SECONDS)
            return None

    async def order_for_agent(self, results: Sequence[ActionResult]) -> Order:
        """Return the next order of the person who is the agent. Raises ``AgentError`` once nobody has acted for long."""
        with self._clock.stopped():
            await self._carried_out(results)
            await self._be_agent()
            while self._signs.idle < self._patience.absent:
                desk = await self._look()
                if desk.order is not None:
                    return self._begin(desk.order)
                if self._is_held(desk) and self._signs.silence > self._patience.viewer:
                    await self._take_page_back(_VIEWER_GONE)
                await self._attention.next_look(_LOOKS_EVERY_SECONDS)
            raise AgentError(f"no person has acted for {self._patience.absent:g} s, so that nothing was tried")

    async def _be_agent(self) -> None:
        if not self._is_agent:
            await persistently(lambda: self._people.await_person(self._id, self._token))
            self._is_agent = True

    async def _look(self) -> Desk:
        desk = await persistently(lambda: self._people.desk(self._id, self._token))
        if desk.takeover is not None:
            self._signs.note(desk.takeover)
        return desk

    def _why_lost(self) -> str | None:
        if self._signs.silence > self._patience.viewer:
            return _VIEWER_GONE
        if self._signs.idle > self._patience.idle:
            return f"the person did nothing for {self._patience.idle:g} s"
        return None

    @staticmethod
    def _is_held(desk: Desk) -> bool:
        return desk.takeover is not None and desk.takeover.state is TakeoverState.HELD

    def _begin(self, numbered: NumberedOrder) -> Order:
        self._carrying_out = numbered.number
        return numbered.order

    async def _carried_out(self, results: Sequence[ActionResult]) -> None:
        number, self._carrying_out = self._carrying_out, None
        if number is not None:
            await persistently(lambda: self._people.carry_out(self._id, self._token, number, results))

    async def _take_page_back(self, reason: str) -> None:
        await persistently(lambda: self._people.end(self._id, self._token, reason))


class _Signs:
    """How long a person has given no sign of life, and no order: in seconds of the worker's own clock, whatever others' say."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: Takeover | None = None
        self._sign_at = self._order_at = monotonic()

    def note(self, takeover: Takeover) -> None:
        """Take note of how a takeover stands."""
        now, before = self._monotonic(), self._seen
        if before is None or (before.state, before.placed) != (takeover.state, takeover.placed):
            self._sign_at = self._order_at = now
        elif before.signs != takeover.signs:
            self._sign_at = now
        self._seen = takeover

    @property
    def silence(self) -> float:
        """Seconds without a sign of life."""
        return self._monotonic() - self._sign_at

    @property
    def idle(self) -> float:
        """Seconds without an order."""
        return self._monotonic() - self._order_at
