"""Who asks, for what, and with which fields."""

from typing import Any

from refusals import FORBIDDEN, Refused
from starlette.requests import Request
from store import Row, Store

SESSION_COOKIE = "metabase.SESSION"


def store_of(request: Request) -> Store:
    store: Store | None = request.app.state.store
    if store is None:
        raise Refused(503, "Metabase is still initializing. Please sit tight...")
    return store


def session_key_of(request: Request) -> str:
    return request.headers.get("x-metabase-session") or request.cookies.get(SESSION_COOKIE) or ""


async def user_of(request: Request) -> Row:
    """Who asks, by header or cookie; refuses who is nobody."""
    return await store_of(request).user_of_session(session_key_of(request))


async def admin_of(request: Request) -> Row:
    user = await user_of(request)
    if not user["is_superuser"]:
        raise Refused(*FORBIDDEN)
    return user


async def body_of(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise Refused(400, {"message": f"Error parsing JSON: {error}"}) from error


def id_of(request: Request) -> int:
    return int(request.path_params["id"])
