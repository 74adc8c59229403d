"""Which operating system users environments run as.

Rolldeck as an ordinary user runs everything as that user. As root it runs PostgreSQL as ``nobody`` (``initdb`` refuses
root and wants an entry in the password database) and each environment as a user id of its own that nothing else uses:
one environment can neither read another's files nor look into its processes.
"""

import fcntl
import os
import pwd
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure

# systemd leaves this range to nobody (https://systemd.io/UIDS-GIDS/), and user namespaces usually map it.
_ENVIRONMENT_UIDS = range(60706, 61184)
_SERVICE_USERS = ("nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """A user and a group by number."""

    uid: int
    gid: int

    def give(self, *paths: Path) -> None:
        """Make the paths, and everything in them, this user's."""
        for path in paths:
            os.chown(path, self.uid, self.gid)
            for root, directories, files in os.walk(path):
                for name in (*directories, *files):
                    os.chown(Path(root, name), self.uid, self.gid)

    def can_enter(self, path: Path) -> bool:
        """Return whether a user with no special rights may go through all directories that lead to ``path``."""
        return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def service_account() -> Account | None:
    """Return whom PostgreSQL runs as: None for Rolldeck's own user, who is not root."""
    if os.geteuid() != 0:
        return None
    for name in _SERVICE_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EnvironmentFailure("PostgreSQL refuses to run as root, and this machine has neither a user nobody nor daemon")


@contextmanager
def environment_account(locks: Path) -> Iterator[Account | None]:
    """Hold a user id that no other environment of this machine's Rolldecks holds; None where we are not root.

    ``locks`` is a directory that they share; a lock ends with the process that holds it.
    """
    if os.geteuid() != 0:
        yield None
        return
    locks.mkdir(parents=True, exist_ok=True)
    for uid in random.sample(_ENVIRONMENT_UIDS, len(_ENVIRONMENT_UIDS)):
        with (locks / str(uid)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield Account(uid, uid)
            return
    raise EnvironmentFailure(f"all {len(_ENVIRONMENT_UIDS)} user ids for environments are taken: close some")
