"""Names that hold numbers, in the order that people expect."""

from hypothesis import given
from hypothesis import strategies as st

from rolldeck.storage.database.natural_order import natural_key


def test_numbers_are_ordered_by_their_value() -> None:
    names = ["2", "10", "100", "a", "a2", "a2b1", "a2b10", "a10", "b"]
    assert sorted(names[3:] + names[:3], key=natural_key) == names


def test_leading_zeros_do_not_count_but_keep_names_apart() -> None:
    assert sorted(["03", "4", "3", "003"], key=natural_key)[3] == "4"
    assert len({natural_key(name) for name in ("0", "00", "3", "03", "003")}) == 5


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_any_two_numbers_compare_as_numbers(first: int, second: int) -> None:
    assert (natural_key(f"t{first}") < natural_key(f"t{second}")) == (first < second)


@given(st.text(max_size=20), st.text(max_size=20))
def test_different_names_have_different_keys(first: str, second: str) -> None:
    assert (natural_key(first) == natural_key(second)) == (first == second)
