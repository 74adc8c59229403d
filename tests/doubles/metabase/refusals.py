"""How Metabase refuses a request, and the check that lets no unknown field pass."""

from collections.abc import Collection, Mapping
from typing import Any


class Refused(Exception):
    """A request is answered with this status and body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


UNAUTHENTICATED = (401, "Unauthenticated")
FORBIDDEN = (403, "You don't have permissions to do that.")
NOT_FOUND = (404, "Not found.")


def wrong(**fields: str) -> Refused:
    """Metabase's answer to fields that it does not accept."""
    return Refused(400, {"errors": fields})


def expect(
    body: object, required: Mapping[str, type], optional: Mapping[str, type] | Collection[str] = ()
) -> dict[str, Any]:
    """Return the body if it has all that is required, nothing unknown, and each of its type."""
    if not isinstance(body, dict):
        raise wrong(_error="value must be a map.")
    known = {**required, **(optional if isinstance(optional, Mapping) else dict.fromkeys(optional, object))}
    problems = {name: "missing required key" for name in required if name not in body}
    problems |= {name: "disallowed key" for name in body if name not in known}
    problems |= {
        name: f"value must be a {known[name].__name__}."
        for name, value in body.items()
        if name in known and not isinstance(value, known[name]) and (name in required or value is not None)
    }
    problems |= {name: "value must be a non-blank string." for name in required if body.get(name) == ""}
    if problems:
        raise wrong(**problems)
    return body


def valid_email(field: str, value: str) -> None:
    """Refuse what is no address."""
    name, at, domain = value.partition("@")
    if not (name and at and "." in domain):
        raise wrong(**{field: "value must be a valid email address."})


def valid_password(value: str) -> None:
    """Refuse what Metabase's default rules refuse: six characters, a digit among them, nothing common."""
    if len(value) < 6 or not any(character.isdigit() for character in value) or value in {"password1", "abc123"}:
        reason = "password is too common."
        errors = {"password": reason}
        raise Refused(400, {"errors": errors, "specific-errors": {"password": [f'{reason}, received: "{value}"']}})
