"""Names of downloaded files, which a hostile page chooses."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolldeck.browser.interruptions import safe_name


@pytest.mark.parametrize(
    ("suggested", "kept"),
    [
        ("orders.csv", "orders.csv"),
        ("Umsätze 2024 (final).xlsx", "Umsätze 2024 (final).xlsx"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        (".bashrc", "bashrc"),
        ("a\x00b\nc.txt", "a_b_c.txt"),
        ("界" * 300 + ".csv", "界" * 65 + ".csv"),
        ("..", "download"),
        ("", "download"),
    ],
)
def test_a_downloads_name_keeps_what_is_harmless(suggested: str, kept: str) -> None:
    assert safe_name(suggested) == kept


@given(st.text())
def test_no_name_leaves_its_directory_or_hides_in_it(suggested: str) -> None:
    name = safe_name(suggested)
    assert (Path("/downloads") / name).resolve().parent == Path("/downloads")
    assert 0 < len(name.encode()) <= 200
    assert not name.startswith(".")
    assert name.isprintable()
