"""Hostile recipe files: what they may neither reach nor cost."""

import time
from pathlib import Path

import pytest

from rolldeck.domain.errors import InvalidInput
from rolldeck.environments.recipes.file.reading import read_recipe

SEEDED = """
name: wiki
title: A wiki
services:
  web:
    command: serve ${port}
    port: 80
    seeds: [{from: %s, to: %s}]
"""


def refusal_of(directory: Path, content: str) -> InvalidInput:
    file = directory / "recipe.yaml"
    file.write_text(content)
    with pytest.raises(InvalidInput) as refusal:
        read_recipe(file)
    return refusal.value


@pytest.mark.parametrize(
    "source", ["/etc/passwd", "../outside", "inside/../../outside", "link", "tree", "''", "'a\\0b'", "'in\0side'"]
)
def test_nothing_outside_of_the_recipes_directory_becomes_a_seed(tmp_path: Path, source: str) -> None:
    (tmp_path / "outside").write_text("secret")
    own = tmp_path / "own"
    (own / "tree" / "deep").mkdir(parents=True)
    (own / "link").symlink_to(tmp_path / "outside")
    (own / "tree" / "deep" / "link").symlink_to(tmp_path / "outside")
    assert "secret" not in str(refusal_of(own, SEEDED % (source, "x")))


@pytest.mark.parametrize("target", ["../x", "/../x", "a/../../x", "..", "/", "'a\\x'", "'a\tb'"])
def test_nothing_is_written_outside_of_a_service(tmp_path: Path, target: str) -> None:
    (tmp_path / "seed").touch()
    refusal = refusal_of(tmp_path, SEEDED % ("seed", target))
    assert refusal.problems[0].field.startswith("services.web.seeds.0.to") or "not YAML" in str(refusal)


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "more than 10,000 values"),
        ("a: &a [*a, *a]", "nested more than 20 levels"),
        ("a: &a {b: *a}", "nested more than 20 levels"),
        ("[" * 100_000, "nested more than 20 levels"),
        ("[" * 5_000 + "]" * 5_000, "nested more than 20 levels"),
        ("a: " + "{b: " * 30 + "}" * 30, "nested more than 20 levels"),
        ("- x\n" * 60_000, "more than 10,000 values"),
        ("a: !!python/object/apply:os.system ['touch pwned']", "recipe"),
    ],
)
def test_bombs_cost_little_and_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    started = time.process_time()
    refusal = refusal_of(tmp_path, content)
    assert time.process_time() - started < 20
    assert words in str(refusal) or any(words in str(problem) for problem in refusal.problems)
    assert not (tmp_path / "pwned").exists()


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path, 'name: wiki\n"\\e[31mred\\a": 1\n')
    assert all(str(problem).isprintable() for problem in refusal.problems)
