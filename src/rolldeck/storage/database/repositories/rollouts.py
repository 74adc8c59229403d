"""Rollouts in the database: what is written of them and read back one by one."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, bindparam, func, select, text, true, update

from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.person import TakeoverState
from rolldeck.domain.rollout import Attempt, Rollout, Step, Usage
from rolldeck.domain.status import Event, Status
from rolldeck.storage.database.engine import Transactions, storage_errors
from rolldeck.storage.database.models import CLAIMED, PENDING, attempts, batches, rollouts, steps, takeovers
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.repositories import claims, deletion, listing
from rolldeck.storage.database.repositories.adding_steps import add_step
from rolldeck.storage.database.repositories.fetching import Row, fetch_all, fetch_one
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.neighbours import neighbours_of
from rolldeck.storage.database.repositories.records import attempt_of, rollout_of, step_of
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.rows import ask_to_cancel, batch_row, rollout_row
from rolldeck.storage.database.repositories.statuses import NO_CHANGE, happen
from rolldeck.storage.database.repositories.text_sample import TextSample
from rolldeck.storage.port import (
    Change,
    Claim,
    Neighbours,
    Occupied,
    Removed,
    RolloutFilter,
    RolloutPage,
    RolloutSort,
    Standing,
)

_MOST_DEMAND = 1000
_OCCUPIED = ("batch_id", "task_id", "environment", "agent", "model", "worker_id")


class DatabaseRollouts(Repository):
    """``storage.port.Rollouts`` on a database."""

    def __init__(self, transactions: Transactions, now: Callable[[], datetime], tasks: KnownTasks) -> None:
        super().__init__(transactions, now)
        self._tasks = tasks
        self._texts = TextSample()

    async def list(
        self,
        where: RolloutFilter,
        *,
        sort: RolloutSort = RolloutSort.NEWEST,
        after: str | None = None,
        limit: int = 50,
        count: bool = False,
    ) -> RolloutPage:
        """Return a page of the rollouts that match, with ``count`` also how many match. Raises ``InvalidInput`` for a bad cursor."""
        asked = listing.Asked(where, sort, after, limit, count)
        return await self._read("listing rollouts", partial(listing.rollouts_page, asked=asked, sample=self._texts))

    async def neighbours(self, rollout_id: str, where: RolloutFilter, sort: RolloutSort) -> Neighbours:
        """Return what stands before and after a rollout in a list. Raises ``NotFound``."""
        work = partial(neighbours_of, rollout_id=rollout_id, where=where, sort=sort, sample=self._texts)
        return await self._read("finding a rollout's neighbours", work)

    async def get(self, rollout_id: str) -> Rollout:
        """Return one rollout. Raises ``NotFound``."""
        return await self._read(
            "reading a rollout",
            lambda connection: rollout_of(rollout_row(connection, rollout_id)),
            one_statement=True,
        )

    async def attempts(self, rollout_id: str) -> Sequence[Attempt]:
        """Return the attempts before the one that the rollout's record tells of, in order. Raises ``NotFound``."""
        query = select(attempts).where(attempts.c.rollout_id == rollout_id).order_by(attempts.c.number)

        def work(connection: Connection) -> Sequence[Attempt]:
            rollout_row(connection, rollout_id)
            return [attempt_of(row) for row in fetch_all(connection, query)]

        return await self._read("reading attempts", work)

    async def claim(self, worker_id: str, *, limit: int = 1, batch_id: str | None = None) -> Sequence[Claim]:
        """Take up to ``limit`` pending rollouts, which become provisioning; see ``claims.take_rollouts``."""
        work = partial(claims.take_rollouts, worker_id=worker_id, limit=limit, batch_id=batch_id, tasks=self._tasks)
        return await self._write("claiming rollouts", work)

    async def claimed(self, worker_id: str) -> Sequence[Claim]:
        """Return all that a worker has claimed and not ended: for one that did not get the answer to a claim."""
        work = partial(claims.owned_claims, worker_id=worker_id, tasks=self._tasks)
        return await self._read("reading claims", work)

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = NO_CHANGE) -> Rollout:
        """Change the status as the state machine says, and write ``change`` with it.

        After ``REQUEUED`` and ``RELEASED`` the record is that of a new attempt, and the one that ended is among
        ``attempts``; one that was asked to cancel becomes cancelled instead. Raises ``Conflict`` for a stale token and
        ``InvalidTransition``.
        """

        def work(connection: Connection, ledger: Ledger) -> Rollout:
            row = rollout_row(connection, rollout_id, lock=True)
            _expect_token(row, token)
            (changed,) = happen(connection, ledger, [row], event, change)
            return rollout_of(changed)

        return await self._write("writing a rollout", work)

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        """Append a step; the same one again is no error. Raises ``Conflict`` for a stale token, and for a step that is not the next one."""
        content = step.model_dump_json()
        usage = step.usage or Usage()
        more = {"more_tokens": usage.tokens, "more_cost": usage.cost}
        place = {"key": rollout_id, "claim": token, "index": step.index, "step": content, **more}

        def work(connection: Connection) -> None:
            if not add_step(connection, {**place, "now": self._now()}):
                _expect_stored_already(connection, rollout_id, token, step, content)

        with storage_errors("writing a step"):
            await self._transactions.write(work, one_statement=True)

    async def steps(self, rollout_id: str, attempt: int | None = None) -> Sequence[Step]:
        """All steps of an attempt (None: the present one), in order. Raises ``NotFound``."""

        def work(connection: Connection) -> Sequence[Step]:
            number = _attempt_number(connection, rollout_id, attempt)
            query = select(steps).where(steps.c.rollout_id == rollout_id, steps.c.attempt == number)
            return [step_of(row) for row in fetch_all(connection, query.order_by(steps.c.number))]

        return await self._read("reading steps", work)

    async def step(self, rollout_id: str, index: int, attempt: int | None = None) -> Step:
        """Return one step. Raises ``NotFound``."""

        def work(connection: Connection) -> Step:
            number = _attempt_number(connection, rollout_id, attempt)
            place = (steps.c.rollout_id == rollout_id) & (steps.c.attempt == number) & (steps.c.number == index)
            row = fetch_one(connection, select(steps).where(place))
            if row is None:
                raise NotFound(f"There is no step {index} of attempt {number} of the rollout {rollout_id}")
            return step_of(row)

        return await self._read("reading a step", work)

    async def keep_video(self, rollout_id: str, attempt: int, key: str) -> None:
        """Note an attempt's video that was found after its worker was lost. Nothing to do where it has one."""
        earlier = update(attempts).where(attempts.c.rollout_id == rollout_id, attempts.c.number == attempt)
        present = update(rollouts).where(rollouts.c.id == rollout_id, rollouts.c.attempt == attempt)

        def work(connection: Connection, _: Ledger) -> None:
            connection.execute(present.where(rollouts.c.video.is_(None)).values(video=key))
            connection.execute(earlier.where(attempts.c.video.is_(None)).values(video=key))

        await self._write("noting a video", work)

    async def standing(self, tokens: Mapping[str, str]) -> Standing:
        """Say how claims stand, given by rollout id and token."""
        columns = (rollouts.c.id, rollouts.c.token, rollouts.c.cancel_requested, takeovers.c.state)
        of_claim = (takeovers.c.rollout_id == rollouts.c.id) & (takeovers.c.token == rollouts.c.token)
        query = (
            select(*columns)
            .outerjoin_from(rollouts, takeovers, of_claim)
            .where(rollouts.c.id.in_(list(tokens)), rollouts.c.token.is_not(None))
        )

        def work(connection: Connection) -> Standing:
            held = [row for row in connection.execute(query) if secrets.compare_digest(row.token, tokens[row.id])]
            return Standing(
                cancel=frozenset(row.id for row in held if row.cancel_requested),
                lost=frozenset(tokens) - {row.id for row in held},
                wanted=frozenset(row.id for row in held if row.state == TakeoverState.ASKED),
            )

        return await self._read("reading claims", work, one_statement=True)

    async def demand(self) -> Mapping[str, int]:
        """Count the pending rollouts of unpaused batches by the environment that they need, each up to 1,000."""
        pending = select(rollouts.c.environment).where(text(PENDING))
        named = rollouts.c.environment == bindparam("environment")
        some = select(true()).join_from(rollouts, batches).where(text(PENDING), named, ~batches.c.paused)
        count = select(func.count()).select_from(some.limit(_MOST_DEMAND).subquery())
        following = pending.where(rollouts.c.environment > bindparam("last")).order_by(rollouts.c.environment).limit(1)

        def work(connection: Connection) -> Mapping[str, int]:
            counts: dict[str, int] = {}
            last = ""
            # From one name to the next through the index: nothing reads all that is pending.
            while (name := connection.scalar(following, {"last": last})) is not None:
                counts[name] = connection.scalar(count, {"environment": name}) or 0
                last = name
            return {name: number for name, number in counts.items() if number}

        return await self._read("counting rollouts", work)

    async def count_live(self) -> int:
        """Return how many rollouts are not final yet."""
        live = select(func.sum(batches.c.live)).where(batches.c.live > 0)
        return await self._read(
            "counting rollouts", lambda connection: connection.scalar(live) or 0, one_statement=True
        )

    async def occupied(self, *, limit: int) -> Sequence[Occupied]:
        """Return the environments that rollouts have now, those of the oldest rollouts first."""
        query = (
            select(*(rollouts.c[name] for name in _OCCUPIED), rollouts.c.id, rollouts.c.status, rollouts.c.started_at)
            .where(text(CLAIMED))
            .order_by(rollouts.c.id)
            .limit(limit)
        )
        return await self._read(
            "listing environments in use",
            lambda connection: [_occupied_of(row) for row in fetch_all(connection, query)],
            one_statement=True,
        )

    async def missing(self, rollout_ids: Sequence[str]) -> Sequence[str]:
        """Return those of the ids that are no rollout's."""

        def work(connection: Connection) -> Sequence[str]:
            known: set[str] = set()
            for some in in_pieces(rollout_ids):
                known.update(connection.scalars(select(rollouts.c.id).where(rollouts.c.id.in_(some))))
            return [rollout_id for rollout_id in rollout_ids if rollout_id not in known]

        return await self._read("looking for rollouts", work)

    async def request_cancel(self, rollout_id: str) -> Rollout:
        """Cancel a pending rollout at once; ask the worker of a live one to. Raises ``Conflict`` on a final one."""

        def work(connection: Connection, ledger: Ledger) -> Rollout:
            row = rollout_row(connection, rollout_id, lock=True)
            if Status(row["status"]).is_final:
                raise Conflict(f"The rollout {rollout_id} has ended already: it is {row['status']}")
            if row["token"] is None:
                (cancelled,) = happen(connection, ledger, [row], Event.CANCEL)
                return rollout_of(cancelled)
            ask_to_cancel(connection, [rollout_id])
            return rollout_of({**row, "cancel_requested": True})

        return await self._write("cancelling a rollout", work)

    async def retry(self, rollout_id: str) -> Rollout:
        """Queue a failed rollout once more; its attempts are kept. Raises ``Conflict`` on one that has not failed."""

        def work(connection: Connection, ledger: Ledger) -> Rollout:
            row = rollout_row(connection, rollout_id, lock=True)
            if row["status"] != Status.FAILED:
                raise Conflict(f"The rollout {rollout_id} is {row['status']}: only a failed one can be tried again")
            max_attempts = batch_row(connection, row["batch_id"])["max_attempts"]
            (row,) = happen(connection, ledger, [row], Event.RETRIED, max_attempts=max_attempts)
            return rollout_of(row)

        return await self._write("queueing a rollout once more", work)

    async def delete(self, rollout_id: str) -> Removed:
        """Remove a final rollout, its attempts and steps; its batch too if it was the last one there.

        Raises ``Conflict`` on a live one.
        """
        return await self._write("deleting a rollout", partial(deletion.delete_rollout, rollout_id=rollout_id))


def _expect_token(row: Row, token: str) -> None:
    if row["token"] is None or not secrets.compare_digest(row["token"], token):
        raise Conflict(f"The rollout {row['id']} is not this worker's any more")


def _expect_stored_already(connection: Connection, rollout_id: str, token: str, step: Step, content: str) -> None:
    """Raise ``Conflict`` unless this very step was stored before: its writer may not have been told."""
    row = rollout_row(connection, rollout_id)
    _expect_token(row, token)
    place = (steps.c.rollout_id == rollout_id) & (steps.c.attempt == row["attempt"]) & (steps.c.number == step.index)
    if connection.scalar(select(steps.c.content).where(place)) != content:
        raise Conflict(f"Step {step.index} is not the next one of the rollout {rollout_id}")


def _attempt_number(connection: Connection, rollout_id: str, attempt: int | None) -> int:
    present: int = rollout_row(connection, rollout_id)["attempt"]
    if attempt is None:
        return present
    if not 1 <= attempt <= present:
        raise NotFound(f"There is no attempt {attempt} of the rollout {rollout_id}")
    return attempt


def _occupied_of(row: Row) -> Occupied:
    same = {name: row[name] for name in _OCCUPIED}
    return Occupied(rollout_id=row["id"], status=Status(row["status"]), since=row["started_at"], **same)
