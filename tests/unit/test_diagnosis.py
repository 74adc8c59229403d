"""Asking the doctor, who is a process that a test writes."""

import asyncio
import sys
from pathlib import Path

import pytest

from rolldeck.diagnosis import Diagnosis, DiagnosisFailed, Doctor, Finding

FOUND = Diagnosis(ok=False, findings=[Finding(name="Docker", state="missing", found="none", todo="start it")])


def doctor(tmp_path: Path, *, says: str = FOUND.model_dump_json(), code: int = 1) -> Doctor:
    """One that says this, and counts how often it was asked."""
    program = f"import sys; open({str(tmp_path / 'asked')!r}, 'a').write('x'); print({says!r}); sys.exit({code})"
    return Doctor([sys.executable, "-c", program], {})


async def test_those_who_ask_at_once_or_soon_after_are_given_one_answer(tmp_path: Path) -> None:
    asked = doctor(tmp_path)
    first, second = await asyncio.gather(asked.examine(), asked.examine())
    assert first == second == await asked.examine()
    assert first.findings == FOUND.findings
    assert (tmp_path / "asked").read_text() == "x"


async def test_a_fresh_answer_is_one_that_was_looked_for_after_the_question(tmp_path: Path) -> None:
    asked = doctor(tmp_path)
    first = await asked.examine()
    assert (await asked.examine(fresh=True)).at > first.at
    assert (tmp_path / "asked").read_text() == "xx"


async def test_a_doctor_that_says_nonsense_has_failed(tmp_path: Path) -> None:
    with pytest.raises(DiagnosisFailed, match="exit code 3"):
        await doctor(tmp_path, says="Traceback", code=3).examine()
