"""Reading what is wanted of a list, in the list's order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.entries import RANGES, Reading
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.database.repositories.list_order import Part
from rolldeck.storage.database.repositories.wanted import Wanted

_RANGES_AT_ONCE = 50  # that one statement merges


@dataclass(frozen=True)
class Finder:
    """Reads entries of the ranges to which one column leads, None: of the whole list."""

    connection: Connection
    wanted: Wanted
    leading: str | None
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Those that statements have beside the filter's."""

    def first(self, parts: Sequence[Part], most: int, statement: Callable[[Reading], Prepared]) -> list[Row]:
        """Read the parts, one after the other, until there are so many rows of the statement on them."""
        rows: list[Row] = []
        for part in parts:
            rows += self._of_part(part, most, statement)[: most - len(rows)]
            if len(rows) == most:
                break
        return rows

    def _of_part(self, part: Part, most: int, statement: Callable[[Reading], Prepared]) -> list[Row]:
        keys = () if self.leading is None or self.leading in RANGES else self.wanted.keys(self.leading)
        others = self.wanted.others(self.leading)
        on_sqlite = self.connection.dialect.name == "sqlite"
        rows: list[Row] = []
        for some in in_pieces(keys, _RANGES_AT_ONCE) if keys else ((),):
            reading = Reading(part.stretch, most, on_sqlite, self.leading, max(1, len(some)), others)
            values = {**self.parameters, **part.parameters, **self.wanted.parameters(self.leading, some)}
            rows += statement(reading).fetch(self.connection, values)
        return sorted(rows, key=part.stretch.comes_before)
