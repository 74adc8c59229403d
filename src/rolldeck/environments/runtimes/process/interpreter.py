"""The virtual environment that an application gets for itself."""

import functools
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.processes import CommandFailed, run

_NOT_NEEDED = shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a", "idlelib", "tkinter")


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine (not one of a virtual environment's): its program and where its library is."""

    executable: Path
    prefix: Path
    version: str


@functools.cache
def find_interpreter(versions: tuple[str, ...]) -> Interpreter | None:
    """Return a Python of one of the versions ("3.11"): our own if it is one, else one on the path or one of uv's."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" in versions:
        own = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        return Interpreter(own, Path(sys.base_prefix), platform.python_version())
    for version in versions:
        for candidate in (shutil.which(f"python{version}"), _ask([_find_uv(), "python", "find", version])):
            description = _ask([candidate, "-I", "-c", _DESCRIBE])
            if description:
                executable, prefix, full_version = description.splitlines()
                return Interpreter(Path(executable).resolve(), Path(prefix), full_version)
    return None


_DESCRIBE = "import sys, platform; print(sys._base_executable, sys.base_prefix, platform.python_version(), sep='\\n')"


def _ask(command: list[str | None]) -> str | None:
    """Return what a program says; None where there is no such program, or it fails."""
    if command[0] is None:
        return None
    answer = subprocess.run([part or "" for part in command], capture_output=True, text=True, timeout=30, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None


def needs_copy(interpreter: Interpreter | None, account: Account | None) -> bool:
    """Return whether environments' users cannot run a Python where it is: in root's home, for example."""
    return interpreter is not None and account is not None and not account.can_enter(interpreter.executable)


def copy_interpreter(interpreter: Interpreter, target: Path) -> None:
    """Copy Python itself (the program and its standard library, no packages) to ``target``, an empty directory."""
    library = Path("lib") / f"python{'.'.join(interpreter.version.split('.')[:2])}"
    (target / "bin").mkdir()
    shutil.copy2(interpreter.executable, target / "bin" / interpreter.executable.name)
    shutil.copytree(interpreter.prefix / library, target / library, ignore=_NOT_NEEDED, symlinks=True)
    for shared in (interpreter.prefix / "lib").glob("libpython*"):
        shutil.copy2(shared, target / "lib" / shared.name, follow_symlinks=False)


def python_of(environment: Path) -> Path:
    """Return the Python of a virtual environment."""
    return environment / "bin" / "python"


def variables_for(environment: Path) -> dict[str, str]:
    """Return the variables with which a virtual environment's Python, even a copied one, finds its shared library."""
    return _libraries(python_of(environment).resolve())


async def create_environment(
    environment: Path, executable: Path, requirements: Path, on_fraction: Callable[[float], None]
) -> None:
    """Make a virtual environment in an empty directory and install the locked requirements, every hash checked.

    Raises ``CommandFailed``.
    """
    packages = _count_packages(requirements)
    seen: set[str] = set()

    def count(line: str) -> None:
        if named := _PACKAGE_LINE.match(line):
            seen.add(named.group(1).lower().replace("_", "-"))
            on_fraction(min(1.0, len(seen) / packages))

    variables = installer_variables()
    uv = _find_uv()
    if uv is not None:
        await run([executable, "-m", "venv", "--without-pip", environment], variables=_libraries(executable))
        install: list[str | Path] = [
            uv,
            "pip",
            "install",
            "--python",
            python_of(environment),
            "--require-hashes",
            "-r",
            requirements,
        ]
        try:
            await run(install, on_line=count, variables={**variables, **variables_for(environment)})
            return
        except CommandFailed:
            # uv does not read pip's configuration. Where an index or a mirror is configured for pip only, pip it is;
            # whatever else failed will fail again, and be reported.
            seen.clear()
    await run([executable, "-m", "venv", "--clear", environment], variables=_libraries(executable))
    pip: list[str | Path] = [
        python_of(environment),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--progress-bar=off",
        "-r",
        requirements,
    ]
    await run(pip, on_line=count, variables={**variables, **variables_for(environment)})


_PACKAGE_LINE = re.compile(r"\s*(?:Collecting|Downloaded|\+) ([A-Za-z0-9_.-]+?)(?:[=\s\[].*)?$")
_INSTALLER_SETTINGS = re.compile(
    r"(PIP|UV|NPM|NODE|XDG|SSL|REQUESTS|CURL)_\w+|(HTTPS?|NO|ALL)_PROXY|HOME|PATH|TMPDIR|NETRC", re.IGNORECASE
)


def _count_packages(requirements: Path) -> int:
    return len(re.findall(r"^\S+==", requirements.read_text(), re.MULTILINE))


def installer_variables() -> dict[str, str]:
    """Return how this user's installers are set up: indexes, proxies, certificates."""
    return {name: value for name, value in os.environ.items() if _INSTALLER_SETTINGS.fullmatch(name)}


def _find_uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def _libraries(executable: Path) -> dict[str, str]:
    library = executable.parent.parent / "lib"
    return {"LD_LIBRARY_PATH": str(library)} if any(library.glob("libpython*.so*")) else {}
