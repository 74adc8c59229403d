"""Superset as a service in a container: built at its first start, served at each. Knows nothing of Rolldeck.

Usage: ``python container.py DIRECTORY PORT`` (or ``build`` in place of the port, which it calls itself). In the environment:
``DATA_NAME``, ``DATA_HOST``, ``DATA_PORT``, ``DATA_USER``, ``DATA_PASSWORD`` (the data source), ``SESSION_SECRET`` and
``LOGIN_TOKEN``. Whoever posts ``{"token": …}`` with that token to ``/rolldeck/login`` is logged in as the agent, once.
"""

# mypy: ignore-errors
# These libraries live in Superset's own environment, not in Rolldeck's.

import hmac
import json
import os
import subprocess
import sys
from pathlib import Path

import application

_LOGIN = "/rolldeck/login"
_THREADS = 8
_LONGEST_TOKEN = 1000


def main(directory, port):
    """Serve until the container is stopped."""
    data = _data()
    if port == "build":
        return _build(directory, data)
    if not (directory / application.METADATA).exists():
        # In a process of its own: Superset's application can be created only once in one.
        subprocess.run([sys.executable, __file__, directory, "build"], check=True)
    instance = {"directory": str(directory), "secret": os.environ["SESSION_SECRET"], "data": data}
    app, cookies = application.start_cold(directory, instance)
    from waitress import serve  # noqa: PLC0415

    entrance = _Entrance(app, cookies, os.environ["LOGIN_TOKEN"])
    return serve(entrance, host="0.0.0.0", port=int(port), threads=_THREADS)  # noqa: S104 - in its own network


def _data():
    return {
        "name": os.environ["DATA_NAME"],
        "host": os.environ["DATA_HOST"],
        "port": int(os.environ["DATA_PORT"]),
        "database": os.environ["DATA_NAME"],
        "user": os.environ["DATA_USER"],
        "password": os.environ["DATA_PASSWORD"],
    }


def _build(directory, data):
    """Make the metadata beside its place, so that a build that is interrupted begins anew."""
    partial = directory / "building"
    partial.mkdir(exist_ok=True)
    for left in partial.iterdir():
        left.unlink()
    application.build(partial, data, lambda step: sys.stderr.write(f"{step}\n"))
    (partial / application.METADATA).rename(directory / application.METADATA)


class _Entrance:
    """Superset with one more address, for whoever knows the token."""

    def __init__(self, app, cookies, token):
        self._app = app
        self._cookies = cookies
        self._token = token

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] != _LOGIN or environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start_response)
        token, self._token = self._token, None
        if token is None or not _posts(environ, token):
            self._token = token
            start_response("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        headers = [
            ("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax") for name, value in self._cookies.items()
        ]
        start_response("200 OK", [*headers, ("Content-Length", "0")])
        return [b""]


def _posts(environ, token):
    length = min(int(environ.get("CONTENT_LENGTH") or 0), _LONGEST_TOKEN)
    try:
        posted = json.loads(environ["wsgi.input"].read(length))
    except ValueError:
        return False
    return isinstance(posted, dict) and hmac.compare_digest(str(posted.get("token")), token)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
