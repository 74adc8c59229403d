"""Where what runs has its files, and how an installation is called in names."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from rolldeck.environments.recipe import hash_of

_ROOM_BYTES = 1 << 30


def default_run_dir() -> Path:
    """Return where sessions live: memory, where there is a file system of it with room, else a temporary directory."""
    memory = Path("/dev/shm")  # noqa: S108
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= _ROOM_BYTES:
        return memory
    # Before the user's own one, whose path on macOS is too long for a Unix socket.
    short = Path("/tmp")  # noqa: S108
    return short if os.access(short, os.W_OK) else Path(tempfile.gettempdir())


def installation_tag(installation_id: str) -> str:
    """Return the installation's id as names can hold it: itself if it is short and plain, else a hash of it."""
    plain = re.fullmatch(r"[a-z0-9]{1,12}", installation_id)
    return installation_id if plain else hash_of(installation_id)[:12]
