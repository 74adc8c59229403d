"""The tests' own ``dockerd``: starting it, asking it, stopping it."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil

from docker_engine.images import import_base
from rolldeck.settings import Settings

_START_SECONDS = 60
_STOP_SECONDS = 30
_IMAGES = Path(__file__).parent / "images"


def missing() -> str | None:
    """Say what an engine of the tests' own needs and this machine does not have; None where nothing is missing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "an engine of the tests' own needs Linux and root"
    lacking = [name for name in ("dockerd", "docker", "debootstrap", "setpriv") if shutil.which(name) is None]
    return f"there is no {', '.join(lacking)}: run scripts/install-docker" if lacking else None


class DockerEngine:
    """A running engine. ``stop`` and ``start`` are for tests of what happens when it goes away."""

    def __init__(self, data: Path, run: Path) -> None:
        """``data`` keeps its images, ``run`` is for what runs."""
        self._data = data
        self._run = run
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{run}/docker.sock"
        self.base = self.postgres = ""

    def start(self) -> None:
        """Start it and wait until it answers. It ends with this process, however that ends."""
        with (self._run / "log").open("ab") as log:
            self._process = subprocess.Popen(["setpriv", "--pdeathsig=TERM", *self._command()], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run(["docker", "-H", self.url, "version"], capture_output=True, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dockerd did not start: {(self._run / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it, as a machine that is shut down does. Idempotent."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it at once with SIGKILL, its ``containerd`` too; containers go on, as they do on any machine. Idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._kill_containerd()

    def docker(self, *arguments: str, check: bool = True) -> str:
        """Run the command line and return what it printed."""
        command = ["docker", "-H", self.url, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout.strip()

    def build(self, directory: Path) -> str:
        """Build an image from a directory and return its name, which follows from the content."""
        digest = hashlib.sha256(self.base.encode())
        for file in sorted(path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            digest.update(f"{file.relative_to(directory)} {file.stat().st_mode & 0o111}".encode() + file.read_bytes())
        name = f"rolldeck-test/{directory.name}:{digest.hexdigest()[:12]}"
        if not self.docker("images", "-q", name):
            self.docker("build", "-q", "--network=none", "-t", name, str(directory))
        return name

    def make_ready(self, cache: Path) -> None:
        """Remove what an earlier run left in it but images, and see to it that the base images are there."""
        if containers := self.docker("ps", "-aq").split():
            self.docker("rm", "-fv", *containers)
        self.docker("network", "prune", "-f")
        self.docker("volume", "prune", "-f")
        self.base = import_base(self, cache)
        self.docker("tag", self.base, "rolldeck-test/base:latest")
        self.postgres = self.build(_IMAGES / "postgres")

    def _command(self) -> list[str]:
        untouched = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none")
        places = {"data-root": self._data, "exec-root": self._run / "exec", "pidfile": self._run / "pid"}
        return [
            *("dockerd", "--host", self.url, "--log-level=warn", "--shutdown-timeout=5", *untouched),
            *(f"--{name}={path}" for name, path in places.items()),
        ]

    def _kill_containerd(self) -> None:
        pid_file = self._run / "exec" / "containerd" / "containerd.pid"
        if pid_file.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid_file.read_text()), signal.SIGKILL)
            # Where nobody takes note of its end, as in a container without an init, it seems to be there still.
            pid_file.unlink()


@contextmanager
def running_engine() -> Iterator[DockerEngine]:
    """Run an engine whose images are kept for the next time; two at once each have their own."""
    cache = Settings().cache_dir / "tests"
    cache.mkdir(parents=True, exist_ok=True)
    with _free_place(cache) as data, tempfile.TemporaryDirectory(prefix="rolldeck-docker-") as run:
        engine = DockerEngine(data, Path(run))
        engine.start()
        try:
            engine.make_ready(cache)
            yield engine
            if containers := engine.docker("ps", "-aq").split():
                engine.docker("rm", "-fv", *containers)
        finally:
            engine.stop()
            _end_what_names(run)


def _end_what_names(directory: str) -> None:
    """End what an engine that was killed could not end: the processes beside its containers, which name its directory."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(f"{directory}/" in argument for argument in process.cmdline()):
                process.kill()


@contextmanager
def _free_place(cache: Path) -> Iterator[Path]:
    """Hold the first directory of engines that no other test run uses."""
    for number in count():
        place = cache / f"engine-{number}"
        place.mkdir(exist_ok=True)
        with (cache / f"engine-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield place
            return
