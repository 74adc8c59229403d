"""Images: what services start from, pulled or built, and the templates that Rolldeck keeps as images."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from rolldeck.domain.errors import TemplateError
from rolldeck.environments.composition import ContainerImage, ImageBuild, Service
from rolldeck.environments.runtimes.docker import labels
from rolldeck.environments.runtimes.docker.engine import Engine, EngineRefusal

_NOT_FOUND, _CONFLICT = 404, 409
_PULL_SECONDS = 3600.0
_BUILD_SECONDS = 3600.0

Progress = Callable[[float | None], None]
"""Takes how much of a step is done, in [0, 1], or None where that is not known."""


@dataclass(frozen=True)
class TemplateImage:
    """The image of one service of a template."""

    recipe: str
    template: str
    service: str
    size_bytes: int
    id: str
    made_at: datetime

    @property
    def reference(self) -> str:
        """Its name."""
        return template_reference(self.recipe, self.service, self.template)


def template_reference(recipe: str, service: str, template: str) -> str:
    """Return the name of the image of one service of a template."""
    return f"rolldeck-template/{recipe.lower()}-{service.lower()}:{template}"


class Images:
    """The images of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def inspect(self, reference: str) -> Mapping[str, Any] | None:
        """Return what the engine knows of an image, None where it has none. Raises ``EnvironmentFailure``."""
        try:
            async with self._engine.asking(f"look for the image {reference}") as docker:
                found: Mapping[str, Any] = await docker.images.inspect(reference)
        except EngineRefusal as refusal:
            if refusal.status != _NOT_FOUND:
                raise
            return None
        return found

    async def get(self, service: Service, progress: Progress) -> str:
        """Return the reference of what a service starts from, which is pulled or built if need be.

        Raises ``TemplateError`` where it cannot be had.
        """
        match service.origin:
            case ContainerImage(reference):
                await self.pull(reference, progress)
                return reference
            case ImageBuild() as build:
                return await self._build(service, build, progress)
        raise TemplateError(f"the service {service.name} has no image: name one, or run it with the process runtime")

    async def pull(self, reference: str, progress: Progress) -> None:
        """See to it that an image is there. Raises ``TemplateError`` where it cannot be pulled."""
        if await self.inspect(reference) is not None:
            return
        layers: dict[str, tuple[float, float]] = {}
        try:
            async with self._engine.asking(f"pull the image {reference}", seconds=_PULL_SECONDS) as docker:
                async for event in docker.images.pull(reference, stream=True):
                    done, total = (event.get("progressDetail") or {}).get("current"), None
                    total = (event.get("progressDetail") or {}).get("total")
                    if event.get("status") == "Downloading" and done is not None and total:
                        layers[str(event["id"])] = (done, total)
                        progress(sum(one for one, _ in layers.values()) / sum(all_ for _, all_ in layers.values()))
        except EngineRefusal as refusal:
            raise TemplateError(f"{refusal}; look at its name, and whether the registry is reached") from refusal

    async def templates(self) -> Sequence[TemplateImage]:
        """Return all images of templates. Raises ``EnvironmentFailure``."""
        async with self._engine.asking("list images") as docker:
            found = await docker.images.list(filters={"label": [labels.TEMPLATE]})
        return [
            TemplateImage(
                recipe=image["Labels"].get(labels.RECIPE, ""),
                template=image["Labels"][labels.TEMPLATE],
                service=image["Labels"].get(labels.SERVICE, ""),
                size_bytes=int(image["Size"]),
                id=str(image["Id"]),
                made_at=datetime.fromtimestamp(image["Created"], UTC),
            )
            for image in found
        ]

    async def used(self) -> set[str]:
        """Return the ids of images that containers were made from, running or not. Raises ``EnvironmentFailure``."""
        async with self._engine.asking("list containers") as docker:
            return {str(container["ImageID"]) for container in await docker.containers.list(all=True)}

    async def remove(self, reference: str) -> bool:
        """Remove an image unless a container uses it; return whether it was. Raises ``EnvironmentFailure``."""
        try:
            async with self._engine.asking(f"remove the image {reference}") as docker:
                await docker.images.delete(reference)
        except EngineRefusal as refusal:
            if refusal.status not in (_NOT_FOUND, _CONFLICT):
                raise
            return False
        return True

    async def with_archives(self, image: str, archives: Mapping[str, Path], labels_of: Mapping[str, str]) -> None:
        """Put the content of tar archives into an image, at the paths that are their keys, under the same name.

        For what lies in volumes that the image declares, which a commit leaves out.
        """
        lines = [
            f"FROM {image}",
            *(f"ADD [{json.dumps(f'{n}.tar')}, {json.dumps(path)}]" for n, path in enumerate(archives)),
        ]
        with TemporaryFile() as context:
            with tarfile.open(fileobj=context, mode="w") as tar:
                _add_text(tar, "Dockerfile", "\n".join(lines))
                for number, archive in enumerate(archives.values()):
                    tar.add(archive, f"{number}.tar")
            await self._build_context(context, image, "Dockerfile", {}, labels_of)

    async def _build(self, service: Service, build: ImageBuild, progress: Progress) -> str:
        progress(None)
        reference = f"rolldeck-build/{service.name.lower()}:latest"
        with TemporaryFile() as context:
            with tarfile.open(fileobj=context, mode="w") as tar:
                tar.add(build.context, ".")
            try:
                await self._build_context(context, reference, build.dockerfile, build.arguments, {})
            except EngineRefusal as refusal:
                raise TemplateError(f"the image of {service.name} cannot be built: {refusal}") from refusal
        return reference

    async def _build_context(
        self, context: Any, reference: str, dockerfile: str, arguments: Mapping[str, str], labels_of: Mapping[str, str]
    ) -> None:
        context.seek(0)
        async with self._engine.asking(f"build {reference}", seconds=_BUILD_SECONDS) as docker:
            await docker.images.build(
                fileobj=context,
                encoding="identity",
                tag=reference,
                path_dockerfile=dockerfile,
                buildargs=dict(arguments),
                labels=dict(labels_of),
            )


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
