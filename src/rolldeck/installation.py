"""A data directory: whose it is, and which process uses it now."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, count
from pathlib import Path
from uuid import uuid4

import psutil
from pydantic import BaseModel, ValidationError

from rolldeck.domain.errors import Conflict, StorageError


class Holder(BaseModel):
    """The process that uses an installation; ``address`` is where it serves, if it does."""

    pid: int
    address: str | None = None


class InstallationInUse(Conflict):
    """Another process uses the data directory. ``holder`` is None where it has not said who it is yet."""

    def __init__(self, data_dir: Path, holder: Holder | None) -> None:
        who = "another process" if holder is None else f"the process {holder.pid}"
        where = f", at {holder.address}" if holder is not None and holder.address else ""
        super().__init__(
            f"{data_dir} is in use by {who}{where}: stop that one, or name another directory with "
            "--data-dir or ROLLDECK_DATA_DIR"
        )
        self.holder = holder


class Installation:
    """A data directory that this process holds. ``id`` is random, made once, and marks all that it starts."""

    def __init__(self, data_dir: Path, lock: int) -> None:
        self.data_dir = data_dir
        self.id = _permanent_id(data_dir / "installation")
        self._lock = lock
        self.announce(None)

    def announce(self, address: str | None) -> None:
        """Tell others who find the directory in use where this process serves."""
        content = Holder(pid=os.getpid(), address=address).model_dump_json().encode()
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, content, 0)


@contextmanager
def hold_installation(data_dir: Path) -> Iterator[Installation]:
    """Hold a data directory, made if need be, which nobody but its owner can read, until the block ends.

    The hold ends with the process, however that dies. Raises ``InstallationInUse``, and ``StorageError`` where the
    directory cannot be written.
    """
    lock = _open_lock(data_dir)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = _read_holder(lock)
        os.close(lock)
        raise InstallationInUse(data_dir, holder) from error
    try:
        yield Installation(data_dir, lock)
    finally:
        os.close(lock)


def join_installation(data_dir: Path) -> str:
    """Return the id of a data directory, made if need be, that others may use, too. Raises ``StorageError``."""
    os.close(_open_lock(data_dir))
    return _permanent_id(data_dir / "installation")


def holder_of(data_dir: Path) -> Holder | None:
    """Return which process holds a data directory; None where none does, or it has not said who it is yet."""
    try:
        lock = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        holder = _read_holder(lock)
    finally:
        os.close(lock)
    return holder if holder is not None and psutil.pid_exists(holder.pid) else None


@contextmanager
def hold_free_installation(data_dir: Path) -> Iterator[Installation]:
    """Hold a data directory or, while another process uses it, the first free one of those beside it.

    Those stay, so that what a process that was killed left is found by the next one.
    """
    with ExitStack() as stack:
        candidates = chain([data_dir], (data_dir / "runs" / str(number) for number in count(1)))
        for candidate in candidates:
            try:
                installation = stack.enter_context(hold_installation(candidate))
            except InstallationInUse:
                continue
            yield installation
            return


def _open_lock(data_dir: Path) -> int:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir.chmod(0o700)
        return os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"the data directory {data_dir} cannot be used: {error.strerror}") from error


def _read_holder(lock: int) -> Holder | None:
    try:
        return Holder.model_validate(json.loads(os.pread(lock, 4096, 0)))
    except (ValueError, ValidationError):
        return None


def _permanent_id(path: Path) -> str:
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(uuid4().hex)
        partial.rename(path)
    return path.read_text()


def claim_artifacts(directory: Path, installation_id: str, *, may_be_new: bool) -> None:
    """See to it that a directory of artifacts, made if need be, is this installation's, whichever machine it is reached from.

    Raises ``StorageError`` where it is another's, and without ``may_be_new`` where it is nobody's yet.
    """
    mark = directory / ".installation"
    try:
        if not mark.exists() and may_be_new:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = mark.with_suffix(f".{os.getpid()}")
            partial.write_text(installation_id)
            partial.rename(mark)
        owner = mark.read_text() if mark.exists() else None
    except OSError as error:
        raise StorageError(f"the directory of artifacts {directory} cannot be used: {error.strerror}") from error
    if owner != installation_id:
        whose = "is not the one of this database's server" if owner is None else "belongs to another installation"
        raise StorageError(
            f"the directory of artifacts {directory} {whose}: name the server's, on a shared file system, with "
            "ROLLDECK_ARTIFACTS_DIR (the server makes it when it starts)"
        )
