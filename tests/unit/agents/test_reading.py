"""From texts on a page to values, and to the answer object."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolldeck.agents.reading import as_number, nested
from rolldeck.domain.errors import AgentError


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        (" 42 ", 42),
        ("19,021", 19021),
        ("19 021", 19021),
        ("19\u202f021", 19021),
        ("19'021", 19021),
        ("1,234,567.89", 1234567.89),
        ("$1,234.50", 1234.5),
        ("-$3", -3),
        ("$-3", -3),
        ("\u22123.5", -3.5),
        ("(12.00)", -12.0),
        ("12.5 %", 12.5),
        ("EUR 7", 7),
        ("7 €", 7),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("+8", 8),
    ],
)
def test_a_number_is_read_as_pages_write_it(text, number):
    assert as_number(text) == number
    assert type(as_number(text)) is type(number)


@pytest.mark.parametrize("text", ["", "abc", "1,23", "1.2.3", "12 apples", "1,2345", "--3", "nan", "inf", "(3"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(AgentError, match="is no number"):
        as_number(text)


@given(st.integers(-(10**15), 10**15))
def test_any_integer_survives_being_shown_with_thousands_separators(number):
    assert as_number(f"{number:,}") == number


@given(st.text(max_size=50))
def test_no_text_breaks_the_reading_of_numbers(text):
    try:
        as_number(text)
    except AgentError:
        return


def test_dotted_paths_build_objects_and_lists():
    paths = [("a.b", 1), ("a.c.d", [2]), ("rows.0.name", "x"), ("rows.1.name", "y"), ("e", {"0": 1})]
    assert nested(paths) == {"a": {"b": 1, "c": {"d": [2]}}, "rows": [{"name": "x"}, {"name": "y"}], "e": {"0": 1}}


@pytest.mark.parametrize(
    "paths",
    [
        [("a", 1), ("a", 2)],
        [("a", 1), ("a.b", 2)],
        [("a.b", 2), ("a", 1)],
        [("$", 1), ("a", 2)],
        [("a", {}), ("a.b", 1)],
    ],
)
def test_paths_that_contradict_each_other_are_refused(paths):
    with pytest.raises(AgentError):
        nested(paths)
