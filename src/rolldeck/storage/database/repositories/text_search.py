"""Searching texts, without regard to case: which versions of tasks, and which rollouts' own texts, hold a phrase.

Both databases have an index of trigrams, three characters that follow each other. It is asked for the rarest pieces of a
phrase; the texts that it finds are looked at once more. PostgreSQL keeps texts in small letters, and knows trigrams of
letters and digits only, but also where words begin and end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Text, bindparam, func, select, true

from rolldeck.storage.database.listed import listed, listed_tasks, listed_texts, listed_trigrams
from rolldeck.storage.database.prepared import Prepared

_SHORTEST = 3  # characters: of less, no index of trigrams knows anything


@dataclass(frozen=True)
class Phrase:
    """What is searched for, in small letters."""

    words: str
    on_sqlite: bool

    @property
    def is_short(self) -> bool:
        """Whether it is searched in tasks only."""
        return len(self.words) < _SHORTEST

    @property
    def pieces(self) -> Sequence[str]:
        """Parts of it that the index can be asked for: trigrams and, of PostgreSQL's, also words with what is around them."""
        if self.on_sqlite:
            return _trigrams_of(self.words)
        found = [trigram for word in re.findall(r"[^\W_]+", self.words) for trigram in _trigrams_of(word)]
        found += re.findall(r"(?=([\W_][^\W_]+[\W_]))", self.words)
        # What PostgreSQL takes for a letter depends on its locale, beyond these.
        return sorted({each for each in found if each.isascii()} or set(found))

    def parameters(self, pieces: Sequence[str]) -> Mapping[str, str]:
        """Return what statements are given of it, which ask the index for these of its pieces."""
        if self.on_sqlite:  # as FTS5 has it
            asked = " ".join('"' + piece.replace('"', '""') + '"' for piece in pieces)
            return {"words": self.words, "asked": asked}
        literally = [re.sub(r"([\\%_])", r"\\\1", piece) for piece in pieces]
        return {"words": self.words} | {_pattern(number): f"%{each}%" for number, each in enumerate(literally)}


def as_indexed(text: str, *, on_sqlite: bool) -> str:
    """Return a text, in small letters, as the index of trigrams knows it: PostgreSQL's knows one thing between words only."""
    return text if on_sqlite else re.sub(r"[\W_]+", " ", text)


def _trigrams_of(words: str) -> list[str]:
    return sorted({words[start : start + _SHORTEST] for start in range(len(words) - _SHORTEST + 1)})


def phrase(connection: Connection, text: str) -> Phrase:
    """Return what is searched for, and make the connection able to."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        driver: Any = connection.connection.driver_connection
        driver.create_function("small_letters", 1, str.lower, deterministic=True)
    return Phrase(text.replace("\x00", "\ufffd").lower(), on_sqlite)


def tasks_with(connection: Connection, searched: Phrase) -> Sequence[int]:
    """Return the versions of tasks, by number, whose id or instruction holds the phrase."""
    rows = _TASKS[searched.on_sqlite].fetch(connection, {"words": searched.words})
    return [row["number"] for row in rows]


def holds(text: ColumnElement[str], *, on_sqlite: bool) -> ColumnElement[bool]:
    """Return whether a stored text holds the phrase, in words that no index answers: for texts that are looked at anyway."""
    words = bindparam("words", type_=Text)
    return func.instr(func.small_letters(text), words) > 0 if on_sqlite else func.strpos(text, words) > 0


def rollouts_with(pieces: int, *, on_sqlite: bool) -> FromClause:
    """Return the entries of ``listed`` whose own text holds the phrase, found by so many of its pieces."""
    return _on_sqlite() if on_sqlite else _on_postgresql(pieces)


def _on_sqlite() -> FromClause:
    texts = listed_trigrams.join(listed_texts, listed_texts.c.number == listed_trigrams.c.rowid)
    entries = texts.join(listed, listed.c.number == listed_trigrams.c.rowid)
    # Its number is that of the trigrams, whose order is the one that costs nothing.
    columns = [listed_trigrams.c.rowid.label("number"), *(each for each in listed.c if each.name != "number")]
    has_trigrams = listed_trigrams.c.listed_trigrams.op("MATCH")(bindparam("asked", type_=Text))
    found = select(*columns).select_from(entries).where(has_trigrams, holds(listed_texts.c.text, on_sqlite=True))
    return found.subquery("found")


def _on_postgresql(pieces: int) -> FromClause:
    has_pieces = [listed_texts.c.text.like(bindparam(_pattern(number), type_=Text)) for number in range(pieces)]
    having = select(listed_texts.c.number).where(*has_pieces, holds(listed_texts.c.text, on_sqlite=False))
    numbers = having.subquery("numbers")
    # One by one: PostgreSQL, which cannot know how many there are, might read all entries to join them.
    entry = select(listed).where(listed.c.number == numbers.c.number).limit(1).lateral("entry")
    return select(entry).select_from(numbers.join(entry, true())).subquery("found")


def _pattern(number: int) -> str:
    return f"pattern_{number}"


_TASKS = {
    on_sqlite: Prepared(select(listed_tasks.c.number).where(holds(listed_tasks.c.text, on_sqlite=on_sqlite)))
    for on_sqlite in (True, False)
}
