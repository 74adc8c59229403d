"""Why rollouts failed: failures that are alike but for numbers, ids and addresses, together."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from rolldeck.analytics.tally import Figure
from rolldeck.domain.rollout import Phase, Rollout, RolloutError

_LONGEST = 240
_EXAMPLES = 3
_SHORTEST_SEARCH, _LONGEST_SEARCH = 8, 100
# What differs between failures for one cause: addresses, paths, ids, and numbers.
_VARIES = re.compile(
    r"https?://[^\s\"'<>)]+|(?<![\w.])/[\w./-]{2,}|\b(?=\w*\d)\w{8,}(?:-[0-9a-f]+)*\b|\d+(?:[.,]\d+)*", re.I
)
_GAP = "…"


class FailedRollout(Figure):
    """One of the rollouts that failed for a cause."""

    id: str
    task_id: str
    agent: str
    model: str | None
    finished_at: datetime | None


class Cause(Figure):
    """What ``rollouts`` of the newest failed ones failed for.

    ``pattern`` is the first line of their errors' messages, with ``…`` where they differ; ``text``, a piece of it that all of them
    have, finds others, where there is one. ``examples`` are the newest ones, ``tasks`` and ``agents`` how many are concerned.
    """

    error: str
    phase: Phase
    pattern: str
    text: str | None
    retryable: bool
    rollouts: int
    tasks: int
    agents: int
    examples: list[FailedRollout]


class Causes(Figure):
    """What the newest failed rollouts, ``looked_at`` of them, failed for: the cause of the newest one first."""

    causes: list[Cause]
    looked_at: int
    more: bool


def causes(failed: Sequence[Rollout], *, more: bool) -> Causes:
    """Group failed rollouts, newest first, by their causes; ``more``: there are older ones, too."""
    groups: dict[tuple[str, Phase, str], list[tuple[Rollout, RolloutError]]] = {}
    for rollout in failed:
        if rollout.errors:  # the first one decided
            error = rollout.errors[0]
            groups.setdefault((error.kind, error.phase, pattern_of(error.message)), []).append((rollout, error))
    return Causes(causes=[_cause(key, its) for key, its in groups.items()], looked_at=len(failed), more=more)


def pattern_of(message: str) -> str:
    """Return a message's first line, with a gap for all that may differ from one failure to the next."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return _VARIES.sub(_GAP, line[:_LONGEST])


def _cause(key: tuple[str, Phase, str], its: Sequence[tuple[Rollout, RolloutError]]) -> Cause:
    kind, phase, pattern = key
    rollouts = [rollout for rollout, _ in its]
    return Cause(
        error=kind,
        phase=phase,
        pattern=pattern,
        text=_longest_piece(pattern.split(_GAP)),
        retryable=its[0][1].retryable,
        rollouts=len(rollouts),
        tasks=len({rollout.task_id for rollout in rollouts}),
        agents=len({(rollout.agent, rollout.model) for rollout in rollouts}),
        examples=[_example(rollout) for rollout in rollouts[:_EXAMPLES]],
    )


def _example(rollout: Rollout) -> FailedRollout:
    return FailedRollout(
        id=rollout.id,
        task_id=rollout.task_id,
        agent=rollout.agent,
        model=rollout.model,
        finished_at=rollout.finished_at,
    )


def _longest_piece(pieces: Iterable[str]) -> str | None:
    longest = max((piece.strip() for piece in pieces), key=len)[:_LONGEST_SEARCH].strip()
    return longest if len(longest) >= _SHORTEST_SEARCH else None
