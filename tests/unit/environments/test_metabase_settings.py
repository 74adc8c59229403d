"""What Metabase is made of, as the settings say, and what becomes of it where they are wrong."""

from pathlib import Path

from pydantic import SecretStr

from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import Account, MetabaseSource
from rolldeck.settings import Settings
from rolldeck.wiring import known_recipes_of, metabase_source_of


def names(settings: Settings) -> list[str]:
    return [recipe.name for recipe in known_recipes_of(settings).own]


def test_without_a_dump_metabase_is_there_over_the_shop() -> None:
    assert metabase_source_of(Settings()) == MetabaseSource(shop)
    assert names(Settings()) == ["superset", "metabase"]


def test_a_dump_takes_the_shops_place(tmp_path: Path) -> None:
    dump = tmp_path / "sales.sql"
    dump.touch()
    settings = Settings(sql_dump_path=dump)
    assert metabase_source_of(settings) == MetabaseSource(dump)
    assert "metabase" in names(settings)


def test_an_application_database_comes_with_one_of_its_users_and_no_data_but_the_users_own(tmp_path: Path) -> None:
    settings = Settings(
        metabase_application_database=tmp_path / "app.dump",
        metabase_email="me@home.example",
        metabase_password=SecretStr("hunter2"),
    )
    account = Account("me@home.example", "hunter2")
    assert metabase_source_of(settings) == MetabaseSource(None, tmp_path / "app.dump", account)
    with_data = settings.model_copy(update={"sql_dump_path": tmp_path / "sales.sql"})
    assert metabase_source_of(with_data).data == tmp_path / "sales.sql"


def test_a_dump_that_is_not_there_takes_metabase_away_and_nothing_else(tmp_path: Path) -> None:
    known = known_recipes_of(Settings(sql_dump_path=tmp_path / "lost.sql"))
    assert [recipe.name for recipe in known.own] == ["superset"]
    [broken] = known.broken
    assert str(tmp_path / "lost.sql") in str(broken.error)
    assert broken.remedy == "see SQL_DUMP_PATH"


def test_without_docker_there_is_no_metabase() -> None:
    assert names(Settings(runtime="process")) == ["superset"]
