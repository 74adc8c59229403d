"""Where in a task file its tasks begin: people who mend one look for a line, not for a position in a list."""

import json
import re

_BETWEEN = re.compile(r"[\s,]*")


def lines_of_tasks(text: str) -> tuple[int, ...]:
    """Return the line, from 1, on which each entry of a file begins; empty for text that is no JSON list."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    opening = text.find("[")
    if opening < 0:
        return ()
    lines: list[int] = []
    line, counted_to, position = 1, 0, _after_blanks(text, opening + 1)
    try:
        while text[position : position + 1] != "]":
            line += text.count("\n", counted_to, position)
            counted_to = position
            lines.append(line)
            position = _after_blanks(text, decoder.raw_decode(text, position)[1])
    except (ValueError, RecursionError):
        return ()
    return tuple(lines)


def _after_blanks(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return position if found is None else found.end()
