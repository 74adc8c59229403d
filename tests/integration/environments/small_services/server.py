"""The service that a browser opens: python3 server.py HOST PORT."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSWORD, DATA = os.environ["PASSWORD"], Path(os.environ["WHERE"], "data")
FORM = '<form method="post"><input name="user"><input name="password" type="password"></form>'


def make_data() -> None:
    """What a first start makes; an environment finds it there."""
    DATA.mkdir(exist_ok=True)
    if (DATA / "data.sqlite").exists():
        return
    (DATA / "note.txt").write_text("from the template")
    for name, statements in {
        "data": ("CREATE TABLE fruit (name)", "INSERT INTO fruit VALUES ('apple'), ('pear'), ('plum')"),
        "notes": ("CREATE TABLE note (text)", "INSERT INTO note VALUES ('from the template')"),
    }.items():
        with sqlite3.connect(DATA / f"{name}.sqlite") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()


def make_own() -> None:
    """Leave in the data what no other environment has."""
    with sqlite3.connect(DATA / "data.sqlite") as connection:
        connection.execute("DROP TABLE IF EXISTS own")
        connection.execute("CREATE TABLE own (secret)")
        connection.execute("INSERT INTO own VALUES (?)", [PASSWORD])
    connection.close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        given = dict(urllib.parse.parse_qsl(query))
        if path == "/health":
            self.say(200, "OK")
        elif path == "/login":
            self.say(200, FORM)
        elif f"session={PASSWORD}" not in (self.headers["Cookie"] or ""):
            self.say(302, "", Location="/login")
        elif path == "/read":
            self.say(200, read(given["file"]))
        elif path == "/write":
            self.say(200, write(given["file"]))
        elif path == "/linger":
            command = ["sleep", "600"]
            self.say(200, str(subprocess.Popen(command, start_new_session=True, env={}).pid))
        elif path == "/swap":
            (DATA / "notes.sqlite").unlink()
            (DATA / "notes.sqlite").symlink_to(given["file"])
            (DATA / "link").symlink_to(given["file"])
            self.say(200, "swapped")
        else:
            with urllib.request.urlopen(os.environ["COUNTER"]) as answer:
                self.say(200, json.dumps({"uid": os.getuid(), "directory": str(Path.cwd()), "counter": answer.status}))

    def do_POST(self) -> None:
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if self.path == "/login" and form == {"user": "ada", "password": PASSWORD}:
            self.say(303, "", Location="/", Set_Cookie=f"session={PASSWORD}; HttpOnly")
        else:
            self.say(403, "no")

    def say(self, status: int, text: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def read(file: str) -> str:
    try:
        return Path(file).read_bytes().decode(errors="replace")
    except OSError as error:
        return f"refused: {type(error).__name__}"


def write(file: str) -> str:
    try:
        Path(file).write_text("written by an environment")
    except OSError as error:
        return f"refused: {type(error).__name__}"
    return "written"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    make_data()
    make_own()
    sys.stdout.write(f"the password is {PASSWORD}\n")
    sys.stdout.flush()
    if "refuses" in str(Path.cwd()):
        sys.exit(3)
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
