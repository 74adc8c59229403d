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

# systemd leaves these ranges to nobody (https://systemd.io/UIDS-GIDS/), and `useradd` gives neither away. User
# namespaces usually map the first one; the second one is taken from when the first is full.
_ENVIRONMENT_UIDS = (range(60706, 61184), range(65536, 67584))
_UID_MAP = Path("/proc/self/uid_map")
_SERVICE_USERS = ("nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """A user and a group by number."""

    uid: int
    gid: int

    def give(self, *paths: Path) -> None:
        """Make the paths, and everything in them, this user's; of links the links themselves, never what they lead to."""
        for path in paths:
            os.lchown(path, self.uid, self.gid)
            for root, directories, files in os.walk(path):
                for name in (*directories, *files):
                    os.lchown(Path(root, name), self.uid, self.gid)

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
    for uid in _candidates():
        with (locks / str(uid)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield Account(uid, uid)
            return
    raise EnvironmentFailure("all user ids for environments are taken: close some")


def _candidates() -> Iterator[int]:
    """Give the user ids of the first range in any order, then those of the second, as far as they exist here."""
    for uids in _ENVIRONMENT_UIDS:
        if _are_mapped(uids):
            yield from random.sample(uids, len(uids))


def _are_mapped(uids: range) -> bool:
    """Return whether this process's user namespace has these ids; a system without such namespaces has all."""
    if not _UID_MAP.exists():
        return True
    maps = [[int(number) for number in line.split()] for line in _UID_MAP.read_text().splitlines()]
    return any(first <= uids.start and uids.stop <= first + length for first, _, length in maps)
