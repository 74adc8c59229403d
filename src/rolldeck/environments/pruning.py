"""What is kept of templates that no recipe names any more, and removing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Superfluous:
    """Something that a runtime keeps for a template of before: ``what`` names it, for people and for ``prune``."""

    runtime: str
    what: str
    size_bytes: int
    in_use: bool
    """Something runs from it now: it is not removed."""


@runtime_checkable
class Prunable(Protocol):
    """What an implementation of ``Environments`` offers beyond the port, if it keeps something."""

    async def superfluous(self) -> Sequence[Superfluous]:
        """Return all that no recipe of now needs. Raises ``EnvironmentFailure``."""

    async def prune(self, what: Sequence[Superfluous]) -> Sequence[Superfluous]:
        """Remove it, except what is in use by then; return what was removed. Raises ``EnvironmentFailure``."""
