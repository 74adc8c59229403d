"""The environments: their templates, building and pruning them, where they run, and who has one now."""

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter

from rolldeck.api.identifiers import EnvironmentName
from rolldeck.api.schemas import (
    BrokenRecipeView,
    BuildLog,
    BuildView,
    EnvironmentView,
    OccupiedList,
    OccupiedView,
    Pruned,
    PruneRequest,
    RuntimeList,
    RuntimeView,
    StageView,
    SuperfluousList,
    SuperfluousView,
)
from rolldeck.api.services import Needs, Services
from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.environments.builds import Build
from rolldeck.environments.port import TemplateInfo
from rolldeck.environments.pruning import Prunable, Superfluous

router = APIRouter(prefix="/api", tags=["environments"])

_MOST_OCCUPIED = 500


@router.get("/environments")
async def list_environments(services: Needs) -> list[EnvironmentView]:
    """The environments that tasks can name, and whether their templates are built."""
    recipes = services.operations.recipes
    builds = services.operations.builds.newest()
    return [
        _environment_view(
            template,
            recipe_file=recipes.files.get(template.name),
            on_demand=template.name in recipes.on_demand,
            build=builds.get(template.name),
        )
        for template in await services.environments.templates()
    ]


@router.get("/environments/occupied")
async def list_occupied(services: Needs) -> OccupiedList:
    """The environments that rollouts have now."""
    occupied = await services.rollouts.occupied(limit=_MOST_OCCUPIED)
    return OccupiedList(occupied=[OccupiedView(**asdict(each)) for each in occupied])


@router.get("/environments/superfluous")
async def list_superfluous(services: Needs) -> SuperfluousList:
    """What is kept of templates that no recipe needs any more."""
    prunable = services.environments
    found = await prunable.superfluous() if isinstance(prunable, Prunable) else []
    return SuperfluousList(
        superfluous=_superfluous_views(found), free_bytes=_bytes_of([x for x in found if not x.in_use])
    )


@router.post("/environments/prune")
async def prune_environments(wanted: PruneRequest, services: Needs) -> Pruned:
    """Remove what is kept of templates that no recipe needs any more. What is in use stays."""
    prunable = services.environments
    if not isinstance(prunable, Prunable):
        return Pruned(removed=[], freed_bytes=0)
    names = set(wanted.what)
    removed = await prunable.prune([each for each in await prunable.superfluous() if each.what in names])
    return Pruned(removed=_superfluous_views(removed), freed_bytes=_bytes_of(removed))


@router.post("/environments/{name}/build", status_code=HTTPStatus.ACCEPTED)
async def build_environment(name: EnvironmentName, services: Needs) -> BuildView:
    """Build a template in the background; a build that goes on already is returned as it is.

    How it goes on is in the event log (`template.build`). An interrupted or failed build goes on where it was.
    """
    template = await _template(name, services)
    if template.built:
        raise Conflict(f"The template of {name} is built already")
    return _build_view(await services.operations.builds.start(name))


@router.get("/environments/{name}/build")
async def get_build(name: EnvironmentName, services: Needs) -> BuildLog:
    """The newest build of a template that the server was asked for, with the last lines that it wrote."""
    builds = services.operations.builds
    return BuildLog(build=_build_view(builds.get(name)), lines=list(builds.lines(name)))


@router.post("/environments/{name}/build/cancel")
async def cancel_build(name: EnvironmentName, services: Needs) -> BuildView:
    """End a build; what it has finished is kept, and the next one goes on from there."""
    return _build_view(await services.operations.builds.cancel(name))


@router.get("/runtimes")
async def list_runtimes(services: Needs) -> RuntimeList:
    """Where environments run, whether that is there, and what recipe files cannot be used."""
    return RuntimeList(
        runtimes=[RuntimeView(**asdict(each)) for each in await services.operations.runtimes()],
        broken_recipes=[
            BrokenRecipeView(
                file=str(each.file), error=str(each.error), todo=each.remedy or f"rolldeck env validate {each.file}"
            )
            for each in services.operations.recipes.broken
        ],
    )


async def _template(name: str, services: Services) -> TemplateInfo:
    templates = {template.name: template for template in await services.environments.templates()}
    if name not in templates:
        raise NotFound(f"There is no environment {name!r}; there are: {', '.join(sorted(templates))}")
    return templates[name]


def _environment_view(
    template: TemplateInfo, *, recipe_file: Path | None, on_demand: bool, build: Build | None
) -> EnvironmentView:
    return EnvironmentView(
        name=template.name,
        title=template.title,
        runtime=template.runtime,
        content_hash=template.content_hash,
        built=template.built,
        built_at=template.built_at,
        size_bytes=template.size_bytes,
        stages=[StageView(**asdict(stage)) for stage in template.stages],
        recipe_file=None if recipe_file is None else str(recipe_file),
        on_demand=on_demand,
        build=None if build is None else _build_view(build),
    )


def _build_view(build: Build) -> BuildView:
    progress = build.progress
    return BuildView(
        name=build.name,
        state=build.state,
        step=progress and progress.step,
        steps=progress and progress.steps,
        doing=progress and progress.name,
        fraction=progress and progress.fraction,
        error=build.error,
        started_at=build.started_at,
        ended_at=build.ended_at,
    )


def _superfluous_views(found: Sequence[Superfluous]) -> list[SuperfluousView]:
    return [SuperfluousView(**asdict(each)) for each in found]


def _bytes_of(found: Sequence[Superfluous]) -> int:
    return sum(each.size_bytes for each in found)
