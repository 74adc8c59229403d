"""``${...}`` in a recipe's texts: what is known only when an environment is made.

- ``${directory}``: the service's own directory, where relative targets of seeds and relative state paths are;
- ``${host}`` and ``${port}``: the address that the service has to listen on;
- ``${secret.NAME}``: a random secret of this environment;
- ``${service.NAME.host}`` and ``${service.NAME.port}``: where another service is reached from inside.

``$${`` stands for ``${`` itself; a ``$`` before anything else is left alone.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

DIRECTORY_IN_CONTAINER = "/rolldeck"
"""What ``${directory}`` is in a container; the process runtime makes a directory for each environment."""

_PLACEHOLDER = re.compile(r"\$(\$\{|\{([^{}]*)\})")
_SECRET = re.compile(r"secret\.([A-Za-z][A-Za-z0-9_-]{0,62})")
NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"
"""What ``secret.NAME`` may be called."""
_ADDRESS = re.compile(r"service\.([A-Za-z0-9_-]+)\.(host|port)")


class Inside(Protocol):
    """What is known of an environment from inside; see ``composition.Reach``, which has it, too."""

    def secret(self, name: str) -> str:
        """Return this environment's secret of that name."""

    def address_inside(self, service: str) -> tuple[str, int]:
        """Return host and port by which services reach this one."""


@dataclass(frozen=True)
class Place:
    """Where one service runs: what ``${directory}``, ``${host}`` and ``${port}`` are in its texts."""

    directory: str
    port: int | None
    host: str = "0.0.0.0"  # noqa: S104 - in a container, whose network is its own


def fill(text: str, inside: Inside, place: Place | None = None) -> str:
    """Return the text with everything in its place; without ``place`` it belongs to no service (a login).

    The text must have no ``problems_of``: raises ``ValueError`` otherwise.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] == "${":
            return "${"
        return _value(found[2], inside, place)

    return _PLACEHOLDER.sub(value, text)


def problems_of(text: str, *, ports: Collection[str], of_service: str | None) -> Iterator[str]:
    """Say what is wrong with a text's placeholders.

    ``ports`` are the names of all services that have a port; ``of_service`` is whose text it is, None for a login's.
    """
    for found in _PLACEHOLDER.finditer(text):
        name = found[2]
        if name is None or _SECRET.fullmatch(name):
            continue
        if address := _ADDRESS.fullmatch(name):
            if address[1] not in ports:
                yield f"${{{name}}}: there is no service {address[1]!r} with a port"
        elif name in {"directory", "host", "port"}:
            if of_service is None:
                yield f"${{{name}}} means something in a service's texts only"
            elif name == "port" and of_service not in ports:
                yield f"${{port}}: the service {of_service!r} has no port"
        else:
            known = "${directory}, ${host}, ${port}, ${secret.NAME}, ${service.NAME.host}, ${service.NAME.port}"
            yield f"${{{name}}} is none of {known}; a plain ${{ is written $${{"


def secrets_in(text: str) -> set[str]:
    """Return the names of the secrets that a text has a placeholder for."""
    named = (_SECRET.fullmatch(found[2]) for found in _PLACEHOLDER.finditer(text) if found[2] is not None)
    return {secret[1] for secret in named if secret is not None}


def _value(name: str, inside: Inside, place: Place | None) -> str:
    if secret := _SECRET.fullmatch(name):
        return inside.secret(secret[1])
    if address := _ADDRESS.fullmatch(name):
        host, port = inside.address_inside(address[1])
        return host if address[2] == "host" else str(port)
    if place is not None and name == "directory":
        return place.directory
    if place is not None and name == "host":
        return place.host
    if place is not None and name == "port" and place.port is not None:
        return str(place.port)
    raise ValueError(f"${{{name}}} cannot be filled in")
