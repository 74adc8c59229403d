"""Rollouts as plain records, page by page: however many there are, few are held at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

from pydantic import JsonValue

from rolldeck.domain.errors import NotFound
from rolldeck.domain.rollout import Rollout, RolloutError
from rolldeck.domain.status import Status
from rolldeck.domain.verdict import Extraction
from rolldeck.storage.port import RolloutFilter, Rollouts, RolloutSort, Tasks

Record = Mapping[str, JsonValue]
"""All that is known of a rollout, as JSON has it: its own fields, and those that ``record_of`` adds."""

_PAGE = 200


async def rollout_records(
    rollouts: Rollouts, tasks: Tasks, where: RolloutFilter, sort: RolloutSort = RolloutSort.NEWEST
) -> AsyncIterator[Sequence[Record]]:
    """Yield the rollouts that match, in pages. Raises ``StorageError``.

    In the order of time, one that is begun or deleted meanwhile changes nothing of the others.
    """
    after: str | None = None
    while True:
        page = await rollouts.list(where, sort=sort, after=after, limit=_PAGE)
        answers = await tasks.answers({(each.task_id, each.task_version) for each in page.rollouts})
        yield [record_of(each, answers[each.task_id, each.task_version]) for each in page.rollouts]
        after = page.next
        if after is None:
            return


async def chosen_records(
    rollouts: Rollouts, tasks: Tasks, rollout_ids: Sequence[str]
) -> AsyncIterator[Sequence[Record]]:
    """Yield these rollouts, in their order, in pages; those that are no more are left out. Raises ``StorageError``."""
    for start in range(0, len(rollout_ids), _PAGE):
        found: list[Rollout] = []
        for rollout_id in rollout_ids[start : start + _PAGE]:
            with suppress(NotFound):
                found.append(await rollouts.get(rollout_id))
        answers = await tasks.answers({(each.task_id, each.task_version) for each in found})
        yield [record_of(each, answers[each.task_id, each.task_version]) for each in found]


def record_of(rollout: Rollout, expected: JsonValue) -> dict[str, JsonValue]:
    """Return a rollout's record: without the key of its video, with what the task expects and what is derived.

    ``error`` is the one that made it fail; ``reader…`` are of the model that was asked to read the answer, where one was.
    """
    verdict, error = rollout.verdict, deciding_error(rollout)
    return {
        **rollout.model_dump(mode="json", exclude={"video"}),
        "seconds": rollout.seconds,
        "success": None if verdict is None else verdict.success,
        "reward": None if verdict is None else verdict.reward,
        "error": None if error is None else error.model_dump(mode="json"),
        "expected": expected,
        **_reading(None if verdict is None else verdict.extraction),
    }


def _reading(extraction: Extraction | None) -> dict[str, JsonValue]:
    if extraction is None:
        return dict.fromkeys(("reader", "read_by_model", "reader_tokens", "reader_cost"))
    return {
        "reader": f"{extraction.provider}:{extraction.model}",
        "read_by_model": extraction.found,
        "reader_tokens": extraction.usage.tokens,
        "reader_cost": extraction.usage.cost,
    }


def deciding_error(rollout: Rollout) -> RolloutError | None:
    """Return the error that made a rollout fail; a completed one's errors decided nothing."""
    return rollout.errors[0] if rollout.status is Status.FAILED and rollout.errors else None
