"""Finding the answer in free text."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolldeck.verification.extraction import find_answer

OBJECT = {"total": 3, "name": "Ann"}
TEXT = '{"total": 3, "name": "Ann"}'


@pytest.mark.parametrize(
    ("text", "method"),
    [
        (TEXT, ""),
        (f"\n  {TEXT}\n", ""),
        (f"Here it is:\n```json\n{TEXT}\n```\nBye.", "a fenced block"),
        (f"~~~\n{TEXT}\n~~~", "a fenced block"),
        (f"```json {TEXT}```", "a fenced block"),
        (f"I found {TEXT}, I think.", "JSON inside the text"),
        (f"Cut off: ```json\n{TEXT}", "JSON inside the text"),
        (json.dumps(TEXT), ""),
        (json.dumps(json.dumps(TEXT)), ""),
        (f"Answer: {json.dumps(TEXT)[1:-1]}", "escaped JSON"),
        ("It is {'total': 3, 'name': 'Ann'}.", "a Python literal"),
        ("{total: 3, name: 'Ann'", "JSON that had to be repaired"),
        ('{"total": 3, name: "Ann",}', "JSON that had to be repaired"),
        (f'{{"answer": {TEXT}}}', ""),
        (json.dumps({"answer": TEXT}), ""),
        (f'I saw {{"rows": 7}} and [1, 2], so {TEXT}', "JSON inside the text"),
        (f'{TEXT} is right; {{"rows": 7}} is not it.', "JSON inside the text"),
        (f'First {{"total": 1, "name": "Bob"}}, no: {TEXT}', "JSON inside the text"),
        (f'```json\n{TEXT}\n``` (not {{"total": 1, "name": "Bob"}})', "a fenced block"),
        (f'```json\n{{"total": 1, "name": "Bob"}}\n```\nBetter:\n```json\n{TEXT}\n```', "a fenced block"),
    ],
)
def test_an_object_is_found_however_it_is_wrapped(text, method):
    found = find_answer(text, [OBJECT])
    assert found is not None
    assert (found.value, found.method) == (OBJECT, method)


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ("42", 1, 42),
        ('"42"', 1, 42),
        ("The answer is 42.", 1, 42),
        ("**Answer:** 1,234.5", 1.5, 1234.5),
        ("answer = -7", 1, -7),
        ("There were **5321** orders in 2024.", 1, 5321),
        ("There were 5,321 orders.", 1, 5321),
        ("5321 orders; yes, 5321.", 1, 5321),
        ('{"answer": 42}', 1, 42),
        ("```\n42\n```", 1, 42),
        ("Paris", "x", "Paris"),
        ('"Paris"', "x", "Paris"),
        ("The answer is “Paris”.", "x", "Paris"),
        ("The capital is **Paris**.", "x", "Paris"),
        ('It must be this:\n```\n"Paris"\n```', "x", "Paris"),
        ('{"answer": "Paris"}', "x", "Paris"),
        ("2024", "x", "2024"),
        ("true", True, True),
        ("Yes.", False, True),
        ("The answer is no.", True, False),
        ('[1] and ["a", "b"]', ["x", "y"], ["a", "b"]),
    ],
)
def test_a_plain_value_is_found(text, expected, value):
    found = find_answer(text, [expected])
    assert found is not None
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", OBJECT),
        ("  \n", 1),
        ("I could not find it.", OBJECT),
        ("I could not find it.", 1),
        ("In 2024 there were 5321 orders.", 1),
        ("2024-01-02", 1),
        ("yes and no", True),
    ],
)
def test_nothing_is_found_where_nothing_is_or_it_is_not_clear_which(text, expected):
    assert find_answer(text, [expected]) is None


def test_an_answer_like_an_alternative_is_found_too():
    found = find_answer('{"city": "Paris"} or Paris', ["Paris", {"city": "Paris"}])
    assert found is not None
    assert found.value == {"city": "Paris"}


def test_what_cannot_be_stored_is_replaced_and_what_is_too_deep_is_not_found():
    found = find_answer('{"total": NaN, "name": "a\\u0000\\ud800", "big": 1e999}', [OBJECT])
    assert found is not None
    assert found.value == {"total": "nan", "name": "a\ufffd\ufffd", "big": "inf"}
    assert find_answer("[" * 70 + "]" * 70, [[1]]) is None


def test_only_the_end_of_an_endless_text_is_looked_at():
    found = find_answer('{"total": 1, "name": "x"}' + "y" * 1_000_000 + TEXT, [OBJECT])
    assert found is not None
    assert found.value == OBJECT


HOSTILE = {
    "opening braces": "{",
    "opening brackets": "[",
    "nested objects": '{"a":',
    "half keys": '{"',
    "python": "{'a':[1,",
    "escaped": '\\"{',
    "fences": "``` ",
    "one fence and spaces": " ",
    "empty objects": "{} ",
    "numbers": "1,111",
    "digits": "9",
    "markers": "answer is ",
    "emphasis": "**a",
    "deep lists": "[" * 60 + "]" * 60,
    "broken objects": "{a:1} ",
    "minus": "-",
}


@pytest.mark.parametrize("expected", [OBJECT, 1], ids=["object", "number"])
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_megabyte_takes_seconds_at_most(piece, expected):
    started = time.process_time()
    find_answer("```" + piece * (1_000_000 // len(piece)), [expected])
    assert time.process_time() - started < 8


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("{}[]\"'\\:,`~*.-+0123eE tfn\n\x00\ud800ab"), max_size=200),
    st.sampled_from([OBJECT, [1], 1, "x", True]),
)
def test_no_text_makes_it_raise_or_find_what_cannot_be_stored(text, expected):
    found = find_answer(text, [expected])
    if found is not None:
        assert "\\u0000" not in json.dumps(found.value, allow_nan=False)
        json.dumps(found.value, ensure_ascii=False).encode()
