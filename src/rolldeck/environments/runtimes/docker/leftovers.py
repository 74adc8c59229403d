"""Finding and removing what environments left in the engine, by what it is marked with."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rolldeck.environments.runtimes.docker import labels
from rolldeck.environments.runtimes.docker.container import Container
from rolldeck.environments.runtimes.docker.engine import Engine
from rolldeck.environments.runtimes.docker.network import remove_network
from rolldeck.owned_directory import is_abandoned


@dataclass
class Remains:
    """What carries the same marks: containers and networks, by id."""

    containers: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)


async def remove_environment(engine: Engine, mark: labels.Mark) -> None:
    """Remove everything that carries the mark. Idempotent. Raises ``EnvironmentFailure``."""
    found = await _find(engine, {labels.ENVIRONMENT: mark.environment, labels.INSTALLATION: mark.owner.installation})
    for remains in found.values():
        await _remove(engine, remains)


async def reap(engine: Engine, owner: labels.Owner, owned: Collection[str]) -> int:
    """Remove what dead sessions of this installation on this host left, and what this session owns no longer.

    ``owned`` are the environments that live; it must have been read before the call. Returns how many environments
    (and networks that sessions' relays were in) were removed. Raises ``EnvironmentFailure``.
    """
    found = await _find(engine, {labels.INSTALLATION: owner.installation, labels.HOST: owner.host})
    sessions = {session for session, _ in found}
    dead = {session for session in sessions if await asyncio.to_thread(is_abandoned, Path(session))}
    own = str(owner.session)
    left = {
        key: remains
        for key, remains in found.items()
        if key[0] in dead or (key[0] == own and key[1] and key[1] not in owned)
    }
    for _, remains in sorted(left.items(), key=lambda item: not item[0][1]):  # a front network after its relays
        await _remove(engine, remains)
    return len(left)


async def _find(engine: Engine, marks: Mapping[str, str]) -> dict[tuple[str, str], Remains]:
    """Return all that carries these marks, by session and environment (empty: it belongs to the session itself)."""
    filters = {"label": [f"{name}={value}" for name, value in marks.items()]}
    async with engine.asking("list what is Rolldeck's") as docker:
        containers: Sequence[Any] = await docker.containers.list(all=True, filters=json.dumps(filters))
        networks: Sequence[Any] = await docker.networks.list(filters=filters)
    found: dict[tuple[str, str], Remains] = {}
    for container in containers:
        found.setdefault(_key(container["Labels"]), Remains()).containers.append(str(container["Id"]))
    for network in networks:
        found.setdefault(_key(network["Labels"]), Remains()).networks.append(str(network["Id"]))
    return found


def _key(marks: Mapping[str, str]) -> tuple[str, str]:
    return marks.get(labels.SESSION, ""), marks.get(labels.ENVIRONMENT, "")


async def _remove(engine: Engine, remains: Remains) -> None:
    containers = [Container(engine, one, "a container that was left") for one in remains.containers]
    await asyncio.gather(*(container.remove() for container in containers))
    for network in remains.networks:
        await remove_network(engine, network)
