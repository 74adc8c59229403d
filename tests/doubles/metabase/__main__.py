"""Stands for Metabase, whose image cannot be had where these tests run: the part of its API and pages that they need.

It is started like Metabase, by its environment variables (``MB_DB_…``, ``MB_JETTY_…``); ``startup`` names its own.
What Metabase itself does is checked with the real image by ``rolldeck env check metabase``.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import databases
import pages
import people
import questions
import uvicorn
from answers import Handler, answering, as_json
from asking import store_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from startup import Startup
from store import Store

_log = logging.getLogger("core.core")
_ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/api/session/properties"): people.properties,
    ("POST", "/api/setup"): people.setup,
    ("POST", "/api/session"): people.log_in,
    ("DELETE", "/api/session"): people.log_out,
    ("GET", "/api/user/current"): people.current_user,
    ("GET", "/api/user"): people.users,
    ("POST", "/api/user"): people.add_user,
    ("PUT", "/api/user/{id:int}/password"): people.set_password,
    ("GET", "/api/database"): databases.databases,
    ("POST", "/api/database"): databases.add_database,
    ("GET", "/api/database/{id:int}"): databases.database,
    ("PUT", "/api/database/{id:int}"): databases.change_database,
    ("DELETE", "/api/database/{id:int}"): databases.delete_database,
    ("POST", "/api/database/{id:int}/sync_schema"): databases.sync_schema,
    ("GET", "/api/table"): databases.tables,
    ("GET", "/api/table/{id:int}"): databases.table,
    ("GET", "/api/table/{id:int}/query_metadata"): databases.table_metadata,
    ("POST", "/api/dataset"): questions.dataset,
    ("GET", "/api/card"): questions.cards,
    ("POST", "/api/card"): questions.add_card,
    ("GET", "/api/card/{id:int}"): questions.card,
    ("POST", "/api/card/{id:int}/query/json"): questions.query_card,
    ("GET", "/"): pages.home,
    ("GET", "/auth/login"): pages.login_page,
    ("GET", "/table/{id:int}"): pages.table_page,
}


async def health(request: Request) -> Response:
    startup: Startup = request.app.state.startup
    if not startup.complete:
        return as_json({"status": "initializing", "progress": startup.progress}, 503)
    try:
        await store_of(request).rows("SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return as_json({"status": "Error getting app-db connection"}, 503)
    return as_json({"status": "ok"})


async def unknown(_: Request) -> Response:
    return PlainTextResponse("API endpoint does not exist.", 404)


def application() -> Starlette:
    """All of it; nothing is connected before it is started."""
    routes = [Route("/api/health", health)]
    for (method, path), handler in _ROUTES.items():
        endpoint = answering(handler)
        routes += [Route(place, endpoint, methods=[method]) for place in {path, f"{path.rstrip('/')}/"}]
    routes.append(Route("/api/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE"]))
    routes.append(Route("/{rest:path}", answering(pages.home)))  # as Metabase's front end is at every other path
    app = Starlette(routes=routes, lifespan=_starting)
    app.state.startup, app.state.store = Startup(), None
    app.state.sync_seconds = float(os.environ.get("DOUBLE_SYNC_SECONDS", "0.05"))
    return app


@asynccontextmanager
async def _starting(app: Starlette) -> AsyncIterator[None]:
    """Listen at once, and tell how far the start has come; end with a failed start, as Metabase does."""
    start = asyncio.create_task(_start(app))
    yield
    start.cancel()
    with suppress(asyncio.CancelledError):
        await start
    if app.state.store is not None:
        await app.state.store.close()


async def _start(app: Starlette) -> None:
    try:
        app.state.store = await app.state.startup.run(_connect)
    except (OSError, asyncpg.PostgresError) as error:
        _log.error("Metabase Initialization FAILED: %s", error)
        os._exit(1)
    _log.info("Metabase Initialization COMPLETE")


async def _connect() -> Store:
    if os.environ.get("MB_DB_TYPE") != "postgres":
        raise OSError("MB_DB_TYPE must be postgres: the double has no H2")
    return await Store.connect(
        host=os.environ["MB_DB_HOST"],
        port=int(os.environ["MB_DB_PORT"]),
        database=os.environ["MB_DB_DBNAME"],
        user=os.environ["MB_DB_USER"],
        password=os.environ["MB_DB_PASS"],
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s :: %(message)s")
    inherited = os.environ.get("DOUBLE_SOCKET")  # for who wants a free port: a socket that listens already
    uvicorn.run(
        application(),
        host=os.environ.get("MB_JETTY_HOST", "0.0.0.0"),
        port=int(os.environ.get("MB_JETTY_PORT", "3000")),
        fd=None if inherited is None else int(inherited),
        log_level="warning",
    )
