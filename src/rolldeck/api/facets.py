"""What a list of rollouts can be narrowed to, with counts."""

import asyncio

from fastapi import APIRouter

from rolldeck.analytics.facets import Facets, facets_of
from rolldeck.api.filters import Where
from rolldeck.api.services import Needs
from rolldeck.storage.tallies import Scope

router = APIRouter(prefix="/api/rollouts", tags=["rollouts"])


@router.get("/facets")
async def get_facets(services: Needs, where: Where) -> Facets:
    """How many rollouts each status, verdict, task, tag, environment, agent, model and kind of error would show.

    A facet's own choice narrows the others, not itself. `unheeded` names filters that the counts leave out of account.
    """
    scope = Scope(batch_id=where.batch_id, task_id=where.task_id, since=where.since, until=where.until)
    tallies = await services.statistics.tallies(scope)
    stored = await services.tasks.newest(sorted({tally.task_id for tally in tallies if tally.task_id is not None}))
    tasks = {task_id: each.task for task_id, each in stored.items()}
    return await asyncio.to_thread(facets_of, tallies, tasks, where)
