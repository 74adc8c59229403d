"""What Rolldeck asks of a Metabase through its documented API (``/api/docs`` of a running one)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx2
from pydantic import JsonValue

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.domain.page import Cookie

_ANSWER_SECONDS = 60.0
_SYNC_SECONDS = 600.0
_POLL_SECONDS = 0.25
_SHOWN = 300

Fields = dict[str, JsonValue]


class MetabaseRefused(EnvironmentFailure):
    """Metabase understood what it was asked and said no, which it would say again."""

    retryable = False

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class MetabaseClient:
    """One user of one Metabase: whose session the cookies are, or nobody yet. What it raises is an ``EnvironmentFailure``, ``MetabaseRefused`` for a no."""

    def __init__(
        self,
        origin: str,
        cookies: Sequence[Cookie] = (),
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        jar = {cookie.name: cookie.value for cookie in cookies}
        self._http = httpx2.AsyncClient(base_url=origin, cookies=jar, timeout=_ANSWER_SECONDS, trust_env=False)
        self._sleep = sleep
        self._now = now

    async def __aenter__(self) -> Self:
        """Open it."""
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; the session lives on in Metabase."""
        await self._http.__aexit__(kind, error, trace)

    async def setup_token(self) -> str | None:
        """Return what sets a new Metabase up, None where one has been set up already."""
        properties = await self._object("GET", "/api/session/properties")
        if properties.get("has-user-setup"):
            return None
        token = properties.get("setup-token")
        return token if isinstance(token, str) else None

    async def set_up(self, token: str, *, email: str, password: str, site_name: str) -> None:
        """Create the first user, an admin, and be that one from now on."""
        user: Fields = {"email": email, "password": password, "first_name": "Rolldeck", "last_name": "Admin"}
        prefs: Fields = {"site_name": site_name, "allow_tracking": False}
        await self._object("POST", "/api/setup", {"token": token, "user": user, "prefs": prefs})

    async def log_in(self, email: str, password: str) -> Sequence[Cookie]:
        """Be this user from now on, and return the cookies that make a browser be it."""
        self._http.cookies.clear()
        answer = await self._answer("POST", "/api/session", {"username": email, "password": password})
        return [
            Cookie(one.name, one.value or "", one.path, http_only=one.has_nonstandard_attr("HttpOnly"))
            for one in answer.cookies.jar
        ]

    async def add_user(self, email: str, password: str) -> None:
        """Create a user who is no admin."""
        names: Fields = {"first_name": "Rolldeck", "last_name": "Analyst"}
        user = await self._object("POST", "/api/user", {"email": email, **names})
        # Not with the user: the newest versions take no password there.
        await self._answer("PUT", f"/api/user/{user['id']}/password", {"password": password})

    async def set_password(self, email: str, password: str) -> None:
        """Change another user's password, as an admin."""
        people = _objects(await self._object("GET", "/api/user"))
        ids = [user["id"] for user in people if str(user.get("email")).lower() == email.lower()]
        if not ids:
            raise MetabaseRefused(f"Metabase has no user {email}", HTTPStatus.NOT_FOUND)
        await self._answer("PUT", f"/api/user/{ids[0]}/password", {"password": password})

    async def set_own_password(self, password: str, *, old: str) -> None:
        """Change one's own password. What was logged in before may be logged out now."""
        me = await self._object("GET", "/api/user/current")
        await self._answer("PUT", f"/api/user/{me['id']}/password", {"password": password, "old_password": old})

    async def add_database(self, name: str, details: Fields) -> int:
        """Connect a PostgreSQL database; Metabase tries the connection first."""
        database = await self._object("POST", "/api/database", {"name": name, "engine": "postgres", "details": details})
        return _id_of(database)

    async def postgres_databases(self) -> list[int]:
        """Return all PostgreSQL databases that it is connected to."""
        databases = _objects(await self._object("GET", "/api/database"))
        return [_id_of(database) for database in databases if database.get("engine") == "postgres"]

    async def change_database(self, database: int, details: Fields) -> None:
        """Connect to it in another way; Metabase tries the connection first."""
        await self._answer("PUT", f"/api/database/{database}", {"details": details})

    async def sync(self, database: int) -> None:
        """Let it read which tables there are, and wait until it has."""
        await self._answer("POST", f"/api/database/{database}/sync_schema")
        deadline = self._now() + _SYNC_SECONDS
        while True:
            found = await self._object("GET", f"/api/database/{database}")
            status = found.get("initial_sync_status")
            if status == "complete":
                return
            if status == "aborted" or self._now() > deadline:
                raise EnvironmentFailure(f"Metabase has not read the data's tables: its sync is {status}")
            await self._sleep(_POLL_SECONDS)

    async def query(self, database: int, statement: str) -> list[list[JsonValue]]:
        """Ask a question in SQL, and return its rows."""
        question: Fields = {"database": database, "type": "native", "native": {"query": statement}}
        answer = await self._object("POST", "/api/dataset", question)
        data = answer.get("data")
        rows = data.get("rows") if isinstance(data, dict) else None
        if answer.get("status") != "completed" or not isinstance(rows, list):
            said = str(answer.get("error") or answer.get("status"))[:_SHOWN]
            raise MetabaseRefused(f"Metabase did not answer a question: {said}", HTTPStatus.ACCEPTED)
        return [row for row in rows if isinstance(row, list)]

    async def _object(self, method: str, path: str, body: Fields | None = None) -> Fields:
        answer = await self._answer(method, path, body)
        try:
            found = json.loads(answer.content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise EnvironmentFailure(f"Metabase's answer to {method} {path} is not what its reference says")
        return found

    async def _answer(self, method: str, path: str, body: Fields | None = None) -> httpx2.Response:
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise EnvironmentFailure(f"Metabase does not answer {method} {path}: {reason}") from error
        if answer.is_success:
            return answer
        said = f"Metabase answered {method} {path} with {answer.status_code}: {_reason_in(answer)}"
        if answer.is_client_error:
            raise MetabaseRefused(said, answer.status_code)
        raise EnvironmentFailure(said)


def _reason_in(answer: httpx2.Response) -> str:
    """Return what a refusal says. Of JSON its messages alone: beside them Metabase repeats what it was sent, passwords too."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        return answer.text[:_SHOWN]
    if not isinstance(body, dict):
        return str(body)[:_SHOWN]
    errors = body.get("errors")
    fields = [f"{name}: {reason}" for name, reason in errors.items()] if isinstance(errors, dict) else []
    reasons = [str(body["message"])] if body.get("message") else fields
    return "; ".join(reasons)[:_SHOWN] or "without a reason"


def _objects(answer: Fields) -> list[Fields]:
    """Return a list's items; lists are in ``data``."""
    data = answer.get("data")
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def _id_of(found: Fields) -> int:
    number = found.get("id")
    if not isinstance(number, int):
        raise EnvironmentFailure("Metabase's answer has no id where its reference says that it has one")
    return number
