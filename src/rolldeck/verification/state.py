"""State checks: queries on the environment's databases, whose rows show whether the task was done."""

from pydantic import JsonValue

from rolldeck.domain.errors import VerificationError
from rolldeck.domain.verdict import Evidence, Match, StateCheck, VerifierSpec
from rolldeck.verification.comparison import WHOLE, compare
from rolldeck.verification.port import SqlReader

STATE = "state:"

_MAX_SHOWN_ROWS = 50
_STRICT = VerifierSpec()


async def check_state(check: StateCheck, sql: SqlReader) -> Evidence:
    """Run one check's query and compare its rows with the expected ones, in order and strictly.

    Raises ``VerificationError`` that names the check, where the query fails.
    """
    try:
        rows = await sql(check.database, check.sql)
    except VerificationError as error:
        raise VerificationError(f"the state check {check.name!r} could not be made: {error}") from error
    found = _comparable(rows, check.expect)
    compared = compare(check.expect, found, _STRICT)
    return Evidence(
        path=f"{STATE}{check.name}",
        expected=check.expect,
        got=found[:_MAX_SHOWN_ROWS] if isinstance(found, list) else found,
        verdict=Match.MATCH if compared.success else Match.MISMATCH,
        note="" if compared.success else _difference(compared.evidence, rows),
    )


def _comparable(rows: list[dict[str, JsonValue]], expected: JsonValue) -> JsonValue:
    """Return the rows as the expectation has them: one plain value, one object, a list of values, or of objects."""
    single = len(rows) == 1
    if isinstance(expected, dict) and single:
        return rows[0]
    if isinstance(expected, list):
        plain = bool(expected) and not any(isinstance(item, dict) for item in expected)
        return [_only_value(row) for row in rows] if plain else list(rows)
    if single and len(rows[0]) == 1:
        return _only_value(rows[0])
    return list(rows)


def _only_value(row: dict[str, JsonValue]) -> JsonValue:
    return next(iter(row.values())) if len(row) == 1 else row


def _difference(evidence: tuple[Evidence, ...], rows: list[dict[str, JsonValue]]) -> str:
    first = next(item for item in evidence if item.verdict is not Match.MATCH)
    if first.path == WHOLE:
        return f"the query gave {len(rows)} row{'' if len(rows) == 1 else 's'}"
    return f"first difference at {first.path}" + (f": {first.note}" if first.note else "")
