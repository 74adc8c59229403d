"""What everything of Rolldeck's in an engine is called, and what it is marked with from the moment that it exists."""

import platform
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rolldeck.environments.composition import Service

INSTALLATION = "rolldeck.installation"
HOST = "rolldeck.host"
SESSION = "rolldeck.session"
ENVIRONMENT = "rolldeck.environment"
ROLLOUT = "rolldeck.rollout"
SERVICE = "rolldeck.service"
RECIPE = "rolldeck.recipe"
TEMPLATE = "rolldeck.template"

_LONGEST_ID = 64


@dataclass(frozen=True)
class Owner:
    """Whose something is: an installation's session, which is a directory with a lock on this host."""

    installation: str
    session: Path
    host: str = platform.node()

    def labels(self) -> dict[str, str]:
        """Return them."""
        return {INSTALLATION: self.installation, HOST: self.host, SESSION: str(self.session)}


@dataclass(frozen=True)
class Mark:
    """What all parts of one environment carry. ``environment`` is unique; a rollout may have several after each other."""

    owner: Owner
    rollout_id: str
    environment: str

    @classmethod
    def new(cls, owner: Owner, rollout_id: str) -> "Mark":
        """Return that of a new environment."""
        return cls(owner, rollout_id, secrets.token_hex(6))

    def labels(self, service: str | None = None) -> Mapping[str, str]:
        """Return the labels of a network, or of a service's container."""
        labels = self.owner.labels() | {ENVIRONMENT: self.environment, ROLLOUT: self.rollout_id}
        return labels if service is None else labels | {SERVICE: service}

    def name_of(self, part: str) -> str:
        """Return the name of a part: ``rollout-pg-{rollout id}``."""
        plain = re.sub(r"[^a-zA-Z0-9_.-]", "-", self.rollout_id)[:_LONGEST_ID]
        return f"rollout-{part}-{plain}"

    def other_name_of(self, part: str) -> str:
        """Return another one, for where something else has that name: an earlier attempt's, or one made ready ahead."""
        return f"{self.name_of(part)}-{self.environment}"


def short_name(service: Service) -> str:
    """Return how a service is called in names of containers."""
    return service.short_name or re.sub(r"[^a-zA-Z0-9_.-]", "-", service.name)
