"""YAML as plain values with their places."""

import pytest

from rolldeck.environments.recipes.file.yaml_text import MAX_BYTES, NotReadable, read_yaml


def value_of(text: str) -> object:
    read = read_yaml(text.encode(), "f.yaml")
    assert read.problems == []
    return read.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", {"a": "no"}),
        ("a: 22:22", {"a": "22:22"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: True", {"a": True}),
        ("a: '1'", {"a": "1"}),
        ("a: 0017", {"a": 17}),
        ("a: 1.50", {"a": 1.5}),
        ("a: 1e999", {"a": "1e999"}),
        ("a: ~\nb:\nc: null", {"a": None, "b": None, "c": None}),
        ("1: a", {"1": "a"}),
        ("- a\n- [b, {c: d}]", ["a", ["b", {"c": "d"}]]),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("", None),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert value_of(text) == value


def test_every_value_has_the_place_of_its_key() -> None:
    text = read_yaml(b"name: x\nservices:\n  web:\n    seeds:\n      - from: a\n", "f.yaml")
    assert str(text.place_of(("services", "web", "seeds", 0, "from"))) == "f.yaml:5:9"
    assert str(text.place_of(("services", "web"))) == "f.yaml:3:3"
    assert str(text.place_of(("services", "web", "port"))) == "f.yaml:3:3", "what is missing: where it would be"
    assert str(text.place_of(("title",))) == "f.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: field 'a': is given twice"),
        ("a: !!python/object/apply:os.system [id]", "f.yaml:1:1: field 'a': has the tag"),
        ("a: !secret x", "f.yaml:1:1: field 'a': has the tag '!secret'"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f.yaml:3:3: field 'c.<<': merge keys are not read"),
        ("[a, b]: c", "f.yaml:1:1: has a key that is no text"),
    ],
)
def test_values_that_mean_nothing_are_problems_and_the_rest_is_read(text: str, problem: str) -> None:
    [found] = read_yaml(f"{text}\nrest: 1\n".encode(), "f.yaml").problems
    assert str(found).startswith(problem)
    assert isinstance(read := read_yaml(f"{text}\nrest: 1\n".encode(), "f.yaml").value, dict)
    assert read["rest"] == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: [1, 2", "f.yaml:1:9: the file is not YAML"),
        (b"a:\n\t- 1", "f.yaml:2:1: the file is not YAML"),
        (b"a: 1\n---\nb: 2", "f.yaml:2:1: the file is not YAML"),
        (b"a: *nowhere", "f.yaml:1:4: the file is not YAML"),
        (b"a: 1\nb: \xff", "f.yaml:2:1: the file is not UTF-8"),
        (b"a: \x07", "f.yaml:1:1: the file is not YAML"),
        (b"#" * (MAX_BYTES + 1), "f.yaml:1:1: the file is larger than 256 KiB"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(content: bytes, problem: str) -> None:
    with pytest.raises(NotReadable) as refusal:
        read_yaml(content, "f.yaml")
    assert str(refusal.value.problem).startswith(problem)
