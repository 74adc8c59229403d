"""The settings and their documentation."""

import os
import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from rolldeck.environments.recipes.metabase import METABASE_IMAGE, POSTGRES_IMAGE
from rolldeck.settings import Settings

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_documentation_lists_exactly_the_settings_that_exist() -> None:
    cells = re.findall(r"^\| (`ROLLDECK_.+?) \|", DOCUMENTATION.read_text(), flags=re.MULTILINE)
    documented = [tuple(re.findall(r"`(\w+)`", cell)) for cell in cells]
    assert sorted(documented) == sorted(Settings.variables_of(name) for name in Settings.model_fields)


def test_a_settings_own_variable_comes_before_its_other_names() -> None:
    for name in Settings.model_fields:
        assert Settings.variables_of(name)[0] == f"ROLLDECK_{name.upper()}"


OTHER_NAMES = [(name, other) for name in Settings.model_fields for other in Settings.variables_of(name)[1:]]


@pytest.mark.parametrize(("name", "other"), OTHER_NAMES)
def test_a_setting_is_read_by_its_other_names_unless_its_own_is_set(
    monkeypatch: pytest.MonkeyPatch, name: str, other: str
) -> None:
    for variable in Settings.variables_of(name):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(other, "7")
    assert _text(getattr(Settings(), name)).endswith("7")
    monkeypatch.setenv(Settings.variables_of(name)[0], "8")
    assert _text(getattr(Settings(), name)).endswith("8")
    monkeypatch.setenv(Settings.variables_of(name)[0], "")
    assert _text(getattr(Settings(), name)).endswith("7")


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_an_option_comes_before_every_name_of_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_PARALLEL", "5")
    monkeypatch.setenv("MAX_WORKERS", "6")
    assert Settings.model_validate({"parallel": 7}).parallel == 7


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


def test_recipes_are_paths_separated_as_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLDECK_RECIPES", os.pathsep.join(("wikis", "", "/srv/shop.yaml")))
    assert Settings().recipes == (tmp_path / "wikis", Path("/srv/shop.yaml"))
    monkeypatch.setenv("ROLLDECK_RECIPES", "")
    assert Settings().recipes == ()


def test_a_setting_out_of_its_range_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_PARALLEL", "0")
    with pytest.raises(ValidationError, match="PARALLEL"):
        Settings()


def test_a_database_of_an_unknown_kind_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_DATABASE_URL", "mysql://me:hunter2@host/db")
    with pytest.raises(ValidationError, match="database_url") as refusal:
        Settings()
    assert "hunter2" not in str(refusal.value)


def test_a_databases_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_DATABASE_URL", "postgresql://me:hunter2@host/db")
    assert "hunter2" not in repr(Settings())
    assert "hunter2" not in Settings().model_dump_json()


def test_a_models_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(variable, "hunter2")
    assert "hunter2" not in repr(Settings())
    assert "hunter2" not in Settings().model_dump_json()


def test_a_dump_of_metabase_itself_needs_one_of_its_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_METABASE_APPLICATION_DATABASE", "metabase.dump")
    monkeypatch.setenv("ROLLDECK_METABASE_EMAIL", "me@home.example")
    with pytest.raises(ValidationError, match="ROLLDECK_METABASE_PASSWORD"):
        Settings()
    monkeypatch.setenv("ROLLDECK_METABASE_PASSWORD", "hunter2")
    settings = Settings()
    assert settings.metabase_application_database == Path.cwd() / "metabase.dump"
    assert "hunter2" not in repr(settings)


def test_the_documentation_names_the_images_that_are_pinned() -> None:
    for image in (METABASE_IMAGE, POSTGRES_IMAGE):
        assert f"`{image}`" in DOCUMENTATION.read_text()


def test_a_log_level_that_there_is_not_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_LOG_LEVEL", "loud")
    with pytest.raises(ValidationError, match="log_level"):
        Settings()


@pytest.mark.parametrize("name", ["pool_mb", "min_free_memory_mb"])
def test_more_memory_than_there_is_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("rolldeck.settings.memory_bytes", lambda: 8_000_000_000)
    monkeypatch.setenv(f"ROLLDECK_{name.upper()}", "8000")
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLDECK_DATABASE_URL", "")
    monkeypatch.setenv("ROLLDECK_POOL_IDLE_SECONDS", "")
    settings = Settings()
    assert settings.database_url is None
    assert settings.pool_idle_seconds == 300


@pytest.mark.parametrize(
    ("processors", "gigabytes", "expected"),
    [
        (1, 2, (1, 1, 125)),
        (2, 24, (1, 2, 1024)),
        (8, 4, (1, 7, 250)),
        (16, 64, (4, 4, 1000)),
        (64, 256, (16, 4, 1000)),
        (256, 1000, (16, 8, 1024)),
    ],
)
def test_defaults_follow_from_the_machine(
    monkeypatch: pytest.MonkeyPatch, processors: int, gigabytes: int, expected: tuple[int, int, int]
) -> None:
    monkeypatch.setattr("rolldeck.settings.processors", lambda: processors)
    monkeypatch.setattr("rolldeck.settings.memory_bytes", lambda: gigabytes * 1_000_000_000)
    settings = Settings()
    assert (settings.workers, settings.parallel, settings.pool_mb) == expected


def test_the_machine_is_shared_by_as_many_workers_as_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolldeck.settings.processors", lambda: 8)
    monkeypatch.setattr("rolldeck.settings.memory_bytes", lambda: 32_000_000_000)
    assert Settings(workers=4).parallel == 2
    assert Settings(workers=4).pool_mb == 500
    assert Settings(workers=0).parallel == 8


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = Settings(
        data_dir=tmp_path,
        port=0,
        parallel=3,
        recipes=(tmp_path / "wikis", tmp_path / "shop.yaml"),
        lease_seconds=1.5,
        database_url=SecretStr("postgresql://a:b@c/d"),
        gemini_api_key=SecretStr("not-a-key"),
    )
    for variable, value in given.as_variables().items():
        monkeypatch.setenv(variable, value)
    assert Settings() == given
