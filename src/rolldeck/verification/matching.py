"""Pairs the items of two lists whatever their order."""

from collections import deque
from collections.abc import Callable, Sequence


def most_pairs(rows: int, columns: int, fits: Callable[[int, int], bool]) -> dict[int, int]:
    """Return the pairs (row → column) of a maximum matching of what fits; no row or column is used twice.

    Tolerant comparison is not transitive, so that taking the first that fits could leave a pair unfound: augmenting
    paths (Kuhn), searched breadth first, find the most.
    """
    fitting = [[column for column in range(columns) if fits(row, column)] for row in range(rows)]
    row_of: dict[int, int] = {}
    for row in range(rows):
        _augment(row, fitting, row_of)
    return {row: column for column, row in row_of.items()}


def _augment(start: int, fitting: Sequence[Sequence[int]], row_of: dict[int, int]) -> None:
    """Give ``start`` a column, moving other rows to other columns where that makes room."""
    came_from: dict[int, int] = {}
    held_before: dict[int, int | None] = {start: None}
    pending = deque([start])
    while pending:
        row = pending.popleft()
        for column in fitting[row]:
            if column in came_from:
                continue
            came_from[column] = row
            holder = row_of.get(column)
            if holder is None:
                _shift(column, came_from, held_before, row_of)
                return
            held_before[holder] = column
            pending.append(holder)


def _shift(free: int, came_from: dict[int, int], held_before: dict[int, int | None], row_of: dict[int, int]) -> None:
    column: int | None = free
    while column is not None:
        row = came_from[column]
        row_of[column] = row
        column = held_before[row]
