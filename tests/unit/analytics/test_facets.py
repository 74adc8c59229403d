"""What a list can be narrowed to, with how many rollouts each choice would show."""

from rolldeck.analytics.facets import FacetChoice, Facets, facets_of
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.storage.port import RolloutFilter
from rolldeck.storage.tallies import Contestant, Tally

FLASH, NOOP = Contestant("gemini", "flash"), Contestant("noop", None)
TASKS = {
    "a": Task(id="a", task="?", answer=1, tags=("hard", "sales")),
    "b": Task(id="b", task="?", answer=1, environment="wiki", tags=("sales",)),
}
TALLIES = [
    Tally("a", FLASH, Status.COMPLETED, True, None, 5),
    Tally("a", FLASH, Status.FAILED, None, "ModelError", 2),
    Tally("a", NOOP, Status.COMPLETED, False, None, 4),
    Tally("b", NOOP, Status.COMPLETED, False, None, 3),
    Tally("b", FLASH, Status.RUNNING, None, None, 1),
]


def counts(choices: list[FacetChoice]) -> dict[str, int]:
    return {each.value: each.rollouts for each in choices}


def facets(where: RolloutFilter) -> Facets:
    return facets_of(TALLIES, TASKS, where)


def test_everything_is_counted_while_nothing_is_chosen() -> None:
    found = facets(RolloutFilter())
    assert counts(found.status) == {"completed": 12, "failed": 2, "running": 1}
    assert counts(found.verdict) == {"wrong": 7, "right": 5}
    assert counts(found.tag) == {"sales": 15, "hard": 11}
    assert counts(found.environment) == {"superset": 11, "wiki": 4}
    assert counts(found.agent) == {"gemini": 8, "noop": 7}
    assert counts(found.model) == {"flash": 8}
    assert counts(found.error) == {"ModelError": 2}
    assert found.unheeded == []


def test_a_choice_narrows_the_other_facets_and_not_its_own() -> None:
    found = facets(RolloutFilter(tag="hard"))
    assert counts(found.tag) == {"sales": 15, "hard": 11}
    assert counts(found.agent) == {"gemini": 7, "noop": 4}
    both = facets(RolloutFilter(tag="hard", agent="noop"))
    assert counts(both.agent) == {"gemini": 7, "noop": 4}
    assert counts(both.tag) == {"sales": 7, "hard": 4}
    assert counts(both.task) == {"a": 4}


def test_the_choices_with_the_most_rollouts_come_first() -> None:
    assert [each.value for each in facets(RolloutFilter()).status] == ["completed", "failed", "running"]


def test_filters_that_no_counting_knows_of_are_named() -> None:
    assert facets(RolloutFilter(text="x", min_cost=0, agent="noop")).unheeded == ["min_cost", "q"]
