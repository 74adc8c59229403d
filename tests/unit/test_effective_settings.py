"""The settings that hold, as people read them."""

from pathlib import Path

import pytest

from rolldeck.effective_settings import GROUPS, EffectiveSetting, Source, effective_settings
from rolldeck.settings import Settings


def setting(name: str, settings: Settings) -> EffectiveSetting:
    [found] = [each for group in effective_settings(settings).values() for each in group if each.name == name]
    return found


def test_every_setting_is_in_one_group() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(Settings.model_fields)


def test_a_setting_says_where_its_value_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ROLLDECK_PARALLEL", "MAX_WORKERS"):
        monkeypatch.delenv(variable, raising=False)
    assert setting("parallel", Settings()).source is Source.DEFAULT
    monkeypatch.setenv("MAX_WORKERS", "5")
    read = setting("parallel", Settings())
    assert (read.value, read.source, read.variable) == ("5", Source.ENVIRONMENT, "MAX_WORKERS")
    assert read.variables == ("ROLLDECK_PARALLEL", "MAX_WORKERS")
    given = setting("parallel", Settings.model_validate({"parallel": 7}))
    assert (given.value, given.source, given.variable) == ("7", Source.OPTION, None)


def test_an_option_that_stands_in_for_a_wrong_variable_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLLDECK_PORT", raising=False)
    settings = Settings.model_validate({"port": 9})
    monkeypatch.setenv("ROLLDECK_WORKERS", "many")
    assert setting("port", settings).source is Source.OPTION


def test_no_secret_is_shown_only_whether_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "xyzzy-key")
    monkeypatch.setenv("ROLLDECK_DATABASE_URL", "postgresql://me:xyzzy@host/db")
    monkeypatch.setenv("ROLLDECK_OPENAI_BASE_URL", "http://me:xyzzy@localhost:1/v1")
    monkeypatch.delenv("ROLLDECK_ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    settings = Settings()
    assert "xyzzy" not in repr(effective_settings(settings))
    assert setting("openai_api_key", settings).is_set
    assert not setting("anthropic_api_key", settings).is_set
    assert setting("openai_base_url", settings).value == "http://…@localhost:1/v1"


def test_values_are_written_as_their_variables_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_RECIPES", "/a:/b")
    assert setting("recipes", Settings()).value == "/a:/b"
    assert setting("show_pointer", Settings()).value == "false"
    assert setting("recipes", Settings.model_construct(recipes=(Path("/c"),))).value == "/c"
