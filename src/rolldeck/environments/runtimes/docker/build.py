"""Building a template: the services are started once from their origins, set up, stopped cleanly and kept as images."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.environments.composition import PostgresSource, SeedFile, Service, SqlDump
from rolldeck.environments.dumps import kind_of
from rolldeck.environments.placeholders import fill, secrets_in
from rolldeck.environments.port import BuildProgress, ProgressListener
from rolldeck.environments.runtimes.docker import labels
from rolldeck.environments.runtimes.docker.archives import (
    FileOwner,
    archive_of,
    is_empty,
    own_directory,
    owner_in,
    target_of,
)
from rolldeck.environments.runtimes.docker.container import Container
from rolldeck.environments.runtimes.docker.images import Images
from rolldeck.environments.runtimes.docker.network import open_network_for_installing
from rolldeck.environments.runtimes.docker.service_config import place_of, service_config, with_a_way_out
from rolldeck.environments.runtimes.docker.services import Ground, Services
from rolldeck.environments.runtimes.docker.template import DockerTemplate

_INSTALL_SECONDS = 3600.0
_STOP_SECONDS = 10
_STOP_DATABASE_SECONDS = 120
_OURS = (labels.INSTALLATION, labels.HOST, labels.SESSION, labels.ENVIRONMENT, labels.ROLLOUT)


class TemplateBuilder:
    """Makes the images of one template, telling the listener of each step."""

    def __init__(
        self, template: DockerTemplate, ground: Ground, owner: labels.Owner, on_progress: ProgressListener
    ) -> None:
        self._template = template
        self._ground = ground
        self._images = Images(ground.engine)
        self._mark = labels.Mark.new(owner, f"template-{template.recipe.name}")
        self._services = Services(ground, template.composition, self._mark)
        self._on_progress = on_progress
        self._steps = self._all_steps()

    @property
    def mark(self) -> labels.Mark:
        """What everything carries that the build makes and removes again."""
        return self._mark

    async def build(self) -> None:
        """Build. Raises ``TemplateError`` with the last words of what failed."""
        try:
            async with AsyncExitStack() as undo:
                undo.push_async_callback(self._services.remove)
                await self._set_up()
                await self._keep_all()
        except TemplateError:
            raise
        except (OSError, EnvironmentFailure) as error:
            raise TemplateError(f"the template of {self._template.recipe.name} could not be built: {error}") from error

    async def set_up_only(self) -> "Services":
        """Start and set up everything from its origins, and keep nothing: what every start is without templates."""
        await self._set_up()
        return self._services

    def _all_steps(self) -> list[str]:
        preparation = self._template.composition.preparation
        services = self._template.composition.services
        return [
            "get the relay's image",
            *(step for service in services for step in (_getting(service), _starting(service))),
            *(() if preparation is None else preparation.steps),
            *(_keeping(service) for service in services),
        ]

    async def _set_up(self) -> None:
        await asyncio.to_thread(self._look_at_dumps)
        self._report("get the relay's image")
        await self._images.pull(self._ground.relay_image, lambda done: self._report("get the relay's image", done))
        await self._services.create_network()
        await self._services.open_network()
        for service in self._template.in_order():
            await self._set_up_service(service)
        preparation = self._template.composition.preparation
        if preparation is not None:
            await preparation.prepare(self._services, self._report)

    def _look_at_dumps(self) -> None:
        """Refuse what cannot be loaded before anything is pulled or started. Raises ``TemplateError``."""
        for service in self._template.composition.services:
            for seed in service.seeds:
                if isinstance(seed, SqlDump):
                    kind_of(seed.source)

    async def _set_up_service(self, service: Service) -> None:
        self._report(_getting(service))
        image = await self._images.get(service, lambda done: self._report(_getting(service), done))
        if service.install:
            image = await self._install(service, image)
        self._report(_starting(service))
        for start in range(service.health.starts):
            container = await self._services.create(service, image)
            if not service.install:
                await self._put_seeds(service, container)
            try:
                await self._services.start(service)
                await self._services.until_well(service)
                break
            except EnvironmentFailure:
                if start == service.health.starts - 1:
                    raise
                await container.remove()
        postgres = self._services.postgres(service)
        if postgres is not None:
            await postgres.make_roles()
            for seed in service.seeds:
                if not isinstance(seed, SeedFile):
                    await postgres.load(seed)
            await postgres.let_read(self._sources_in(service))

    def _sources_in(self, service: Service) -> Sequence[PostgresSource]:
        sources = self._template.composition.databases.values()
        return [one for one in sources if isinstance(one, PostgresSource) and one.service == service.name]

    async def _install(self, service: Service, image: str) -> str:
        """Run the service's commands one after the other, each in what the one before has left."""
        original = (await self._images.inspect(image) or {}).get("Config") or {}
        starts = {name: original.get(name) for name in ("Cmd", "Entrypoint", "WorkingDir")}
        async with open_network_for_installing(self._ground.engine, self._mark) as network:
            for number, command in enumerate(service.install):
                marks = self._mark.labels(service.name)
                filled = [fill(text, self._services, place_of(service)) for text in command]
                config = with_a_way_out(service_config(service, image, network, self._services, marks), filled)
                part = f"install-{number}-{service.name}"
                container = await Container.create(self._ground.engine, self._mark, part, part, config)
                if number == 0:
                    await self._put_seeds(service, container)
                await container.start()
                if code := await container.wait(within_seconds=_INSTALL_SECONDS):
                    words = self._services.secrets.removed_from(await container.last_words())
                    raise TemplateError(f"{' '.join(command)} of {service.name} ended with exit code {code}: {words}")
                image = f"rolldeck-install/{self._mark.environment}:{service.name.lower()}-{number}"
                await container.commit(image, changes=_no_secrets(service), config=starts)
                await container.remove()
        return image

    async def _put_seeds(self, service: Service, container: Container) -> None:
        owner = await _file_owner(service, container)
        with own_directory(owner) as archive:
            await container.put(archive)
        files: dict[PurePosixPath, Path] = {
            target_of(seed): seed.source for seed in service.seeds if isinstance(seed, SeedFile)
        }
        if files:
            with archive_of(files, owner) as archive:
                await container.put(archive)

    async def _keep_all(self) -> None:
        for service in reversed(self._template.in_order()):
            self._report(_keeping(service))
            await self._keep(service, self._services.containers[service.name])

    async def _keep(self, service: Service, container: Container) -> None:
        is_database = service.postgres is not None
        # Programs that do not listen to the signal, of which there are many, have nothing to write either.
        await container.stop(within_seconds=_STOP_DATABASE_SECONDS if is_database else _STOP_SECONDS)
        image = self._template.image_of(service)
        marks = {
            labels.RECIPE: self._template.recipe.name,
            labels.SERVICE: service.name,
            labels.TEMPLATE: self._template.key,
        }
        with TemporaryDirectory(prefix="rolldeck-volumes-") as directory:
            volumes = await _volumes_of(container, Path(directory))
            marks_now = {} if volumes else marks  # an image without its volumes is no template yet
            changes = [*_no_secrets(service), *_labelled(dict.fromkeys(_OURS, "") | marks_now)]
            await container.commit(image, changes=changes, config={})
            if volumes:
                await self._images.with_archives(image, volumes, marks)

    def _report(self, step: str, fraction: float | None = None) -> None:
        self._on_progress(BuildProgress(self._steps.index(step) + 1, len(self._steps), step, fraction))


async def _volumes_of(container: Container, directory: Path) -> Mapping[str, Path]:
    """Return what is in the volumes that the image declares, as archives by where they are to be unpacked."""
    archives = {}
    for number, mount in enumerate((await container.inspect())["Mounts"]):
        if mount["Type"] == "volume":
            archive = directory / f"{number}.tar"
            await container.fetch(str(mount["Destination"]), archive)
            if not is_empty(archive):
                archives[str(PurePosixPath(mount["Destination"]).parent)] = archive
    return archives


async def _file_owner(service: Service, container: Container) -> FileOwner:
    if service.user is None:
        return FileOwner()
    return owner_in(await container.read("/etc/passwd") or b"", service.user)


def _no_secrets(service: Service) -> Sequence[str]:
    """Return what keeps a template's secrets out of its image, which tells what its container was told."""
    return [f'ENV {name}=""' for name, text in service.environment.items() if secrets_in(text)]


def _labelled(marks: Mapping[str, str]) -> Sequence[str]:
    return [f"LABEL {name}={json.dumps(value)}" for name, value in marks.items()]


def _getting(service: Service) -> str:
    return f"get what {service.name} starts from"


def _starting(service: Service) -> str:
    return f"start {service.name} and load its data" if service.postgres is not None else f"start {service.name}"


def _keeping(service: Service) -> str:
    return f"keep the state of {service.name}"
