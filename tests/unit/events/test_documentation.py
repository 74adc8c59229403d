"""docs/events.md."""

import re
from pathlib import Path

from rolldeck.domain.event import EventKind, Outcome, RolloutChange
from rolldeck.domain.status import Event

DOCUMENTATION = (Path(__file__).parents[3] / "docs" / "events.md").read_text()


def test_the_documentation_lists_exactly_the_kinds_of_events_that_exist() -> None:
    documented = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", DOCUMENTATION, flags=re.MULTILINE)
    assert sorted(documented) == sorted(EventKind)


def test_the_documentation_names_all_that_an_event_of_a_rollout_tells() -> None:
    section = DOCUMENTATION.partition("`rollout.status` has")[2]
    named = set(re.findall(r"`(\w+)`", section))
    assert named >= {*RolloutChange.model_fields, *Outcome.model_fields, *Event}
