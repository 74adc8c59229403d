"""All routes of the API in one application, without anything behind them; and its OpenAPI document."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.types import Lifespan

import rolldeck
from rolldeck.api import (
    analytics,
    batches,
    catalog,
    environments,
    events,
    exports,
    facets,
    health,
    installation,
    metrics,
    overview,
    people,
    rollouts,
    stream,
    tasks,
    trajectories,
    workers,
)
from rolldeck.api.problems import MEDIA_TYPE
from rolldeck.api.schemas import Problem

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "The request is refused; `errors` names the fields"},
    "5XX": {"model": Problem, "description": "The server failed"},
}


def bare_application(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application with its routes only. Serving it needs ``create_app``."""
    app = FastAPI(
        title="Rolldeck",
        version=rolldeck.__version__,
        summary="Parallel rollouts of browser agents in real web applications",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=_operation_id,
        lifespan=lifespan,
    )
    for resource in (
        tasks,
        batches,
        facets,  # before single rollouts, whose ids its path could be taken for
        rollouts,
        trajectories,
        people,
        workers,
        events,
        stream,
        exports,
        analytics,
        overview,
        catalog,
        environments,
        installation,
        health,
        metrics,
    ):
        app.include_router(resource.router, responses=_PROBLEMS)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # as FastAPI documents it
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        for operations in document["paths"].values():
            for operation in operations.values():
                _declare_problem_type(operation["responses"])
        app.openapi_schema = document
    return app.openapi_schema


def _declare_problem_type(responses: dict[str, Any]) -> None:
    # FastAPI documents every model as the route's own media type; problems have theirs.
    for status in _PROBLEMS:
        content = responses[str(status)]["content"]
        responses[str(status)]["content"] = {MEDIA_TYPE: next(iter(content.values()))}
