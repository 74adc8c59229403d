"""Tables of rollouts: what spreadsheets and programs read back is what was stored, and no cell is a formula."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolldeck.domain.rollout import Phase, Rollout, RolloutError
from rolldeck.domain.status import Status
from rolldeck.domain.verdict import Verdict
from rolldeck.export.records import Record, record_of
from rolldeck.export.tables import COLUMNS, TableFormat, neutral, table

A_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


def a_rollout(**fields: object) -> Rollout:
    fixed = {"id": "r1", "batch_id": "b1", "task_id": "t", "task_version": "v", "agent": "noop", "created_at": A_MOMENT}
    return Rollout.model_validate({**fixed, "status": Status.COMPLETED, "video": "r1/video-1.mp4", **fields})


async def written(format_: TableFormat, *pages: Sequence[Record]) -> str:
    async def all_pages() -> AsyncIterator[Sequence[Record]]:
        for page in pages:
            yield page

    return b"".join([piece async for piece in table(all_pages(), format_)]).decode()


async def rows(*pages: Sequence[Record]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(await written(TableFormat.CSV, *pages), newline="")))


async def test_a_completed_rollout_has_its_verdict_in_the_row() -> None:
    verdict = Verdict(reward=0.5, success=False, parsed={"n": 1}, evidence=(), reason='1 of 2, "n"\nis right')
    (row,) = await rows([record_of(a_rollout(verdict=verdict, answer_text="n: 1, ünd\r\nmore", tokens=7), [1, 2])])
    assert tuple(row) == COLUMNS
    assert (row["success"], row["reward"], row["parsed"], row["expected"]) == ("false", "0.5", '{"n":1}', "[1,2]")
    assert (row["reason"], row["answer_text"]) == ('1 of 2, "n"\nis right', "n: 1, ünd\r\nmore")
    assert (row["tokens"], row["error_kind"], row["finished_at"]) == ("7", "", "")


async def test_a_failed_rollout_names_the_error_that_decided_and_has_no_verdict() -> None:
    error = RolloutError(phase=Phase.BROWSER, kind="BrowserError", message="it died", retryable=True)
    later = RolloutError(phase=Phase.TEARDOWN, kind="StorageError", message="too", retryable=True)
    failed = record_of(a_rollout(status=Status.FAILED, errors=(error, later)), None)
    completed = record_of(a_rollout(errors=(later,)), None)
    first, second = await rows([failed], [completed])
    assert (first["error_phase"], first["error_kind"], first["error_message"]) == ("browser", "BrowserError", "it died")
    assert first["success"] == first["reward"] == ""
    assert second["error_kind"] == ""


async def test_json_lines_hold_the_whole_record_but_the_place_of_its_video() -> None:
    lines = (
        await written(TableFormat.JSON, [record_of(a_rollout(), 1)], [record_of(a_rollout(id="r2"), 2)])
    ).splitlines()
    records = [json.loads(line) for line in lines]
    assert [(each["id"], each["expected"]) for each in records] == [("r1", 1), ("r2", 2)]
    assert "video" not in records[0]


async def test_no_rollouts_make_a_heading_and_no_rows() -> None:
    assert await written(TableFormat.CSV, []) == ",".join(COLUMNS) + "\r\n"
    assert await written(TableFormat.JSON, []) == ""


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " \n=1",
        "＝1",
        "-",
        "=",
        "\x01=1",
        "+",
    ],
)
async def test_what_could_be_a_formula_is_made_a_text(text: str) -> None:
    (row,) = await rows([record_of(a_rollout(answer_text=text, agent=text), text)])
    assert row["answer_text"] == row["agent"] == f"'{text}"
    assert row["expected"].startswith('"')


@pytest.mark.parametrize("text", ["-5", "+3.25", "42", "a=b", "", "2026-11-01", '{"a": "=1"}'])
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert neutral(text) == text


@given(st.text())
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    shown = neutral(text)
    begins = shown.lstrip()[:1]
    assert begins not in set("=@＝＋－＠")
    if begins in {"+", "-"}:
        float(shown)
