"""Whose turn it is: how places are shared among the batches that wait for them."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, not_, or_, select, text

from rolldeck.storage.database.models import WAITING, batches
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.database.repositories.records import AGENTS

_BATCHES_AT_ONCE = 20


@dataclass
class Queue:
    """What is known of the queue while several rollouts are taken from it.

    ``room`` is how many more rollouts each quota that limits them allows; ``empty`` are the batches that have nothing
    left for whoever takes now.
    """

    room: dict[str, int]
    empty: set[str] = field(default_factory=set)

    @property
    def full(self) -> list[str]:
        """The quotas that allow no more."""
        return sorted(name for name, room in self.room.items() if room <= 0)


@dataclass(frozen=True)
class Turn:
    """A batch from which up to ``most`` rollouts are taken."""

    batch: Row
    most: int


def next_turns(connection: Connection, queue: Queue, batch_id: str | None, places: int) -> Sequence[Turn]:
    """Share places among the batches that may have something to take, as one after the other would get them.

    Each goes to a batch of the highest priority, of these to the one with the fewest claimed rollouts, of these to the
    oldest. Where quotas limit rollouts only one is given: what they leave room for is only known after each.
    """
    full = queue.full
    waiting = (
        batch
        for batch in _waiting(connection, batch_id)
        if batch["id"] not in queue.empty and (not full or _has_room(batch, full))
    )
    return _share(waiting, 1 if queue.room else places)


def _share(waiting: Iterator[Row], places: int) -> Sequence[Turn]:
    """``waiting`` is in the order in which batches have their turn, each as often until it is behind the next one."""
    turns: dict[str, Turn] = {}
    in_turn: list[tuple[int, int, str]] = []
    batch = next(waiting, None)
    for _ in range(places):
        while batch is not None and (not in_turn or _rank(batch, 0) < in_turn[0]):
            turns[batch["id"]] = Turn(batch, 0)
            heapq.heappush(in_turn, _rank(batch, 0))
            batch = next(waiting, None)
        if not in_turn:
            break
        turn = turns[heapq.heappop(in_turn)[-1]]
        turn = turns[turn.batch["id"]] = Turn(turn.batch, turn.most + 1)
        if turn.most < turn.batch["live"] - turn.batch["claimed"]:
            heapq.heappush(in_turn, _rank(turn.batch, turn.most))
    return [turn for turn in turns.values() if turn.most]


def _rank(batch: Row, taken: int) -> tuple[int, int, str]:
    return (-batch["priority"], batch["claimed"] + taken, batch["id"])


def _waiting(connection: Connection, batch_id: str | None) -> Iterator[Row]:
    """Yield batches that have pending rollouts and are not paused, in the order in which they have their turn."""
    if batch_id is not None:
        yield from _WAITING_ONE.fetch(connection, {"batch": batch_id})
        return
    rows = _WAITING.fetch(connection, {})
    yield from rows
    while len(rows) == _BATCHES_AT_ONCE:
        last = {f"last_{name}": rows[-1][name] for name in ("priority", "claimed", "id")}
        rows = _WAITING_AFTER.fetch(connection, last)
        yield from rows


def _has_room(batch: Row, full: Sequence[str]) -> bool:
    return any(choice.quota not in full for choice in AGENTS.validate_json(batch["agents"]))


_NEXT_BATCHES = (
    select(
        *(batches.c[name] for name in ("id", "priority", "live", "claimed", "agents", "limits")),
        *(batches.c[name] for name in ("tokens", "cost", "budget_tokens", "budget_cost")),
    )
    .where(text(WAITING), not_(batches.c.paused))
    .order_by(batches.c.priority.desc(), batches.c.claimed, batches.c.id)
)
_SOME_WAITING = _NEXT_BATCHES.limit(_BATCHES_AT_ONCE)
_WAITING = Prepared(_SOME_WAITING)
_WAITING_ONE = Prepared(_NEXT_BATCHES.where(batches.c.id == bindparam("batch")))
_LAST: dict[str, BindParameter[Any]] = {name: bindparam(f"last_{name}") for name in ("priority", "claimed", "id")}
_WAITING_AFTER = Prepared(
    _SOME_WAITING.where(
        or_(
            batches.c.priority < _LAST["priority"],
            and_(batches.c.priority == _LAST["priority"], batches.c.claimed > _LAST["claimed"]),
            and_(
                batches.c.priority == _LAST["priority"],
                batches.c.claimed == _LAST["claimed"],
                batches.c.id > _LAST["id"],
            ),
        )
    )
)
