"""What goes on now, and why nothing does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rolldeck.api.services import Services
from rolldeck.domain.batch import Batch
from rolldeck.domain.worker import Worker, WorkerState
from rolldeck.storage.port import Batches, Quotas

_PAGE = 200


async def live_batches(batches: Batches) -> Sequence[Batch]:
    """Return all batches with rollouts that go on. Raises ``StorageError``."""
    found: list[Batch] = []
    after: str | None = None
    while True:
        page = await batches.list(live=True, after=after, limit=_PAGE)
        found += page.batches
        after = page.next
        if after is None:
            return found


@dataclass(frozen=True)
class Claiming:
    """Whether what is queued will be executed by the ``workers`` alive; ``blocked``: why some or all of it will not."""

    workers: int
    goes_on: bool
    blocked: list[str]


async def look_at_claiming(services: Services) -> Claiming:
    """Say whether something stands in the way of the queue. Raises ``StorageError``."""
    workers = await services.workers.list(alive=True)
    of_workers = list(dict.fromkeys(_what_blocks(workers)))
    of_queue = await what_holds_the_queue(services.batches, services.quotas)
    somebody_claims = any(worker.state is WorkerState.WORKING and worker.report.blocked is None for worker in workers)
    reasons = of_workers if of_queue is None else [*of_workers, of_queue]
    return Claiming(len(workers), somebody_claims and of_queue is None, reasons)


def _what_blocks(workers: Sequence[Worker]) -> Iterator[str]:
    if not workers:
        yield "no worker is alive"
    elif all(worker.state is WorkerState.DRAINING for worker in workers):
        yield "all workers are draining: they finish what they execute, and claim nothing more"
    for worker in workers:
        if worker.report.blocked is not None:
            yield worker.report.blocked


async def what_holds_the_queue(batches: Batches, quotas: Quotas) -> str | None:
    """Return why nothing that is pending may be claimed by anybody; None where something may, and where nothing is.

    Raises ``StorageError``.
    """
    pending = [batch for batch in await live_batches(batches) if batch.counts.live > batch.counts.claimed]
    unpaused = [batch for batch in pending if not batch.paused]
    if pending and not unpaused:
        return "every batch with pending rollouts is paused"
    wanted = {choice.quota for batch in unpaused for choice in batch.agents}
    stopped = {quota.name for quota in await quotas.list() if quota.max_running == 0}
    if wanted and wanted <= stopped:
        return f"the quota of {', '.join(sorted(wanted))} allows no rollouts"
    return None
