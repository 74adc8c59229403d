"""The files of services: from a recipe's seeds into a template, and from a template into an environment."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from rolldeck.environments.composition import SeedFile, Service

_WRITABLE = 0o222
_Parts = tuple[str, ...]


def seed(service: Service, directory: Path) -> None:
    """Copy a service's seeds into its directory in a template; one that comes later adds to those before."""
    for one in service.seeds:
        if not isinstance(one, SeedFile):
            continue
        target = directory / one.target
        target.parent.mkdir(parents=True, exist_ok=True)
        if one.source.is_dir():
            shutil.copytree(one.source, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(one.source, target)


def lay_out(service: Service, template: Path, directory: Path) -> None:
    """Fill an environment's directory of a service: copies of its state, and links to all else in the template."""
    if service.state:
        _place(template, directory, [PurePosixPath(path).parts for path in service.state])
    else:
        shutil.copytree(template, directory, symlinks=True, dirs_exist_ok=True)


def protect(service: Service, template: Path) -> None:
    """Make files that environments share read-only: they may run as the user whose the template is."""
    state = [PurePosixPath(path).parts for path in service.state]
    for file in _files(template) if state else ():
        parts = file.relative_to(template).parts
        if not any(parts[: len(one)] == one for one in state):
            file.chmod(file.stat().st_mode & ~_WRITABLE)


def _place(source: Path, target: Path, state: Sequence[_Parts]) -> None:
    for entry in source.iterdir():
        inner = [parts[1:] for parts in state if parts[0] == entry.name]
        if () in inner:
            _copy(entry, target / entry.name)
        elif inner and entry.is_dir() and not entry.is_symlink():
            (target / entry.name).mkdir()
            _place(entry, target / entry.name, inner)
        else:
            (target / entry.name).symlink_to(entry)
    for parts in state:  # what is not there yet can be made in a directory of the environment's own
        if not (target / parts[0]).exists():
            target.joinpath(*parts[:-1]).mkdir(parents=True, exist_ok=True)


def _copy(entry: Path, target: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.copytree(entry, target, symlinks=True)
    else:
        shutil.copy2(entry, target, follow_symlinks=False)


def _files(directory: Path) -> Iterator[Path]:
    for root, _, names in os.walk(directory):
        yield from (file for name in names if not (file := Path(root, name)).is_symlink())
