"""``/api/session``, ``/api/setup`` and ``/api/user``: who there is, and who has logged in."""

from asking import SESSION_COOKIE, admin_of, body_of, id_of, session_key_of, store_of, user_of
from refusals import FORBIDDEN, NOT_FOUND, Refused, expect, valid_email, valid_password, wrong
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from store import Row, Store

_USER_COLUMNS = "id, email, first_name, last_name, is_superuser, is_active, date_joined, last_login"


async def properties(request: Request) -> object:
    store = store_of(request)
    set_up = await store.has_user()
    return {
        "has-user-setup": set_up,
        "setup-token": None if set_up else await store.setting("setup-token"),
        "site-name": await store.setting("site-name"),
        "anon-tracking-enabled": False,
        "version": {"tag": "v0.0.0-double"},
    }


async def setup(request: Request) -> Response:
    store = store_of(request)
    body = expect(await body_of(request), {"token": str, "user": dict, "prefs": dict}, {"database": dict})
    user = expect(
        body["user"], {"email": str, "password": str}, {"first_name": str, "last_name": str, "site_name": str}
    )
    prefs = expect(body["prefs"], {"site_name": str}, {"allow_tracking": bool, "site_locale": str})
    if await store.has_user():
        raise Refused(403, "The /api/setup route can only be used to create the first user.")
    if body["token"] != await store.setting("setup-token"):
        raise wrong(token="Token does not match the setup token.")
    valid_email("email", user["email"])
    valid_password(user["password"])
    names = user.get("first_name"), user.get("last_name")
    user_id = await store.add_user(user["email"], user["password"], *names, is_superuser=True)
    await store.set("site-name", prefs["site_name"])
    return await _with_session(store, user_id)


async def log_in(request: Request) -> Response:
    store = store_of(request)
    body = expect(await body_of(request), {"username": str, "password": str}, {"remember": bool})
    user = await store.user_with_password(body["username"], body["password"])
    if user is None:
        raise Refused(401, {"errors": {"password": "did not match stored password"}})
    return await _with_session(store, user["id"])


async def log_out(request: Request) -> Response:
    await user_of(request)
    await store_of(request).end_session(session_key_of(request))
    answer = Response(status_code=204)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


async def _with_session(store: Store, user_id: int, **more: object) -> Response:
    key = await store.begin_session(user_id)
    answer = JSONResponse({"id": key, **more})
    answer.set_cookie(SESSION_COOKIE, key, httponly=True, samesite="lax")
    answer.set_cookie("metabase.TIMEOUT", "alive", max_age=1_209_600, samesite="lax")
    return answer


async def current_user(request: Request) -> object:
    user = await user_of(request)
    permissions = {"can_create_queries": True, "can_create_native_queries": True}
    return {**await _user(store_of(request), user["id"]), "permissions": permissions}


async def users(request: Request) -> object:
    await admin_of(request)
    found = await store_of(request).rows(f"SELECT {_USER_COLUMNS} FROM core_user WHERE is_active ORDER BY id")
    return {"data": found, "total": len(found)}


async def add_user(request: Request) -> object:
    await admin_of(request)
    store = store_of(request)
    # Without a password, as the newest versions refuse one here: it is set afterwards.
    optional = {"first_name": str, "last_name": str, "user_group_memberships": list, "login_attributes": dict}
    body = expect(await body_of(request), {"email": str}, {**optional, "source": str})
    valid_email("email", body["email"])
    if await store.row("SELECT FROM core_user WHERE email = $1", body["email"].lower()):
        raise wrong(email="Email address already in use.")
    names = body.get("first_name"), body.get("last_name")
    return await _user(store, await store.add_user(body["email"], None, *names, is_superuser=False))


async def set_password(request: Request) -> object:
    user = await user_of(request)
    store, user_id = store_of(request), id_of(request)
    if not user["is_superuser"] and user["id"] != user_id:
        raise Refused(*FORBIDDEN)
    body = expect(await body_of(request), {"password": str}, {"old_password": str})
    valid_password(body["password"])
    await _user(store, user_id)
    if not user["is_superuser"] and not await store.user_with_password(user["email"], body.get("old_password") or ""):
        raise wrong(old_password="Invalid password")
    await store.set_password(user_id, body["password"])
    return await _with_session(store, user_id, success=True) if user["id"] == user_id else None


async def _user(store: Store, user_id: int) -> Row:
    user = await store.row(f"SELECT {_USER_COLUMNS} FROM core_user WHERE id = $1", user_id)
    if user is None:
        raise Refused(*NOT_FOUND)
    names = (user["first_name"], user["last_name"])
    return {**user, "common_name": " ".join(name for name in names if name) or user["email"]}
