"""The settings and their documentation."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from rolldeck.settings import Settings

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_documentation_lists_exactly_the_settings_that_exist() -> None:
    documented = re.findall(r"^\| `ROLLDECK_(\w+)`", DOCUMENTATION.read_text(), flags=re.MULTILINE)
    assert sorted(documented) == sorted(name.upper() for name in Settings.model_fields)


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROLLDECK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROLLDECK_PORT", "0")
    settings = Settings()
    assert settings.data_dir == tmp_path
    assert settings.port == 0


def test_paths_are_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLDECK_DATA_DIR", "here")
    assert Settings().data_dir == tmp_path / "here"


def test_a_setting_out_of_its_range_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_PARALLEL", "0")
    with pytest.raises(ValidationError, match="parallel"):
        Settings()
