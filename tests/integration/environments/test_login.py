"""Logging in by HTTP, to a server that has what applications have, and to hostile ones."""

import html
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import CookieLogin, FormLogin
from rolldeck.environments.login import log_in

PASSWORD = "of-this-environment"
FORM = FormLogin("/login", {"user": "ada", "password": "${secret.ada}"})


@dataclass
class Application:
    """Stands for an application with a login: a token in the form, a session cookie, a redirect after it."""

    answers: dict[str, Callable[["Request"], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    origin: str = ""

    def secret(self, name: str) -> str:
        return PASSWORD if name == "ada" else "other"

    def address_inside(self, service: str) -> tuple[str, int]:
        raise KeyError(service)


class Request(BaseHTTPRequestHandler):
    """One request to it."""

    application: Application

    def do_GET(self) -> None:
        self.answer_with("GET")

    def do_POST(self) -> None:
        self.answer_with("POST")

    def answer_with(self, method: str) -> None:
        key = f"{method} {self.path.partition('?')[0]}"
        self.application.asked.append(key)
        self.application.answers.get(key, lambda request: request.say(404))(self)

    def body(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body()).items()}

    def say(self, status: int, text: str = "", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def application() -> Iterator[Application]:
    application = Application()
    handler = type("Bound", (Request,), {"application": application})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        application.origin = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield application
        server.shutdown()


def page(*inputs: str, action: str = "/session", method: str = "post") -> Callable[[Request], None]:
    form = f'<form action="{html.escape(action)}" method="{method}">{"".join(inputs)}</form>'
    search = '<form action="/search"><input name="q"></form>'
    return lambda request: request.say(200, f"<html>{search}{form}</html>", Set_Cookie="before=1; Path=/")


FIELDS = ('<input name="user">', '<input name="password" type="password">')


def accept(request: Request) -> None:
    """Accept the right password together with the page's token and cookie, else show the form again."""
    given = request.form()
    expected = {"user": "ada", "password": PASSWORD, "token": "a&b", "remember": "on"}
    if given == expected and request.headers["Cookie"] == "before=1" and request.headers["Origin"]:
        request.say(303, Location="/home", Set_Cookie="session=s3; Path=/; HttpOnly")
    else:
        page(*FIELDS)(request)


TOKEN = (
    '<input type="hidden" name="token" value="a&amp;b">',
    '<input type="checkbox" name="remember" checked><input type="checkbox" name="news" value="1">',
    '<input type="submit" name="go" value="Log in">',
)


async def test_hidden_fields_and_cookies_of_the_page_are_kept(application: Application) -> None:
    application.answers |= {
        "GET /login": lambda request: request.say(302, Location="/sign-in"),
        "GET /sign-in": page(*FIELDS, *TOKEN, action="session?next=/home"),
        "POST /session": accept,
        "GET /home": lambda request: request.say(200, "Welcome"),
    }
    cookies = await log_in(FORM, application)
    assert set(cookies) == {Cookie("session", "s3", "/", True), Cookie("before", "1", "/", False)}
    assert application.asked == ["GET /login", "GET /sign-in", "POST /session", "GET /home"]


async def test_json_is_posted_where_there_is_no_page(application: Application) -> None:
    def accept_json(request: Request) -> None:
        assert json.loads(request.body()) == {"username": "ada", "password": PASSWORD}
        request.say(200, "{}", Set_Cookie="sid=1; Path=/app")

    application.answers["POST /api/session"] = accept_json
    login = FormLogin("/api/session", {"username": "ada", "password": "${secret.ada}"}, as_json=True)
    assert await log_in(login, application) == (Cookie("sid", "1", "/app", False),)


async def test_what_needs_no_form_asks_nothing(application: Application) -> None:
    known = (Cookie("a", "b"),)
    assert await log_in(CookieLogin(known), application) == known
    assert await log_in(None, application) == ()
    assert application.asked == []


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"GET /login": page('<input name="email">', *FIELDS[1:])}, "no form with the fields user, password.*email"),
        ({"GET /login": lambda request: request.say(200, "<p>nothing")}, "no form with the fields"),
        ({}, "GET /login answered 404"),
        ({"GET /login": page(*FIELDS)}, "POST /session answered 404"),
        ({"GET /login": page(*FIELDS), "POST /session": accept}, "was refused, its form was shown again"),
        ({"GET /login": page(*FIELDS), "POST /session": lambda r: r.say(403)}, "POST /session answered 403"),
        ({"GET /login": lambda request: request.say(302, Location="/login")}, "redirected more than"),
    ],
)
async def test_a_login_that_does_not_work_says_why_and_is_not_tried_again(
    application: Application, answers: dict[str, Callable[[Request], None]], words: str
) -> None:
    application.answers = answers
    with pytest.raises(TemplateError, match=words) as refusal:
        await log_in(FORM, application)
    assert not refusal.value.retryable
    assert PASSWORD not in str(refusal.value)


async def test_a_login_without_cookies_is_none(application: Application) -> None:
    application.answers["POST /login"] = lambda request: request.say(200, "{}")
    with pytest.raises(TemplateError, match="gave no cookie"):
        await log_in(FormLogin("/login", {"a": "b"}, as_json=True), application)


async def test_a_server_in_trouble_may_be_tried_again(application: Application) -> None:
    application.answers["GET /login"] = lambda request: request.say(503)
    with pytest.raises(EnvironmentFailure, match="answered 503") as failure:
        await log_in(FORM, application)
    assert failure.value.retryable
    application.origin = "http://127.0.0.1:9"
    with pytest.raises(EnvironmentFailure, match="does not answer"):
        await log_in(FORM, application)


@pytest.mark.parametrize(
    "elsewhere",
    ["http://evil.example/", "//evil.example/x", "http://127.0.0.1:1/", "https://127.0.0.1/", "file:///etc/passwd"],
)
async def test_no_password_goes_to_another_origin(application: Application, elsewhere: str) -> None:
    application.answers = {
        "GET /login": page(*FIELDS, action=elsewhere),
        "GET /moved": lambda request: request.say(302, Location=elsewhere),
        "GET /later": page(*FIELDS, action="/session"),
        "POST /session": lambda request: request.say(307, Location=elsewhere),
    }
    for path in ("/login", "/moved", "/later"):
        with pytest.raises(TemplateError, match="another origin"):
            await log_in(FormLogin(path, dict(FORM.fields)), application)


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1:x/", "http://a\x00b/", "http://127.0.0.1:99999/"])
async def test_what_is_no_address_is_refused(application: Application, address: str) -> None:
    application.answers["GET /login"] = page(*FIELDS, action=address)
    with pytest.raises(TemplateError):
        await log_in(FORM, application)


async def test_an_endless_page_is_not_read_to_its_end(application: Application) -> None:
    def endless(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"<form>" * 10_000)
        except OSError:
            pass

    application.answers["GET /login"] = endless
    with pytest.raises(TemplateError, match="larger than 4 MB"):
        await log_in(FORM, application)
