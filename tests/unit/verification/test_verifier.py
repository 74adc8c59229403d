"""The verdict: answer and state together."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from rolldeck.domain.errors import VerificationError
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Match, Verdict
from rolldeck.verification.verifier import AnswerVerifier

EXPECTED = {"total": 1200.5, "name": "Ann", "orders": 3}


class Databases:
    """Stands for an environment's databases: rows by query, and a query that fails."""

    def __init__(self, **rows: list[dict[str, JsonValue]]) -> None:
        self.rows = rows

    async def sql(self, database: str, query: str) -> list[dict[str, JsonValue]]:
        if query not in self.rows:
            raise VerificationError(f"no such table: {query} (database {database})")
        return self.rows[query]


async def verdict(
    answer: JsonValue, text: str | None, databases: Databases | None = None, **verifier: object
) -> Verdict:
    task = Task.model_validate({"id": "q", "task": "t", "answer": answer, "verifier": verifier})
    return await AnswerVerifier().verify(task, text, (databases or Databases()).sql)


def check(query: str, expect: JsonValue, name: str = "the chart is saved") -> dict[str, JsonValue]:
    return {"name": name, "database": "metadata", "sql": query, "expect": expect}


@pytest.mark.parametrize(
    ("text", "reward", "reason"),
    [
        (json.dumps(EXPECTED), 1, "all 3 fields match"),
        (f"Here: {json.dumps(EXPECTED)}", 1, "all 3 fields match (found in JSON inside the text)"),
        ('{"total": 1200, "name": "Ann", "orders": 3}', 0, "2 of 3 fields match; total: expected 1200.5, got 1200"),
        ('{"total": 1200.5, "name": "ann"}', 0, '1 of 3 fields match; name: expected "Ann", got "ann" (differs in upper and lower case only), and 1 more'),
        ('{"total": 1200.5, "name": "Ann"}', 0, "2 of 3 fields match; orders is missing"),
        ('{"total": 1200.5, "name": "Ann", "orders": 3, "x": 1}', 0, "3 of 4 fields match; x is not expected: 1"),
        (None, 0, "the agent gave no answer"),
        ("", 0, "the agent gave no answer"),
        ("I do not know.", 0, "no answer was found in the agent's text"),
    ],
)  # fmt: skip
async def test_the_reason_is_a_sentence_that_says_why(text, reward, reason):
    given_verdict = await verdict(EXPECTED, text)
    assert (given_verdict.reward, given_verdict.success, given_verdict.reason) == (reward, reward == 1, reason)


async def test_partial_credit_is_the_share_of_matching_fields_and_checks():
    databases = Databases(charts=[{"count": 1}], boards=[{"count": 0}])
    state = [check("charts", 1), check("boards", 1, "the board is there")]
    text = '{"total": 1200.5, "name": "Bob", "orders": 3}'
    partial = await verdict(EXPECTED, text, databases, state=state, partial_credit=True)
    assert (partial.reward, partial.success) == (3 / 5, False)
    strict = await verdict(EXPECTED, text, databases, state=state)
    assert strict.reward == 0
    assert strict.reason == (
        '2 of 3 fields match; name: expected "Ann", got "Bob"; '
        "1 of 2 state checks match; the board is there: expected 1, got 0 (the query gave 1 row)"
    )


async def test_no_answer_earns_nothing_of_a_partial_credit():
    assert (await verdict(EXPECTED, None, partial_credit=True)).reward == 0


async def test_a_right_answer_with_a_wrong_state_is_no_success():
    given_verdict = await verdict(1, "1", Databases(charts=[{"count": 0}]), state=[check("charts", 1)])
    assert not given_verdict.success
    assert [item.path for item in given_verdict.evidence] == ["$", "state:the chart is saved"]


@pytest.mark.parametrize("text", [None, "", "Done, I renamed it."])
async def test_a_task_without_an_answer_is_judged_by_its_state(text):
    databases = Databases(charts=[{"count": 1}])
    right = await verdict(None, text, databases, state=[check("charts", 1)])
    assert (right.success, right.reward, right.reason) == (True, 1, "the state check matches")
    assert not (await verdict(None, text, databases, state=[check("charts", 2)])).success


@pytest.mark.parametrize(
    ("rows", "expect", "matches"),
    [
        ([{"n": 1}], 1, True),
        ([{"n": 1}, {"n": 1}], 1, False),
        ([], 1, False),
        ([], [], True),
        ([{"n": 1}], [], False),
        ([{"n": None}], None, True),
        ([{"a": 1, "b": "x"}], {"a": 1, "b": "x"}, True),
        ([{"a": 1, "b": "x"}], [{"a": 1, "b": "x"}], True),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}], True),
        ([{"a": 2}, {"a": 1}], [{"a": 1}, {"a": 2}], False),
        ([{"a": 1}, {"a": 2}], [1, 2], True),
        ([{"a": 0.1 + 0.2}], 0.3, True),
        ([{"a": 1, "b": 2}], 1, False),
    ],
)
async def test_rows_are_compared_with_what_a_check_expects(rows, expect, matches):
    given_verdict = await verdict(None, "", Databases(q=rows), state=[check("q", expect)])
    assert given_verdict.success is matches
    assert given_verdict.evidence[0].verdict is (Match.MATCH if matches else Match.MISMATCH)


async def test_a_check_that_cannot_be_made_is_an_error_and_never_a_zero():
    with pytest.raises(
        VerificationError, match="the state check 'the chart is saved' could not be made: no such table"
    ):
        await verdict(None, "", Databases(), state=[check("nowhere", 1)])


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=6),
        st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10) | st.lists(st.integers(), max_size=3),
        min_size=1,
        max_size=4,
    ),
    st.text(alphabet=st.characters(blacklist_characters="`~", blacklist_categories=["Cs"]), max_size=60),
    st.text(alphabet=st.characters(blacklist_characters="`~", blacklist_categories=["Cs"]), max_size=60),
)
async def test_prose_around_a_fenced_answer_never_changes_the_verdict(answer, before, after):
    fenced = f"```json\n{json.dumps(answer)}\n```"
    alone = await verdict(answer, fenced)
    assert alone.success is (await verdict(answer, f"{before}\n{fenced}\n{after}")).success
