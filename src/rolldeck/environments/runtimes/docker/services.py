"""The services of one environment, or of a template that is being built: started, asked how they are, and removed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import asyncpg
import httpx2

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.composition import Composition, HealthCheck, Service
from rolldeck.environments.health import HealthWatch
from rolldeck.environments.placeholders import fill
from rolldeck.environments.runtimes.docker.container import Container
from rolldeck.environments.runtimes.docker.engine import Engine
from rolldeck.environments.runtimes.docker.labels import Mark, short_name
from rolldeck.environments.runtimes.docker.leftovers import remove_environment
from rolldeck.environments.runtimes.docker.network import RELAY, Front, RolloutNetwork
from rolldeck.environments.runtimes.docker.postgres import PostgresService
from rolldeck.environments.runtimes.docker.secrets import Secrets
from rolldeck.environments.runtimes.docker.service_config import place_of, service_config
from rolldeck.environments.runtimes.docker.watch import Watch

_ANSWER_SECONDS = 5.0
_HOLDS_SECONDS = 0.1
_LONGEST_ANSWER = 2000
# A server that says so can be reached, and that nobody knows its password here is as it should be.
_REFUSES = (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)


@dataclass(frozen=True)
class Ground:
    """What all environments of a session stand on. ``starting`` bounds how many containers start at once."""

    engine: Engine
    watch: Watch
    front: Front
    relay_image: str
    starting: asyncio.Semaphore
    http: httpx2.AsyncClient


@dataclass(frozen=True)
class Answer:
    """What a service said when it was asked whether it is well; ``said`` is None where it gave no answer."""

    well: bool
    said: str | None = None


class Services:
    """A network, its relay and a container per service. Also how a recipe's code reaches them: see ``Reach``."""

    def __init__(self, ground: Ground, composition: Composition, mark: Mark) -> None:
        self.composition = composition
        self.secrets = Secrets()
        self.containers: dict[str, Container] = {}
        self._ground = ground
        self._mark = mark
        self._by_name: Mapping[str, Service] = {service.name: service for service in composition.services}
        self._network = RolloutNetwork(ground.engine, mark)

    @property
    def origin(self) -> str:
        """Where the web service answers."""
        return self._origin_of(self.composition.web)

    @property
    def ports(self) -> Mapping[str, int]:
        """The services' ports on 127.0.0.1."""
        return self._network.ports

    def secret(self, name: str) -> str:
        """Return the environment's secret of that name."""
        return self.secrets[name]

    def address_inside(self, service: str) -> tuple[str, int]:
        """Return host and port by which services reach this one."""
        port = self._by_name[service].port
        if port is None:
            raise EnvironmentFailure(f"the service {service} has no port")
        return service, port

    async def create_network(self) -> None:
        """Make the network. Raises ``EnvironmentFailure``."""
        await self._network.create()

    async def open_network(self) -> None:
        """Start the relay into it. Raises ``EnvironmentFailure``."""
        async with self._ground.starting:
            await self._network.open(self._by_name, self._ground.front, self._ground.relay_image)

    async def create(self, service: Service, image: str) -> Container:
        """Create a service's container from an image, in the network. Raises ``EnvironmentFailure``."""
        config = service_config(service, image, self._network.id, self, self._mark.labels(service.name))
        container = await Container.create(self._ground.engine, self._mark, service.name, short_name(service), config)
        self.containers[service.name] = container
        return container

    async def start(self, service: Service) -> None:
        """Start a service that was created. Raises ``EnvironmentFailure``."""
        async with self._ground.starting:
            await self.containers[service.name].start()

    async def until_well(self, service: Service) -> None:
        """Return once the service is well. Raises ``EnvironmentFailure`` with its last words where it does not become so."""
        watch = HealthWatch(service.name, service.health, self._diagnose)
        container = self.containers[service.name]
        try:
            while not (answer := await self.ask(service)).well:
                if end := self._ground.watch.end_of(container.id):
                    raise EnvironmentFailure(f"the service {end} before it was well")
                watch.is_not_well_yet(answer.said)
                await asyncio.sleep(service.health.interval_seconds)
        except EnvironmentFailure as failure:
            words = self.secrets.removed_from(await container.last_words())
            raise EnvironmentFailure(f"{failure}; the last that it wrote: {words or 'nothing'}") from failure

    async def ask(self, service: Service) -> Answer:
        """Ask a service once whether it is well; see ``HealthCheck``."""
        check = service.health
        if check.path is not None:
            return await self._ask_page(service.name, check)
        if check.command is not None:
            return await self._ask_command(service, check.command)
        if service.port is None:
            return Answer(well=True)
        if service.postgres is not None:
            return await self._ask_postgres(service)
        return await self._ask_port(self.ports[service.name])

    def postgres(self, service: Service) -> PostgresService | None:
        """Return the PostgreSQL that the service is, if it is one."""
        if service.postgres is None:
            return None
        return PostgresService(self.containers[service.name], service.postgres, self.secrets)

    def end(self) -> str | None:
        """Say which of them has ended, and how; None while all are there as far as is known. Asks nobody."""
        if self._ground.engine.away is not None:
            return self._ground.engine.away
        ends = (self._ground.watch.end_of(container.id) for container in self.containers.values())
        return next((f"the environment's service {end}" for end in ends if end is not None), None)

    async def logs(self) -> Mapping[str, str]:
        """Return the end of what each service wrote, without secrets. Raises ``EnvironmentFailure``."""
        texts = await asyncio.gather(*(container.log() for container in self.containers.values()))
        return {name: self.secrets.removed_from(text) for name, text in zip(self.containers, texts, strict=True)}

    async def name_after(self, rollout_id: str) -> None:
        """Give its containers a rollout's names. Raises ``EnvironmentFailure``."""
        mark = replace(self._mark, rollout_id=rollout_id)
        names = {name: short_name(service) for name, service in self._by_name.items()}
        renamed = [container.rename(mark, names[name]) for name, container in self.containers.items()]
        await asyncio.gather(*renamed, self._network.relay.rename(mark, RELAY))

    async def remove(self) -> None:
        """Remove all of it, also what was being made when it was given up. Idempotent. Raises ``EnvironmentFailure``."""
        await remove_environment(self._ground.engine, self._mark)
        for container in self.containers.values():
            self._ground.watch.forget(container.id)

    async def memory_bytes(self) -> int:
        """Return the memory of all containers. Raises ``EnvironmentFailure`` where one is gone."""
        containers = [*self.containers.values(), self._network.relay]
        return sum(await asyncio.gather(*(container.memory_bytes() for container in containers)))

    def _origin_of(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def _diagnose(self) -> Callable[[str], str | None]:
        preparation = self.composition.preparation
        return (lambda _: None) if preparation is None else preparation.diagnose

    async def _ask_page(self, service: str, check: HealthCheck) -> Answer:
        url = f"{self._origin_of(service)}{check.path}"
        try:
            response = await self._ground.http.get(url, timeout=_ANSWER_SECONDS)
        except httpx2.HTTPError:
            return Answer(well=False)
        return Answer(response.status_code == httpx2.codes.OK, response.text[:_LONGEST_ANSWER])

    async def _ask_command(self, service: Service, command: tuple[str, ...]) -> Answer:
        filled = [fill(text, self, place_of(service)) for text in command]
        done = await self.containers[service.name].execute(filled)
        return Answer(done.code == 0, self.secrets.removed_from(done.output)[-_LONGEST_ANSWER:])

    async def _ask_postgres(self, service: Service) -> Answer:
        try:
            connection = await asyncpg.connect(
                host="127.0.0.1",
                port=self.ports[service.name],
                user="nobody",
                password="",
                database="postgres",
                timeout=_ANSWER_SECONDS,
            )
        except _REFUSES:
            return Answer(well=True)
        except asyncpg.CannotConnectNowError as error:
            return Answer(well=False, said=str(error))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            return Answer(well=False)
        connection.terminate()
        return Answer(well=True)

    @staticmethod
    async def _ask_port(port: int) -> Answer:
        """The relay takes every connection, and ends it at once where nobody listens behind it."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return Answer(well=False)
        try:
            async with asyncio.timeout(_HOLDS_SECONDS):
                return Answer(well=bool(await reader.read(1)))
        except TimeoutError:
            return Answer(well=True)
        except OSError:
            return Answer(well=False)
        finally:
            writer.transport.abort()
