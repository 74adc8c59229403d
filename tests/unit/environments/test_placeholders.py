"""What ``${...}`` in a recipe's texts becomes, and what is refused."""

import pytest

from rolldeck.environments.placeholders import Place, fill, problems_of, secrets_in


class Known:
    """Stands for one environment."""

    def secret(self, name: str) -> str:
        return f"secret-of-{name}"

    def address_inside(self, service: str) -> tuple[str, int]:
        return f"{service}.inside", 5432


PLACE = Place("/srv/one", 8080)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("--listen port=${port} --data ${directory}/wiki", "--listen port=8080 --data /srv/one/wiki"),
        (
            "postgres://app:${secret.app}@${service.db.host}:${service.db.port}",
            "postgres://app:secret-of-app@db.inside:5432",
        ),
        ("$HOME costs $5 and $${port} stays ${port}", "$HOME costs $5 and ${port} stays 8080"),
        ("nothing", "nothing"),
    ],
)
def test_texts_are_filled_in(text: str, filled: str) -> None:
    assert list(problems_of(text, ports={"web", "db"}, of_service="web")) == []
    assert fill(text, Known(), PLACE) == filled


def test_what_is_filled_in_is_not_looked_at_again() -> None:
    class Nested(Known):
        def secret(self, name: str) -> str:
            return "${port}"

    assert fill("${secret.x}", Nested(), PLACE) == "${port}"


@pytest.mark.parametrize(
    ("text", "of_service", "problem"),
    [
        ("${Port}", "web", "none of"),
        ("${}", "web", "none of"),
        ("${secret.}", "web", "none of"),
        ("${secret.a/b}", "web", "none of"),
        ("${service.mail.host}", "web", "no service 'mail'"),
        ("${service.db.url}", "web", "none of"),
        ("${port}", "silent", "has no port"),
        ("${port}", None, "in a service's texts only"),
        ("${directory}", None, "in a service's texts only"),
    ],
)
def test_what_means_nothing_is_a_problem_that_names_it(text: str, of_service: str | None, problem: str) -> None:
    [found] = problems_of(text, ports={"web", "db"}, of_service=of_service)
    assert text in found
    assert problem in found


def test_a_text_that_was_not_checked_is_not_filled_in_halfway() -> None:
    with pytest.raises(ValueError, match=r"\$\{nothing\}"):
        fill("${nothing}", Known(), PLACE)


def test_the_secrets_of_a_text_are_known() -> None:
    assert secrets_in("${secret.a}:${secret.b}@${service.db.host} $${secret.c}") == {"a", "b"}
