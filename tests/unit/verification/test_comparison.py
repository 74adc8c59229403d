"""Typed comparison, field by field."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from rolldeck.domain.verdict import Match, VerifierSpec
from rolldeck.verification.comparison import _Comparison, compare


def success(expected: JsonValue, got: JsonValue, **rule: object) -> bool:
    return compare(expected, got, VerifierSpec.model_validate(rule)).success


def verdicts(expected: JsonValue, got: JsonValue, **rule: object) -> dict[str, Match]:
    return {item.path: item.verdict for item in compare(expected, got, VerifierSpec.model_validate(rule)).evidence}


@pytest.mark.parametrize(
    ("expected", "got", "rule", "same"),
    [
        # numbers
        (1, 1, {}, True),
        (1, 1.0, {}, True),
        (1.1, 1.1000000001, {}, True),
        (1.1, 1.10001, {}, False),
        (0.3, 0.1 + 0.2, {}, True),
        (0, 1e-17, {}, True),
        (0, 1e-6, {}, False),
        (1234567890123, 1234567890124, {}, False),
        (10**400, 1.0, {}, False),
        (1.0, 10**400, {"tolerance": 5}, False),
        (1.0, 10**400, {"decimals": 2}, False),
        (1, True, {}, False),
        (1, None, {}, False),
        (1, [1], {}, False),
        (2.345, 2.35, {"decimals": 2}, True),
        (2.345, 2.34, {"decimals": 2}, True),
        (2.345, 2.36, {"decimals": 2}, False),
        (19.4, 19, {"decimals": 0}, True),
        (1.0, 1.01, {"tolerance": 0.01}, True),
        (1.0, 1.02, {"tolerance": 0.01}, False),
        (5, 8, {"tolerance": 3}, True),
        # numbers given as texts
        (42, "42", {}, True),
        (42, " 42.0 ", {}, True),
        (42, "43", {}, False),
        (19000, "19,000", {}, False),
        (19000, "19,000", {"normalize": ["currency"]}, True),
        (1234.5, "$1,234.50", {"normalize": ["currency"]}, True),
        (-3, "(3.00)", {"normalize": ["currency"]}, True),
        (42, "42 apples", {}, False),
        ("42", 42, {}, True),
        ("007", 7, {}, False),
        ("1.50", 1.5, {}, False),
        # truths
        (True, True, {}, True),
        (True, False, {}, False),
        (True, 1, {}, False),
        (False, 0, {}, False),
        (True, "True", {}, True),
        (True, "yes", {}, False),
        # texts
        ("Ann", "Ann", {}, True),
        ("Ann", "ann", {}, False),
        ("Ann", "aNN", {"normalize": ["case"]}, True),
        ("Straße", "STRASSE", {"normalize": ["case"]}, True),
        ("a b", " a \n b ", {}, False),
        ("a b", " a \n b ", {"normalize": ["space"]}, True),
        ("é", "e\u0301", {}, False),
        ("é", "e\u0301", {"normalize": ["unicode"]}, True),
        ("a\u00a0b", "a b", {"normalize": ["unicode"]}, True),
        ("2024-01-02", "January 2nd, 2024", {"normalize": ["date"]}, True),
        ("2024-01-02", "2 Jan 2024", {"normalize": ["date"]}, True),
        ("2024-01-02", "2024-01-02T00:00:00", {"normalize": ["date"]}, True),
        ("2024-01-02", "2024-01-02 10:00:00", {"normalize": ["date"]}, False),
        ("2024-01-13", "01/13/2024", {"normalize": ["date"]}, True),
        ("2024-01-02", "01/02/2024", {"normalize": ["date"]}, False),
        ("2024-01-02", "02.01.2024", {"normalize": ["date"]}, True),
        ("2024-01", "January 2024", {"normalize": ["date"]}, True),
        ("$1,234.50", "1234.50 USD", {"normalize": ["currency"]}, True),
        ("$5", "5.00", {"normalize": ["currency"]}, True),
        ("$5", "€5", {"normalize": ["currency"]}, False),
        ("Ann", None, {}, False),
        # lists and objects
        ([], [], {}, True),
        ([], [1], {}, False),
        ({}, {}, {}, True),
        ({}, {"a": 1}, {}, False),
        ({}, [], {}, False),
        ([1, 2], [1, 2], {}, True),
        ([1, 2], [2, 1], {}, False),
        ([1, 2], [2, 1], {"order": "any"}, True),
        ([1, 1, 2], [1, 2, 2], {"order": "any"}, False),
        ([1, 2], [2, 1, 3], {"order": "any"}, False),
        ([1.0, 1.4], [1.4, 1.8], {"order": "any", "tolerance": 0.5}, True),
        ([[1, 2], [3]], [[3], [2, 1]], {"order": "any"}, True),
        ([1, 2], [2, 1], {"order": "aligned"}, True),
        ({"a": [1, 2], "b": ["x", "y"]}, {"a": [2, 1], "b": ["y", "x"]}, {"order": "aligned"}, True),
        ({"a": [1, 2], "b": ["x", "y"]}, {"a": [2, 1], "b": ["x", "y"]}, {"order": "aligned"}, False),
        ({"a": [1, 2], "b": ["x", "y"]}, {"a": [2, 1], "b": ["x", "y"]}, {"order": "any"}, True),
        ({"a": [1, 2], "b": ["x", "y"]}, {"a": [2, 1]}, {"order": "aligned"}, False),
        ({"a": [1, 2], "b": [1, 2, 3]}, {"a": [2, 1], "b": [3, 2, 1]}, {"order": "aligned"}, True),
        # alternatives
        ("NYC", "New York", {"alternatives": ["New York", "NY"]}, True),
        ("NYC", "new york", {"alternatives": ["New York"], "normalize": ["case"]}, True),
        ({"a": 1}, [1], {"alternatives": [[1]]}, True),
        ({"city": "NYC"}, {"city": "NY"}, {"fields": {"city": {"alternatives": ["NY"]}}}, True),
        ({"city": "NYC"}, {"city": "LA"}, {"fields": {"city": {"alternatives": ["NY"]}}}, False),
        # rules by path
        ({"a": 1.23, "b": 1.23}, {"a": 1.2, "b": 1.23}, {"fields": {"a": {"decimals": 1}}}, True),
        ({"a": 1.23, "b": 1.23}, {"a": 1.2, "b": 1.2}, {"fields": {"a": {"decimals": 1}}}, False),
        ({"r": [{"n": "A"}, {"n": "B"}]}, {"r": [{"n": "a"}, {"n": "b"}]}, {"fields": {"r.*.n": {"normalize": ["case"]}}}, True),
        ({"r": ["A", "B"]}, {"r": ["a", "b"]}, {"fields": {"r": {"normalize": ["case"]}}}, True),
        ({"r": ["A", "B"]}, {"r": ["a", "B"]}, {"fields": {"r.*": {"normalize": []}, "r.0": {"normalize": ["case"]}}}, True),
        ({"a": 1.0}, {"a": 1.2}, {"decimals": 2, "fields": {"a": {"tolerance": 0.5}}}, True),
        ({"a": "X"}, {"a": "x"}, {"normalize": ["case"], "fields": {"a": {"normalize": []}}}, False),
        ({"a.b": 1.0}, {"a.b": 1.2}, {"fields": {"a.b": {"tolerance": 1}}}, True),
        ("A", "a", {"fields": {"$": {"normalize": ["case"]}}}, True),
    ],
)  # fmt: skip
def test_what_counts_as_equal(expected, got, rule, same):
    assert success(expected, got, **rule) is same


def test_every_field_gets_its_evidence_by_path():
    assert verdicts(
        {"a": {"b": 1, "c": [1, 2]}, "d": "x", "e": 1},
        {"a": {"b": 1, "c": [1, 3]}, "d": "y", "f": 1},
    ) == {
        "a.b": Match.MATCH,
        "a.c.0": Match.MATCH,
        "a.c.1": Match.MISMATCH,
        "d": Match.MISMATCH,
        "e": Match.MISSING,
        "f": Match.UNEXPECTED,
    }
    assert verdicts(1, 2) == {"$": Match.MISMATCH}


def test_notes_say_what_kind_of_difference_it_is():
    expected: JsonValue = {"a": "Ann", "b": 1, "c": 42, "d": "2024-01-02"}
    compared = compare(expected, {"a": "ANN", "b": "x", "c": "42", "d": "Jan 2, 2024"}, VerifierSpec())
    assert [item.note for item in compared.evidence] == [
        "differs in upper and lower case only",
        "a number is expected, a text is given",
        "given as a text",
        "differs in the spelling of a date only",
    ]


def test_an_item_found_elsewhere_says_where():
    compared = compare(["a", "b"], ["b", "a"], VerifierSpec(order="any"))
    assert [(item.path, item.note) for item in compared.evidence] == [
        ("0", "found at position 1"),
        ("1", "found at position 0"),
    ]


def test_the_share_counts_every_value_of_a_missing_part_and_every_value_too_many():
    compared = compare({"a": {"x": 1, "y": 2}, "b": 3}, {"b": 3, "c": 4}, VerifierSpec())
    assert (compared.matching, compared.fields) == (1, 4)
    assert compare([1, 2], [1, 2, 3, 4], VerifierSpec()).share == 0.5


def test_a_flood_of_unexpected_values_is_counted_but_not_listed():
    compared = compare([1], [1, *range(50_000)], VerifierSpec())
    assert len(compared.evidence) == 101
    assert compared.fields == 50_001


def test_a_maximum_matching_is_found_where_the_first_fit_would_not():
    # Every got value fits its neighbour too; only one pairing uses all.
    expected: list[JsonValue] = [float(number) for number in range(60)]
    got: list[JsonValue] = [number + 0.9 for number in range(60)]
    random.Random(7).shuffle(got)
    assert success(expected, got, order="any", tolerance=1.0)


def test_trying_orders_is_bounded():
    rows: list[JsonValue] = [[number, [number, str(number)]] for number in range(1500)]
    shuffled = list(rows)
    random.Random(3).shuffle(shuffled)
    assert success(rows, shuffled, order="any")
    assert not success(rows, [*shuffled[1:], [0, [0, "?"]]], order="any")


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
RULES = st.fixed_dictionaries(
    {"order": st.sampled_from(["exact", "any", "aligned"])},
    optional={"normalize": st.lists(st.sampled_from(["case", "space", "unicode", "date", "currency"]), max_size=5)},
).flatmap(
    lambda rule: st.sampled_from([{}, {"decimals": 2}, {"tolerance": 0.5}]).map(lambda number: {**rule, **number})
)


@settings(max_examples=200, deadline=None)
@given(ANSWERS, RULES)
def test_an_answer_always_matches_itself(answer, rule):
    assert success(answer, answer, **rule)


@settings(max_examples=200, deadline=None)
@given(ANSWERS, ANSWERS, RULES)
def test_no_answer_breaks_the_comparison_and_its_share_is_a_share(expected, got, rule):
    spec = VerifierSpec.model_validate(rule)
    compared = compare(expected, got, spec)
    assert 0 <= compared.share <= 1
    assert compared.success is _Comparison(spec).same((), expected, got)
    assert compared.success is all(item.verdict is Match.MATCH for item in compared.evidence)


@settings(max_examples=100, deadline=None)
@given(st.lists(ANSWERS, max_size=6), st.randoms(use_true_random=False), st.sampled_from(["any", "aligned"]))
def test_any_order_of_a_list_is_right_where_order_does_not_count(items, rng, order):
    shuffled = list(items)
    rng.shuffle(shuffled)
    assert success(items, shuffled, order=order)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(), st.text(max_size=4), ANSWERS), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_aligned_lists_may_be_permuted_together(rows, rng):
    shuffled = list(rows)
    rng.shuffle(shuffled)

    def table(rows: list[tuple[JsonValue, ...]]) -> dict[str, JsonValue]:
        return {name: [row[column] for row in rows] for column, name in enumerate(("id", "name", "more"))}

    assert success(table(rows), table(shuffled), order="aligned")
