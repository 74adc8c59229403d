"""The agent's login, for any runtime: a form that is filled in by HTTP, or cookies that are known beforehand.

The application is hostile: what it answers is read up to a limit, and what is filled in goes to its own origin only.
"""

from collections.abc import Mapping, Sequence
from http.cookiejar import Cookie as JarCookie
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import CookieLogin, FormLogin, Login, Reach
from rolldeck.environments.html_form import HtmlForm, forms_of
from rolldeck.environments.placeholders import fill

_SECONDS = 30.0
_MOST_REDIRECTS = 10
_LARGEST_PAGE = 4_000_000


async def log_in(login: Login, reach: Reach) -> Sequence[Cookie]:
    """Return the cookies with which a browser is logged in.

    Raises ``EnvironmentFailure`` where the application does not answer, and ``TemplateError``, which is not worth
    trying again, where what it answers is no login: no such form, a refusal, or a way to another origin.
    """
    if login is None:
        return ()
    if isinstance(login, CookieLogin):
        return login.cookies
    fields = {name: fill(text, reach) for name, text in login.fields.items()}
    try:
        async with _Visit(reach.origin) as visit:
            if login.as_json:
                await visit.send("POST", login.path, json=fields)
            else:
                await _fill_in(visit, login, fields)
            cookies = visit.cookies()
    except httpx2.InvalidURL as error:
        raise TemplateError(f"the login {login.path} leads to what is no address: {error}") from error
    except httpx2.HTTPError as error:
        what = f"within {_SECONDS:g} s" if isinstance(error, httpx2.TimeoutException) else f": {error}"
        raise EnvironmentFailure(f"the login {login.path} does not answer {what}") from error
    if not cookies:
        raise TemplateError(f"the login {login.path} gave no cookie: is it another path, or `json` another way?")
    return cookies


async def _fill_in(visit: "_Visit", login: FormLogin, fields: Mapping[str, str]) -> None:
    page = await visit.send("GET", login.path)
    form = _form_with(page, fields)
    if form is None:
        there = "; ".join(", ".join(one.names) for one in forms_of(page.text)) or "no form"
        raise TemplateError(
            f"the page {login.path} has no form with the fields {', '.join(fields)} (it has: {there[:500]}); "
            "see the names of its inputs"
        )
    filled = {**form.values, **fields}
    answer = await visit.send(form.method, _joined(page.url, form.action), form=filled)
    if _form_with(answer, fields) is not None:
        raise TemplateError(f"the login {login.path} was refused, its form was shown again: are the fields right?")


class _Page:
    """What was answered in the end."""

    def __init__(self, url: str, text: str) -> None:
        self.url = url
        self.text = text


def _form_with(page: _Page, fields: Mapping[str, str]) -> HtmlForm | None:
    return next((form for form in forms_of(page.text) if set(fields) <= set(form.names)), None)


class _Visit:
    """One visitor of one origin, with the cookies that it is given."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._http = httpx2.AsyncClient(
            trust_env=False, timeout=_SECONDS, headers={"Accept": "text/html,*/*", "Accept-Encoding": "identity"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(
        self,
        method: str,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, str] | None = None,
    ) -> _Page:
        """Send a request and follow where it is redirected to, which must be the same origin.

        Raises ``TemplateError``, ``EnvironmentFailure`` for a server's error, and ``httpx2.HTTPError``.
        """
        url = self._own(_joined(self._origin + "/", address))
        for _ in range(_MOST_REDIRECTS):
            asked = f"{method} {urlsplit(url).path}"
            headers = {} if method == "GET" else {"Origin": self._origin, "Referer": url}
            query = form if method == "GET" else None
            body = form if method != "GET" else None
            request = self._http.build_request(method, url, params=query, data=body, json=json, headers=headers)
            response = await self._http.send(request, stream=True)
            try:
                text = await _read(response)
            finally:
                await response.aclose()
            if not response.has_redirect_location:
                _expect_success(response.status_code, asked)
                return _Page(str(response.url), text)
            url = self._own(_joined(url, response.headers["Location"]))
            if response.status_code not in {307, 308}:
                method, form, json = "GET", None, None
        raise TemplateError(f"the login is redirected more than {_MOST_REDIRECTS} times, to {url}")

    def cookies(self) -> Sequence[Cookie]:
        """Return the cookies that it has now."""
        return tuple(_as_cookie(cookie) for cookie in self._http.cookies.jar)

    def _own(self, url: str) -> str:
        if _origin_of(url) != _origin_of(self._origin):
            raise TemplateError(f"the login leads to another origin, {_origin_of(url)}: nothing was sent there")
        return url


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError as error:
        raise TemplateError(f"the login leads to what is no address: {error}") from error


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "nowhere"
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")


async def _read(response: httpx2.Response) -> str:
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _LARGEST_PAGE:
            raise TemplateError(f"a page of the login is larger than {_LARGEST_PAGE // 1_000_000} MB")
    return content.decode(errors="replace")  # of another encoding only what is not looked for is lost


def _expect_success(status: int, asked: str) -> None:
    if status >= 500:
        raise EnvironmentFailure(f"the login failed: {asked} answered {status}")
    if status >= 400:
        raise TemplateError(f"the login was refused: {asked} answered {status}")


def _as_cookie(cookie: JarCookie) -> Cookie:
    http_only = cookie.has_nonstandard_attr("HttpOnly")
    return Cookie(cookie.name, cookie.value or "", cookie.path, http_only)
