"""Regular expressions of task files, which may be hostile."""

import pytest

from rolldeck.agents.pattern import first_group
from rolldeck.domain.errors import AgentError


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"(\d+) rows", "has 12 rows", "12"),
        (r"\d+", "has 12 rows", "12"),
        (r"x", "abc", None),
        (r"(x)?abc", "abc", ""),
        ("(ü.)", "über", "üb"),
    ],
)
async def test_the_first_group_is_taken_or_else_the_whole_match(pattern, text, found):
    assert await first_group(pattern, text) == found


async def test_a_pattern_that_never_ends_is_stopped():
    with pytest.raises(AgentError, match="simplify it"):
        await first_group("(a+)+$", "a" * 60 + "b", seconds=0.3)
