"""Searching texts, without regard to case: which versions of tasks, and which rollouts' own texts, hold a phrase.

PostgreSQL keeps texts in small letters and has an index of their trigrams that knows of whole phrases. SQLite's knows
which texts have some trigrams, anywhere in them; those are looked at once more, in small letters as Python has them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, func, select, true

from rolldeck.storage.database.listed import listed, listed_tasks, listed_texts, listed_trigrams

_SHORTEST = 3  # characters: of less, no index of trigrams knows anything
_MOST_TRIGRAMS = 8  # more of them exclude hardly anything


@dataclass(frozen=True)
class Phrase:
    """What is searched for, in small letters."""

    words: str
    on_sqlite: bool

    @property
    def is_short(self) -> bool:
        """Whether it is searched in tasks only."""
        return len(self.words) < _SHORTEST

    def is_in(self, text: ColumnElement[str]) -> ColumnElement[bool]:
        """Return whether a stored text holds it, in words that no index answers: for texts that are looked at anyway."""
        if self.on_sqlite:
            return func.instr(func.small_letters(text), self.words) > 0
        return func.strpos(text, self.words) > 0

    @property
    def trigrams(self) -> Sequence[str]:
        """All its trigrams that the index knows, which every text that holds it has: PostgreSQL's are within words."""
        parts = [self.words] if self.on_sqlite else re.findall(r"\w+", self.words)
        return [part[start : start + _SHORTEST] for part in parts for start in range(len(part) - _SHORTEST + 1)]

    def rollouts(self) -> FromClause:
        """Return the entries of ``listed`` whose own text holds it, as something to read from."""
        if self.on_sqlite:
            texts = listed_trigrams.join(listed_texts, listed_texts.c.number == listed_trigrams.c.rowid)
            entries = texts.join(listed, listed.c.number == listed_trigrams.c.rowid)
            # Its number is that of the trigrams, whose order is the one that costs nothing.
            columns = [listed_trigrams.c.rowid.label("number"), *(each for each in listed.c if each.name != "number")]
            some = self.trigrams[:: -(-len(self.trigrams) // _MOST_TRIGRAMS)]
            asked = " ".join('"' + trigram.replace('"', '""') + '"' for trigram in some)  # as FTS5 has it
            has_trigrams = listed_trigrams.c.listed_trigrams.op("MATCH")(asked)
            holds = self.is_in(listed_texts.c.text)
            return select(*columns).select_from(entries).where(has_trigrams, holds).subquery("found")
        holds = listed_texts.c.text.contains(self.words, autoescape=True)
        return _entries_of(select(listed_texts.c.number).where(holds).subquery("numbers"))


def _entries_of(numbers: FromClause) -> FromClause:
    # One by one: PostgreSQL, which cannot know how many there are, might read all entries to join them.
    entry = select(listed).where(listed.c.number == numbers.c.number).limit(1).lateral("entry")
    return select(entry).select_from(numbers.join(entry, true())).subquery("found")


def phrase(connection: Connection, text: str) -> Phrase:
    """Return what is searched for, and make the connection able to."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        driver: Any = connection.connection.driver_connection
        driver.create_function("small_letters", 1, str.lower, deterministic=True)
    return Phrase(text.replace("\x00", "\ufffd").lower(), on_sqlite)


def tasks_with(connection: Connection, searched: Phrase) -> Sequence[int]:
    """Return the versions of tasks, by number, whose id or instruction holds the phrase."""
    query = select(listed_tasks.c.number).where(searched.is_in(listed_tasks.c.text))
    return connection.execute(query).scalars().all()
