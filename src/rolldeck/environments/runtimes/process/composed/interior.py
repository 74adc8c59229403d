"""What is known of one environment's services before they start: their ports, their addresses, their secrets."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rolldeck.environments.composition import Composition, Service
from rolldeck.environments.placeholders import Place, fill
from rolldeck.environments.runtimes.process.composed.ports import HOST, ReservedPort


class Interior:
    """One environment's (or, while it is built, the template's own): a ``composition.Reach``.

    ``directory`` has a directory for each service, whose shared files are in ``template``. ``mark`` is a directory of the
    session: what is started carries it.
    """

    def __init__(
        self, composition: Composition, directory: Path, template: Path, mark: Path, ports: dict[str, ReservedPort]
    ) -> None:
        self.composition = composition
        self.directory = directory
        self.template = template
        self.mark = mark
        self._ports = ports
        self._secrets: dict[str, str] = {}

    @property
    def origin(self) -> str:
        """Where the web service answers."""
        return f"http://{HOST}:{self._ports[self.composition.web].number}"

    def secret(self, name: str) -> str:
        """Return the secret of that name, which is made when it is first asked for."""
        return self._secrets.setdefault(name, secrets.token_hex(16))

    def address_inside(self, service: str) -> tuple[str, int]:
        """Return host and port of a service, the same from inside and outside."""
        return HOST, self._ports[service].number

    def directory_of(self, service: Service) -> Path:
        """Return the service's own directory."""
        return self.directory / service.name

    def port_of(self, service: Service) -> ReservedPort | None:
        """Return the service's port, if it listens."""
        return self._ports.get(service.name)

    def fill(self, text: str, service: Service) -> str:
        """Return one of the service's texts with everything in its place."""
        port = self.port_of(service)
        place = Place(str(self.directory_of(service)), None if port is None else port.number, HOST)
        return fill(text, self, place)

    def without_secrets(self, text: str) -> str:
        """Return a text that may be shown."""
        for secret in self._secrets.values():
            text = text.replace(secret, "…")
        return text


@contextmanager
def interior(composition: Composition, directory: Path, template: Path, mark: Path) -> Iterator[Interior]:
    """Reserve what an environment needs, until the end of the block."""
    ports: dict[str, ReservedPort] = {}
    try:
        for service in composition.services:
            if service.port is not None:
                ports[service.name] = ReservedPort()
        yield Interior(composition, directory, template, mark, ports)
    finally:
        for port in ports.values():
            port.close()
