"""What the texts that are searched are like, as some hundreds of them say."""

from collections.abc import Sequence

from sqlalchemy import Connection, Integer, func, select

from rolldeck.storage.database.listed import listed_texts
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.entries import as_json, is_in
from rolldeck.storage.database.repositories.text_search import as_indexed

_SIZE = 300
_GROWTH = 1.1  # by which there are more texts when another sample is taken


class TextSample:
    """Keeps a sample of the texts, as their index knows them, until there are a tenth more of them."""

    def __init__(self) -> None:
        self._texts: Sequence[str] = ()
        self._taken_at = 0
        self.total = 0
        """How many texts there are, no fewer."""

    def look(self, connection: Connection) -> None:
        """See how many texts there are now, and take a sample where the last one is too old."""
        row = _LAST.fetch_one(connection, {})
        self.total = 0 if row is None or row["last"] is None else int(row["last"])
        if self._taken_at <= self.total <= self._taken_at * _GROWTH:
            return
        numbers = sorted({self.total * each // _SIZE for each in range(1, _SIZE + 1)})
        on_sqlite = connection.dialect.name == "sqlite"
        rows = _TEXTS[connection.dialect.name].fetch(connection, {"numbers": as_json(numbers)})
        self._texts = [as_indexed(row["text"].lower(), on_sqlite=on_sqlite) for row in rows]
        self._taken_at = self.total

    def with_all(self, pieces: Sequence[str]) -> int:
        """Return how many of all texts have every one of the pieces, as their index knows them: some thousands or none."""
        found = sum(all(piece in text for piece in pieces) for text in self._texts)
        return found * self.total // max(1, len(self._texts))


_LAST = Prepared(select(func.max(listed_texts.c.number).label("last")))
_TEXTS = {
    name: Prepared(
        select(listed_texts.c.text).where(is_in(listed_texts.c.number, "numbers", Integer, on_sqlite=name == "sqlite"))
    )
    for name in ("sqlite", "postgresql")
}
