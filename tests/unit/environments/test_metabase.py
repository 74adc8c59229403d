"""What the Metabase recipe says, for each kind of data that people have."""

from pathlib import Path

import pytest

from rolldeck.environments.composition import Composition, EmptyDatabase, Seed, SqlDump, Tables
from rolldeck.environments.fingerprint import fingerprint
from rolldeck.environments.placeholders import problems_of
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import Account, MetabaseSource, metabase
from rolldeck.environments.recipes.metabase.startup import meaning_of

MINE = Account("me@home.example", "hunter2")


def composition(source: MetabaseSource) -> Composition:
    found = metabase(source).composition
    assert found is not None
    return found


def seeds(source: MetabaseSource) -> tuple[Seed, ...]:
    return composition(source).services[0].seeds


def test_tables_that_are_made_are_shown_over_an_application_database_of_its_own() -> None:
    assert seeds(MetabaseSource(shop)) == (EmptyDatabase("metabase", "metabase"), Tables(shop, "data", "postgres"))


def test_a_dump_of_the_data_is_shown_over_an_application_database_of_its_own() -> None:
    dump = SqlDump(Path("sales.sql"), "data", "postgres")
    assert seeds(MetabaseSource(Path("sales.sql"))) == (EmptyDatabase("metabase", "metabase"), dump)


def test_a_dump_of_an_application_database_may_come_with_data_or_without() -> None:
    application = SqlDump(Path("app.dump"), "metabase", "metabase")
    alone = MetabaseSource(None, application=Path("app.dump"), account=MINE)
    assert seeds(alone) == (application,)
    assert set(composition(alone).databases) == {"metabase"}
    both = MetabaseSource(Path("sales.sql"), application=Path("app.dump"), account=MINE)
    assert seeds(both) == (application, SqlDump(Path("sales.sql"), "data", "postgres"))
    assert set(composition(both).databases) == {"metabase", "data"}


def test_state_checks_read_the_data_as_a_role_that_cannot_write_it() -> None:
    databases = composition(MetabaseSource(shop)).databases
    assert {name: source.role for name, source in databases.items()} == {"metabase": "metabase", "data": "reader"}


@pytest.mark.parametrize("login", ["session", "credentials"])
def test_every_placeholder_of_the_recipe_means_something(login: str) -> None:
    found = composition(MetabaseSource(shop, login=login))
    ports = {service.name for service in found.services}
    for service in found.services:
        for text in service.environment.values():
            assert list(problems_of(text, ports=ports, of_service=service.name)) == []
    assert list(problems_of(found.instruction or "", ports=ports, of_service=None)) == []


def test_nothing_is_told_to_anybody_outside() -> None:
    environment = composition(MetabaseSource(shop)).services[1].environment
    assert environment["MB_ANON_TRACKING_ENABLED"] == environment["MB_CHECK_FOR_UPDATES"] == "false"


def test_images_can_be_other_ones_and_make_another_template() -> None:
    other = MetabaseSource(shop, metabase_image="registry.example/metabase:v1", postgres_image="postgres:17")
    origins = [service.origin for service in composition(other).services]
    assert [origin.reference for origin in origins] == ["postgres:17", "registry.example/metabase:v1"]
    assert fingerprint(composition(other)) != fingerprint(composition(MetabaseSource(shop)))


def test_a_password_of_a_user_is_not_shown() -> None:
    assert "hunter2" not in repr(MetabaseSource(None, application=Path("app.dump"), account=MINE))


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ('{"status":"initializing","progress":0.0}', "its Java machine has just started (0% of its start)"),
        ('{"status":"initializing","progress":0.3}', "waits for its application database, or migrates that (30%"),
        ('{"status":"initializing","progress":0.8}', "prepares its notifications (80%"),
        ('{"status":"initializing","progress":0.87}', "looks through its settings (87%"),
        ('{"status":"initializing","progress":-1}', "its Java machine has just started"),
        ('{"status":"Unable to get app-db connection"}', "does not reach its application database"),
    ],
)
def test_an_answer_of_the_health_check_is_put_in_words(body: str, meaning: str) -> None:
    assert meaning in (meaning_of(body) or "")


@pytest.mark.parametrize("body", ["", "busy", "[]", '{"status":"initializing"}', '{"status":"ok"}', "\ud800"])
def test_an_answer_that_says_nothing_known_is_left_as_it_is(body: str) -> None:
    assert meaning_of(body) is None
