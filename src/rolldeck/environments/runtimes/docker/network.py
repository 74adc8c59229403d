"""A rollout's network, and the relay that is the only way into it.

The network has no address on the host (``inhibit_ipv4``) and no route out (``internal``): nothing in it reaches the
host, the internet or another rollout, whatever a firewall says. So nothing reaches it either, and the engine can publish
none of its ports. A relay, in a container of its own that runs only Rolldeck's few lines, has one foot in it and one in
the session's front network, where it publishes a port on 127.0.0.1 for each service.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.composition import Service
from rolldeck.environments.runtimes.docker.container import Container
from rolldeck.environments.runtimes.docker.engine import Engine, EngineRefusal
from rolldeck.environments.runtimes.docker.labels import Mark, Owner

_PROGRAM = Path(__file__).with_name("relay_program.py").read_text()
_FIRST_PORT = 10_000
_NOT_FOUND = 404
_MB = 1 << 20
RELAY = "relay"


class Front:
    """The network of a session's relays, made when the first one needs it. Its members do not reach each other."""

    def __init__(self, engine: Engine, owner: Owner) -> None:
        self._engine = engine
        self._owner = owner
        self._id: str | None = None
        self._making = asyncio.Lock()

    async def id(self) -> str:
        """Return the network's id. Raises ``EnvironmentFailure``."""
        async with self._making:
            if self._id is None or not await _exists(self._engine, self._id):  # an engine that restarts may lose it
                self._id = await _create_network(
                    self._engine,
                    f"rolldeck-front-{self._owner.session.name}",
                    self._owner.labels(),
                    {"enable_ip_masquerade": "false", "enable_icc": "false"},
                )
            return self._id

    async def remove(self) -> None:
        """Remove it. Idempotent."""
        async with self._making:
            network, self._id = self._id, None
            if network is not None:
                await remove_network(self._engine, network)


class RolloutNetwork:
    """One environment's network with its relay. ``ports`` are those on 127.0.0.1, by service, chosen by the engine."""

    def __init__(self, engine: Engine, mark: Mark) -> None:
        self._engine = engine
        self._mark = mark
        self._relay: Container | None = None
        self.id = ""
        self.ports: Mapping[str, int] = {}

    @property
    def relay(self) -> Container:
        """The relay, once it is open."""
        if self._relay is None:
            raise EnvironmentFailure("the environment's network is not open")
        return self._relay

    async def create(self) -> None:
        """Make it, without its relay. Raises ``EnvironmentFailure``."""
        options = {"inhibit_ipv4": "true"}
        name = self._mark.other_name_of("net")  # the engine would let two have the same name
        self.id = await _create_network(self._engine, name, self._mark.labels(), options, internal=True)

    async def open(self, services: Mapping[str, Service], front: Front, image: str) -> None:
        """Start the relay to all services that have a port. Raises ``EnvironmentFailure``."""
        inner = {name: service.port for name, service in services.items() if service.port is not None}
        outer = {name: _FIRST_PORT + position for position, name in enumerate(inner)}
        routes = [f"{outer[name]}:{name}:{port}" for name, port in inner.items()]
        config = _relay_config(image, routes, list(outer.values()), await front.id(), self._mark.labels(RELAY))
        self._relay = await Container.create(self._engine, self._mark, RELAY, RELAY, config)
        async with self._engine.asking("connect the relay") as docker:
            network = await docker.networks.get(self.id)
            await network.connect({"Container": self._relay.id})
        await self._relay.start()
        published = (await self._relay.inspect())["NetworkSettings"]["Ports"]
        self.ports = {name: int(published[f"{port}/tcp"][0]["HostPort"]) for name, port in outer.items()}


@asynccontextmanager
async def open_network_for_installing(engine: Engine, mark: Mark) -> AsyncIterator[str]:
    """Give a network with a way out, for as long as a template's packages are installed: nobody's data is there yet."""
    network = await _create_network(engine, mark.other_name_of("install"), mark.labels(), {})
    try:
        yield network
    finally:
        await remove_network(engine, network)


def _relay_config(
    image: str, routes: list[str], ports: list[int], network: str, labels: Mapping[str, str]
) -> Mapping[str, Any]:
    return {
        "Image": image,
        "Entrypoint": ["python3"],
        "Cmd": ["-I", "-c", _PROGRAM, *routes],
        "User": "65534:65534",
        "Labels": dict(labels),
        "ExposedPorts": {f"{port}/tcp": {} for port in ports},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": network,
            "PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}] for port in ports},
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "Memory": 64 * _MB,
            "MemorySwap": 64 * _MB,
            "PidsLimit": 32,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        },
    }


async def _create_network(
    engine: Engine, name: str, labels: Mapping[str, str], options: Mapping[str, str], *, internal: bool = False
) -> str:
    config = {
        "Name": name,
        "Driver": "bridge",
        "Internal": internal,
        "Labels": dict(labels),
        "Options": {f"com.docker.network.bridge.{option}": value for option, value in options.items()},
    }
    async with engine.asking(f"create the network {name}") as docker:
        network = await docker.networks.create(config)
    return str(network.id)


async def _exists(engine: Engine, network: str) -> bool:
    try:
        async with engine.asking("say whether a network is there") as docker:
            await docker.networks.get(network)
    except EngineRefusal as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        return False
    return True


async def remove_network(engine: Engine, network: str) -> None:
    """Remove a network. Idempotent. Raises ``EnvironmentFailure``."""
    try:
        async with engine.asking("remove a network") as docker:
            await (await docker.networks.get(network)).delete()
        engine.has_room_again()
    except EngineRefusal as refusal:
        if refusal.status != _NOT_FOUND:
            raise
