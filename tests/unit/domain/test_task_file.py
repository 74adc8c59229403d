"""Reading an uploaded task file: all or nothing, every error named, nothing unbounded."""

import json
from collections.abc import Sequence
from contextlib import suppress

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from rolldeck.domain.errors import InputTooLarge, InvalidInput
from rolldeck.domain.task import Task
from rolldeck.domain.task_file import MAX_PROBLEMS, parse_task_file, task_file_schema

MAX_BYTES = 1_000_000


def parse(content: bytes | JsonValue) -> tuple[Task, ...]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse_task_file(data, environments=["superset", "metabase"], max_bytes=MAX_BYTES)


def problems(content: bytes | JsonValue) -> Sequence[str]:
    with pytest.raises(InvalidInput) as refusal:
        parse(content)
    return [str(problem) for problem in refusal.value.problems]


def task(**fields: JsonValue) -> dict[str, JsonValue]:
    return {"id": "q1", "task": "How many?", "answer": 1, **fields}


def test_the_seed_format_is_accepted_unchanged():
    read = parse([{"id": "q1", "task": "How many?", "answer": '{"orders": 5321}'}])
    assert read == (Task(id="q1", task="How many?", answer={"orders": 5321}),)


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ('"Paris"', "Paris"),
        ("42", 42),
        ("[1, 2]", [1, 2]),
        ("true", True),
        (42, 42),
        (1.5, 1.5),
        (False, False),
        ([1, "a"], [1, "a"]),
        ({"a": None}, {"a": None}),
    ],
)
def test_an_answer_is_a_string_of_json_or_json(written, answer):
    assert parse([task(answer=written)])[0].answer == answer


def test_a_whole_number_is_taken_as_an_id():
    assert [read.id for read in parse([task(id=7), task(id="8")])] == ["7", "8"]
    assert problems([task(id=7), task(id="7")]) == [
        "task 1, id '7', field 'id': is given to task 0 and task 1: ids are unique in a file"
    ]


def test_a_byte_order_mark_is_no_obstacle():
    assert len(parse(b"\xef\xbb\xbf" + json.dumps([task()]).encode())) == 1


def test_every_optional_field_is_read():
    read = parse(
        [
            task(
                answer={"total": 1.5},
                environment="metabase",
                start_path="/sqllab/?a=1 2",
                verifier={
                    "order": "any",
                    "fields": {"total": {"decimals": 2}},
                    "partial_credit": True,
                    "state": [{"name": "n", "database": "data", "sql": "SELECT 1", "expect": [{"a": 1}]}],
                },
                solution=[
                    {
                        "do": "click",
                        "target": {"role": "button", "name": "Run", "within": {"css": "main"}},
                        "timeout": 5,
                    },
                    {
                        "do": "read_text",
                        "target": {"text": "total"},
                        "into": "totals.revenue",
                        "as": "number",
                        "pattern": "(.*)",
                    },
                ],
                limits={"steps": 9, "seconds": 30},
                tags=["sql"],
            )
        ]
    )[0]
    assert (read.environment, read.limits.steps, read.tags, len(read.solution)) == ("metabase", 9, ("sql",), 2)
    assert read.verifier.fields["total"].decimals == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"[]", "the file holds no task"),
        (b"{}", "should hold a list of tasks.*not an object"),
        (b"3", "should hold a list of tasks.*not a number"),
        (b"[{]", "the file is not JSON: .* at line 1, column 3"),
        (b'[{"id": "a"}]\n[{"id": "b"}]', "Extra data at line 2, column 1: the tasks belong into one list"),
        (b"[\xff]", r"not UTF-8 \(byte 1, line 1\): save it as UTF-8"),
        ("[]".encode("utf-16"), "the file is UTF-16: save it as UTF-8"),
        ("[1]".encode("utf-32-le"), "the file is UTF-32-LE: save it as UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 600_000, "too many values"),
        (b"[" + b"[]," * 300_000 + b"[]]", "300,001 tasks, more than 100,000: split it"),
        (b'[{"id": "a\nb"}]', "Invalid control character"),
    ],
)
def test_what_is_no_list_of_tasks_is_refused_in_words(content, message):
    with pytest.raises(InvalidInput, match=message):
        parse(content)


def test_a_file_that_is_too_large_is_not_even_looked_at():
    with pytest.raises(InputTooLarge, match=r"1\.0 MB, more than the 1\.0 MB allowed"):
        parse(b"\xff" * (MAX_BYTES + 1))


DEEP: JsonValue = 1
for _ in range(70):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (3, "task 0: should be an object, not a number"),
        ({"task": "t", "answer": 1}, "task 0, field 'id': is missing"),
        (task(id=True), "task 0, field 'id': should be a valid string"),
        (task(id=1.5), "task 0, field 'id': should be a valid string"),
        (task(id=""), "task 0, id '', field 'id': string should have at least 1 character"),
        (task(id="a\tb"), r"task 0, id 'a\\tb', field 'id': should have printable characters only, no space at its ends, and not be . or .."),
        (task(id=".."), "task 0, id '..', field 'id': should have printable characters only, no space at its ends, and not be . or .."),
        (task(task=3), "task 0, id 'q1', field 'task': should be a valid string"),
        (task(task="a\0"), "task 0, id 'q1', field 'task': holds the NUL character at position 1, which cannot be stored"),
        (task(task="\ud800"), "task 0, id 'q1', field 'task': holds half of a character (a lone surrogate) at position 0, which cannot be stored"),
        (task(anwser=1), "task 0, id 'q1', field 'anwser': is not a known field; did you mean 'answer'?"),
        (task(answer="Paris"), "task 0, id 'q1', field 'answer': is a string that holds no JSON (Expecting value at column 1); a text is written with quotes: \"\\\"Paris\\\"\""),
        (task(answer=None), "task 0, id 'q1', field 'answer': a task needs an answer, or a verifier with state checks"),
        (task(answer="null"), "task 0, id 'q1', field 'answer': a task needs an answer, or a verifier with state checks"),
        (task(answer={"a": "x\0"}), "task 0, id 'q1', field 'answer.a': holds the NUL character at position 1, which cannot be stored"),
        (task(answer='{"a": "\\u0000"}'), "task 0, id 'q1', field 'answer.a': holds the NUL character at position 0, which cannot be stored"),
        (task(answer={"a\0": 1}), r"task 0, id 'q1', field 'answer.a\\x00': its name holds the NUL character at position 1, which cannot be stored"),
        (task(answer=2**64), "task 0, id 'q1', field 'answer': is an integer beyond 64 bits: write it as a text"),
        (task(answer='{"a": 1, "a": 2}'), "task 0, id 'q1', field 'answer': names the key 'a' twice"),
        (task(environment="superst"), "task 0, id 'q1', field 'environment': there is no environment 'superst'; did you mean 'superset'? (known: metabase, superset)"),
        (task(start_path="//evil.example"), "task 0, id 'q1', field 'start_path': should be a path of the environment that begins with one slash, e.g. /chart/list/"),
        (task(limits={"steps": "5"}), "task 0, id 'q1', field 'limits.steps': should be a valid integer"),
        (task(limits={"steps": True}), "task 0, id 'q1', field 'limits.steps': should be a valid integer"),
        (task(limits={"stepz": 5}), "task 0, id 'q1', field 'limits.stepz': is not a known field; did you mean 'steps'?"),
        (task(verifier={"odrer": "any"}), "task 0, id 'q1', field 'verifier.odrer': is not a known field; did you mean 'order'?"),
        (task(verifier={"fields": {"a.b": {"decimal": 1}}}), "task 0, id 'q1', field 'verifier.fields.a.b.decimal': is not a known field; did you mean 'decimals'?"),
        (task(verifier={"decimals": 1, "tolerance": 1}), "task 0, id 'q1', field 'verifier': give decimals or tolerance, not both"),
        (task(verifier={"state": [{"name": "n", "database": "d", "sql": "s", "expext": 1, "expect": 1}]}), "task 0, id 'q1', field 'verifier.state.0.expext': is not a known field; did you mean 'expect'?"),
        (task(solution=[{"do": "press", "keys": "a"}, {"do": "clik"}]), "task 0, id 'q1', field 'solution.1.do': is 'clik'; did you mean 'click'?"),
        (task(solution=[{"target": {}}]), "task 0, id 'q1', field 'solution.0.do': is missing: one of goto, click, hover, type, press, scroll, drag, wait_for, pause, read_text, read_table"),
        (task(solution=[{"do": "click", "taget": {}, "target": {"text": "a"}}]), "task 0, id 'q1', field 'solution.0.taget': is not a known field; did you mean 'target'?"),
        (task(solution=[{"do": "click", "target": {"txt": "a", "css": "b"}}]), "task 0, id 'q1', field 'solution.0.target.txt': is not a known field; did you mean 'text'?"),
        (task(solution=[{"do": "click", "target": {"name": "a"}}]), "task 0, id 'q1', field 'solution.0.target': a target needs one of role, text, label, placeholder, css"),
        (task(solution=[{"do": "goto", "path": "http://evil.example"}]), "task 0, id 'q1', field 'solution.0.path': should be a path of the environment that begins with one slash, e.g. /chart/list/"),
        (task(solution=[{"do": "read_text", "target": {"text": "a"}, "into": "a..b"}]), "task 0, id 'q1', field 'solution.0.into': should be dotted keys of the answer, e.g. totals.revenue, or $ for all of it"),
        (task(solution=[{"do": "read_text", "target": {"text": "a"}, "into": "a", "pattern": "("}]), "task 0, id 'q1', field 'solution.0.pattern': is not a regular expression: missing ), unterminated subpattern at position 0"),
        (task(tags=list(range(60_000))), "task 0, id 'q1', field 'tags': holds more than 50,000 values"),
    ],
)  # fmt: skip
def test_an_error_names_index_id_and_field(entry, problem):
    assert problems([entry]) == [problem]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'[{"id":"a","task":"t","answer":[NaN]}]', "field 'answer.0': is not a number that JSON can keep"),
        (b'[{"id":"a","task":"t","answer":-Infinity}]', "field 'answer': is not a number that JSON can keep"),
        (b'[{"id":"a","task":"t","answer":1e999}]', "field 'answer': is not a number that JSON can keep"),
        (b'[{"id":"a","task":"t","answer":"NaN"}]', "field 'answer': is not a number that JSON can keep"),
        (b'[{"id":"a","task":"t","answer":' + b"9" * 5000 + b"}]", "field 'answer': is not a number that JSON can keep"),
        (b'[{"id":"a","id":"b","task":"t","answer":1}]', "field 'id': is given twice"),
        (b'[{"id":"a","task":"t","answer":1,"limits":{"steps":1,"steps":2}}]', "field 'limits': names the key 'steps' twice"),
    ],
)  # fmt: skip
def test_what_only_bytes_can_say_is_refused_where_it_stands(content, problem):
    (found,) = problems(content)
    assert problem in found


@pytest.mark.parametrize("written", [DEEP, json.dumps(DEEP)], ids=["json", "string"])
def test_an_answer_that_is_nested_too_deeply_is_refused(written):
    (problem,) = problems([task(answer=written)])
    assert "is nested more than 64 levels deep" in problem


def test_a_string_answer_of_endless_depth_is_refused():
    assert problems([task(answer="[" * 100_000)]) == [
        "task 0, id 'q1', field 'answer': is nested more than 64 levels deep"
    ]


def test_all_errors_of_all_tasks_are_named_at_once():
    found = problems([task(), task(task=3, answer="Paris"), {"id": "q3"}, task(id="q4", tags=[1], limits={"steps": 0})])
    assert [line.split(":")[0] for line in found] == [
        "task 1, id 'q1', field 'answer'",
        "task 1, id 'q1', field 'task'",
        "task 1, id 'q1', field 'id'",
        "task 2, id 'q3', field 'task'",
        "task 3, id 'q4', field 'limits.steps'",
        "task 3, id 'q4', field 'tags.0'",
    ]


def test_of_very_many_errors_the_first_are_named_and_the_others_counted():
    with pytest.raises(InvalidInput, match=r", and 299 more \(the first 100 are listed\)") as refusal:
        parse([{} for _ in range(150)])
    assert len(refusal.value.problems) == MAX_PROBLEMS
    with pytest.raises(InvalidInput, match=r"and at least 9,999 more"):
        parse([{} for _ in range(90_000)])


def test_a_flood_of_unknown_fields_is_one_error():
    flood = task(**{f"field{number}": 1 for number in range(1000)})
    assert problems([flood]) == ["task 0, id 'q1': has 1,000 unknown fields: field0, field1, field2, field3, field4, …"]


def test_hostile_names_are_shown_in_a_form_that_can_be_encoded():
    (found,) = problems([task(**{"\ud800\x1b[31m" + "x" * 500: 1})])
    found.encode()
    assert "\x1b" not in found
    assert len(found) < 400


def test_nothing_is_read_of_a_file_with_one_error():
    with pytest.raises(InvalidInput):
        parse([task(), task(id="q2", task="")])


# ---------------------------------------------------------------- for all files

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
IDS = st.text(st.characters(whitelist_categories=["L", "N", "P"]), min_size=1, max_size=10).filter(
    lambda text: text not in {".", ".."}
)
TASKS = st.lists(
    st.builds(
        Task,
        id=IDS,
        task=TEXTS.filter(bool),
        answer=VALUES.filter(lambda value: value is not None),
        environment=st.sampled_from(["superset", "metabase"]),
        tags=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda task: task.id,
)


@settings(max_examples=100, deadline=None)
@given(TASKS, st.booleans())
def test_what_is_written_is_read_again(tasks, answers_as_text):
    entries = []
    for one in tasks:
        entry = one.model_dump(mode="json", by_alias=True)
        if answers_as_text or isinstance(one.answer, str):
            entry["answer"] = json.dumps(one.answer)
        entries.append(entry)
    read = parse(json.dumps(entries, ensure_ascii=False).encode())
    assert list(read) == tasks
    assert [one.version for one in read] == [one.version for one in tasks]


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(alphabet='[]{}",:\\u0d8aNe19. tfn\ud800', max_size=80).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )
)
def test_no_bytes_raise_anything_but_a_refusal(content):
    with suppress(InvalidInput):
        parse(content)


FIELDS = st.sampled_from(["id", "task", "answer", "environment", "start_path", "verifier", "solution", "limits", "tags", "do", "target", "fields", "state", "x"])  # fmt: skip
STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["click", "type", "superset", "/"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(FIELDS, STRANGE, max_size=8), min_size=1, max_size=3))
def test_no_json_raises_anything_but_a_refusal(entries):
    try:
        parse(json.dumps(entries).encode())
    except InvalidInput as refusal:
        for problem in refusal.problems:
            str(problem).encode()


# ---------------------------------------------------------------- the published schema


def test_the_schema_accepts_what_the_reader_accepts():
    schema = jsonschema_rs.validator_for(task_file_schema())
    for entry in (
        task(),
        task(id=3),
        task(answer='{"a": 1}'),
        task(answer={"a": 1}),
        task(solution=[{"do": "press", "keys": "a"}]),
    ):
        assert schema.is_valid([entry])
        assert parse([entry])
    for entry in (
        task(anwser=1),
        task(id=True),
        {"id": "q1"},
        task(limits={"steps": 0}),
        task(solution=[{"do": "clik"}]),
    ):
        assert not schema.is_valid([entry])
    assert not schema.is_valid([])


def test_the_schema_says_what_it_is():
    schema = task_file_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:rolldeck:schema:tasks"
    assert schema["title"]
    json.dumps(schema, allow_nan=False)


@pytest.mark.parametrize("path", ["total", "rows.*.name", "rows.0.name", "a.b", "$"])
def test_a_verifier_rule_may_name_any_field_of_the_answer(path: str):
    answer = {"total": 1, "rows": [{"name": "x"}], "a.b": 2}
    assert parse([task(answer=answer, verifier={"fields": {path: {"normalize": ["case"]}}})])


@pytest.mark.parametrize("path", ["totl", "rows.name", "rows.1.name", "total.inside", "*.*.*.*"])
def test_a_verifier_rule_that_would_never_be_applied_is_refused(path: str):
    answer = {"total": 1, "rows": [{"name": "x"}]}
    assert problems([task(answer=answer, verifier={"fields": {path: {"normalize": ["case"]}}})]) == [
        f"task 0, id 'q1', field 'verifier.fields.{path}': the answer has nothing at this path"
    ]
