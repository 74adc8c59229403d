"""Failures that are alike but for what differs each time have one cause."""

import pytest

from rolldeck.analytics.causes import pattern_of


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("no answer within 60 s", "no answer within … s"),
        ("GET http://127.0.0.1:4123/health: refused\nTraceback", "GET … refused"),
        ("role r_01jd3a9k8m2 cannot log in", "role … cannot log in"),
        ("rollout 01m8zr4d0c9x5w1v2t3s4r5q6p was lost", "rollout … was lost"),
        ("cannot read /tmp/x/17/pg.log", "cannot read …"),
        ("\n  \nthe engine is away", "the engine is away"),
        ("", ""),
    ],
)
def test_what_differs_from_one_failure_to_the_next_becomes_a_gap(message: str, pattern: str) -> None:
    assert pattern_of(message) == pattern


def test_a_long_message_is_cut_before_it_is_looked_at() -> None:
    assert len(pattern_of("x" * 1_000_000)) < 1000
