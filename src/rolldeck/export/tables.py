"""Records as a file of rows: CSV for spreadsheets, JSON lines for programs."""

import csv
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from enum import StrEnum

from pydantic import JsonValue
from pydantic_core import to_json

from rolldeck.export.records import Record

COLUMNS = (
    *("id", "batch_id", "task_id", "task_version", "agent", "model", "parameters", "seed"),
    *("status", "stop_reason", "success", "reward", "answer_text", "parsed", "expected", "reason"),
    *("error_phase", "error_kind", "error_message", "attempt", "steps", "tokens", "cost", "seconds"),
    *("reader", "read_by_model", "reader_tokens", "reader_cost"),
    *("reused_from", "worker_id", "template", "created_at", "started_at", "finished_at"),
)
"""Columns of the CSV file. ``error_…`` is what made it fail, ``reader…`` the model that was asked to read the answer."""

_AS_JSON = ("parameters", "parsed", "expected")

# What spreadsheets take for the beginning of a formula, also in its full-width form and behind white space.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d{1,300})?", re.ASCII)


class TableFormat(StrEnum):
    """Formats of many rollouts. ``JSON`` is JSON lines: one object a line, so that a reader needs no more memory either."""

    CSV = "csv"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """The media type of such a file."""
        return "text/csv; charset=utf-8" if self is TableFormat.CSV else "application/jsonl"

    @property
    def suffix(self) -> str:
        """How the name of such a file ends."""
        return ".csv" if self is TableFormat.CSV else ".jsonl"


async def table(pages: AsyncIterable[Sequence[Record]], format_: TableFormat) -> AsyncIterator[bytes]:
    """Yield the file's bytes, a page's at once."""
    lines = _csv_lines if format_ is TableFormat.CSV else _json_lines
    heading = _csv([COLUMNS]) if format_ is TableFormat.CSV else b""
    async for page in pages:
        yield heading + lines(page)
        heading = b""


def _json_lines(page: Sequence[Record]) -> bytes:
    return b"".join(to_json(record) + b"\n" for record in page)


def _csv_lines(page: Sequence[Record]) -> bytes:
    return _csv(map(_row, page))


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _row(record: Record) -> list[str]:
    verdict, error = _part(record, "verdict"), _part(record, "error")
    values = {
        **record,
        **{name: verdict.get(name) for name in ("parsed", "reason")},
        **{f"error_{name}": error.get(name) for name in ("phase", "kind", "message")},
    }
    return [_json_cell(values[name]) if name in _AS_JSON else _cell(values[name]) for name in COLUMNS]


def _part(record: Record, name: str) -> Record:
    part = record[name]
    return part if isinstance(part, dict) else {}


def _cell(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutral(value) if isinstance(value, str) else str(value)


def _json_cell(value: JsonValue) -> str:
    return "" if value is None else neutral(to_json(value).decode())


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: what could be one gets an apostrophe in front.

    Agents and pages write these texts. A plain number stays as it is.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
