"""The base image: a Debian with PostgreSQL and Python, put together once on a machine from Debian's packages."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Protocol

_SUITE = "bookworm"
# The double of Metabase is written with the last three.
_PACKAGES = ("postgresql-15", "python3", "python3-asyncpg", "python3-starlette", "python3-uvicorn")
# What takes room and nothing here needs: indexes, documentation, and the compiler that PostgreSQL can do without.
_SUPERFLUOUS = (
    *("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"),
    *("usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", "usr/lib/llvm-14", "usr/lib/postgresql/15/lib/bitcode"),
)


class Engine(Protocol):
    """What is needed of the engine."""

    url: str

    def docker(self, *arguments: str) -> str:
        """Run the command line."""


def import_base(engine: Engine, cache: Path) -> str:
    """Return the name of the base image, imported if need be; the root file system is made once for all engines."""
    name = f"rolldeck-test/base:{_key()}"
    if not engine.docker("images", "-q", name):
        archive = _archive(cache)
        with archive.open("rb") as content:
            command = ["docker", "-H", engine.url, "import", "-", name]
            subprocess.run(command, stdin=content, stdout=subprocess.DEVNULL, check=True, timeout=300)
    return name


def _key() -> str:
    return hashlib.sha256(" ".join((_SUITE, *_PACKAGES, *_SUPERFLUOUS)).encode()).hexdigest()[:12]


def _archive(cache: Path) -> Path:
    """Return the root file system as a tar archive, made if it is not there yet."""
    archive = cache / f"base-{_key()}.tar"
    with (cache / "base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            with tempfile.TemporaryDirectory(prefix="rolldeck-base-", dir=cache) as directory:
                _bootstrap(Path(directory, "root"))
                partial = archive.with_suffix(".partial")
                subprocess.run(["tar", "-C", Path(directory, "root"), "-cf", partial, "."], check=True)
                partial.rename(archive)
    return archive


def _bootstrap(root: Path) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}", _SUITE, root]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"debootstrap failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    for path in _SUPERFLUOUS:
        target = root / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
