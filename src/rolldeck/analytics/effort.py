"""What rollouts take: seconds, steps, tokens; and what they fail for."""

from collections.abc import Iterable, Mapping, Sequence

from rolldeck.analytics.quantiles import Spread, spread
from rolldeck.analytics.tally import Figure, LeftOut, by_contestant, count, grouped
from rolldeck.domain.status import Status
from rolldeck.storage.tallies import Contestant, Taken, Tally


class Effort(Figure):
    """What completed rollouts of an agent took: the newest of them, ``sampled`` out of ``completed``.

    ``tokens`` is null where none of them used a model, ``cost`` (US dollars) where it is known of none of them.
    """

    agent: str
    model: str | None
    completed: int
    sampled: int
    seconds: Spread | None
    steps: Spread | None
    tokens: Spread | None
    cost: Spread | None
    left_out: LeftOut


class Efforts(Figure):
    """What rollouts take, by agent and model."""

    contestants: list[Effort]


class Failure(Figure):
    """So many rollouts of an agent failed for an error of this kind."""

    error: str
    agent: str
    model: str | None
    rollouts: int


class Failures(Figure):
    """What rollouts failed for, most frequent first: ``failed`` of ``ended`` altogether."""

    failures: list[Failure]
    failed: int
    ended: int


def efforts(tallies: Sequence[Tally], samples: Mapping[Contestant, Sequence[Taken]]) -> Efforts:
    """Describe what each agent's rollouts took, by samples of them."""
    found = []
    for who, theirs in by_contestant(tallies).items():
        counted, sample = count(theirs), samples.get(who, ())
        tokens = [each.tokens for each in sample]
        found.append(
            Effort(
                agent=who.agent,
                model=who.model,
                completed=counted.completed,
                sampled=len(sample),
                seconds=spread([each.seconds for each in sample if each.seconds is not None]),
                steps=spread([each.steps for each in sample]),
                tokens=spread(tokens) if any(tokens) else None,
                cost=spread([each.cost for each in sample if each.cost is not None]),
                left_out=counted.left_out,
            )
        )
    return Efforts(contestants=found)


def failures(tallies: Iterable[Tally]) -> Failures:
    """Count what rollouts failed for."""
    ended = [tally for tally in tallies if tally.status.is_final]
    failed = [tally for tally in ended if tally.status is Status.FAILED]
    kinds = grouped(failed, lambda tally: (tally.error or "unknown", tally.contestant))
    found = [
        Failure(error=error, agent=who.agent, model=who.model, rollouts=sum(each.rollouts for each in its))
        for (error, who), its in kinds.items()
    ]
    found.sort(key=lambda each: (-each.rollouts, each.error, each.agent, each.model or ""))
    return Failures(
        failures=found,
        failed=sum(each.rollouts for each in failed),
        ended=sum(each.rollouts for each in ended),
    )
