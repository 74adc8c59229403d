"""A session of the Docker runtime: what one Rolldeck process owns in an engine, and how others see that it lives."""

import os
import secrets
import shutil
from pathlib import Path

from rolldeck.environments.runtimes.docker.labels import Owner
from rolldeck.owned_directory import is_abandoned, make_owned


class DockerSession:
    """A directory with a lock, named in the labels of all that is the session's, and the environments that live."""

    def __init__(self, run_dir: Path, tag: str) -> None:
        """Make the directory. Raises ``OSError``."""
        run_dir.mkdir(parents=True, exist_ok=True)
        directory = run_dir / f"{_prefix(tag)}{os.getpid()}-{secrets.token_hex(3)}"
        self._lock = make_owned(directory, mode=0o700)
        self.owner = Owner(tag, directory)
        self._owned: set[str] = set()

    @property
    def owned(self) -> frozenset[str]:
        """The environments that live now."""
        return frozenset(self._owned)

    def own(self, environment: str) -> None:
        """Say that an environment lives, before anything of it is made."""
        self._owned.add(environment)

    def disown(self, environment: str) -> None:
        """Say that it has been given up: what is left of it is the reaper's. Idempotent."""
        self._owned.discard(environment)

    def close(self) -> None:
        """Remove the directory: from then on all that is left of the session is anybody's to remove. Idempotent."""
        if self._lock >= 0:
            shutil.rmtree(self.owner.session, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def remove_dead_sessions(run_dir: Path, tag: str) -> None:
    """Remove the directories of sessions whose process is gone; what they left in the engine is known without them."""
    for directory in run_dir.glob(f"{_prefix(tag)}*"):
        if is_abandoned(directory):
            shutil.rmtree(directory, ignore_errors=True)


def _prefix(tag: str) -> str:
    return f"rolldeck-docker-{tag}-"
