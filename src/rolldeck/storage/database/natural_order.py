"""The order in which people expect names that hold numbers: 2 before 10."""

import re

_DIGITS = re.compile(r"[0-9]+")


def natural_key(name: str) -> str:
    """Return a text whose order by code points is the natural order of names. Different names have different keys.

    A number is preceded by how many digits it has, so that a longer one is greater; the name itself, after a
    separator that sorts first, decides between names that differ in leading zeros only.
    """
    return _DIGITS.sub(_with_length, name) + "\x01" + name


def _with_length(match: re.Match[str]) -> str:
    digits = match.group().lstrip("0")
    return f"{len(digits):03d}{digits}"
