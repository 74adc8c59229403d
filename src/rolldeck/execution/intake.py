"""What a worker takes out of the queue, and why it takes nothing."""

from collections.abc import Callable

import structlog

from rolldeck.domain.errors import StorageError
from rolldeck.domain.status import Status
from rolldeck.environments.port import Environments
from rolldeck.execution.breaker import Breaker
from rolldeck.execution.crew import Crew
from rolldeck.execution.interruption import to_its_end
from rolldeck.storage.port import RolloutFilter, Rollouts

_LIVE = frozenset(status for status in Status if not status.is_final)

_log = structlog.get_logger(__name__)

Headroom = Callable[[], str | None]
"""Says why nothing should be claimed now, in words; None where it may be."""


class Intake:
    """Gives the crew as many rollouts as it has places for, the machine has room for, and as succeed."""

    def __init__(
        self,
        rollouts: Rollouts,
        environments: Environments,
        crew: Crew,
        breaker: Breaker,
        headroom: Headroom,
        *,
        parallel: int,
        batch_id: str | None,
    ) -> None:
        self._rollouts = rollouts
        self._environments = environments
        self._crew = crew
        self._breaker = breaker
        self._headroom = headroom
        self._parallel = parallel
        self._batch_id = batch_id
        self._something_waits = False
        self._unsure = False
        self.blocked: str | None = None

    async def ask_for_demand(self) -> None:
        """Ask what waits in the queue, and let the environments prepare for it."""
        demand = await self._rollouts.demand()
        self._environments.expect(demand)
        self._something_waits = any(demand.values())

    async def fill_places(self, worker_id: str) -> None:
        """Claim, and execute what is claimed. Raises ``Conflict`` where the worker is lost, and ``StorageError``."""
        if self._unsure:
            await to_its_end(self._take_up_unanswered(worker_id))
        places = self._places()
        if places and self._something_waits:
            await to_its_end(self._claim(worker_id, places))

    async def anything_left(self) -> bool:
        """Whether any rollout, of the batch if there is one, is not final yet."""
        where = RolloutFilter(batch_id=self._batch_id, statuses=_LIVE)
        return bool((await self._rollouts.list(where, limit=1)).rollouts)

    @property
    def is_unsure(self) -> bool:
        """Whether rollouts may be claimed that are not executed, for the answer to a claim was lost."""
        return self._unsure

    def _places(self) -> int:
        free = self._parallel - len(self._crew)
        if not free:
            return 0
        blocked = self._headroom() or self._environments.blocked or self._breaker.blocked
        if blocked != self.blocked:
            _log.warning("nothing is claimed", reason=blocked) if blocked else _log.info("claiming again")
        self.blocked = blocked
        return 0 if blocked else self._breaker.places(free, len(self._crew))

    async def _claim(self, worker_id: str, places: int) -> None:
        """Claim, whole even if cancelled meanwhile: nobody would know of rollouts claimed in vain."""
        try:
            claims = await self._rollouts.claim(worker_id, limit=places, batch_id=self._batch_id)
        except StorageError:
            self._unsure = True
            raise
        for claim in claims:
            self._crew.start(claim, worker_id)

    async def _take_up_unanswered(self, worker_id: str) -> None:
        for claim in await self._rollouts.claimed(worker_id):
            self._crew.start(claim, worker_id)
        self._unsure = False
