"""The settings that hold and the doctor's findings, over HTTP."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rolldeck.diagnosis import Doctor
from rolldeck.settings import Settings
from rolldeck.wiring import nobody_is_told, operations_of

from .conftest import Connect, Deck


async def test_settings_are_listed_by_group_without_secrets(
    deck: Deck, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "xyzzy-key")
    operations = operations_of(Settings(), nobody_is_told)
    async with connect(replace(deck.services, operations=operations)) as client:
        answer = await client.get("/api/settings")
    assert "xyzzy" not in answer.text
    groups = {group["name"]: {each["name"]: each for each in group["settings"]} for group in answer.json()["groups"]}
    assert groups["Server"]["port"]["variables"] == ["ROLLDECK_PORT"]
    key = groups["Models"]["gemini_api_key"]
    assert (key["secret"], key["is_set"], key["value"], key["variable"]) == (True, True, None, "GEMINI_API_KEY")


async def test_a_doctor_that_fails_is_an_error_in_words(deck: Deck, connect: Connect) -> None:
    doctor = Doctor([sys.executable, "-c", "raise SystemExit(9)"], {})
    operations = replace(deck.services.operations, doctor=doctor)
    async with connect(replace(deck.services, operations=operations)) as client:
        answer = await client.get("/api/diagnosis")
    assert answer.status_code == 500
    assert "run `rolldeck doctor`" in answer.json()["detail"]


async def test_the_doctor_says_when_he_looked(deck: Deck, connect: Connect, tmp_path: Path) -> None:
    operations = operations_of(Settings(data_dir=tmp_path), nobody_is_told)
    async with connect(replace(deck.services, operations=operations)) as client:
        found = (await client.get("/api/diagnosis")).json()
    assert {"Python", "database"} <= {each["name"] for each in found["findings"]}
    assert found["at"].endswith("Z")
