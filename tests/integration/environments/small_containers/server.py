"""A page with notes, for those who are logged in. Usage: server.py PORT; PASSWORD and DATABASE are in the environment."""

import os
import secrets
import socket
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

NOTES = Path(__file__).with_name("notes.sqlite")
SESSION = secrets.token_hex(8)
HEALTH = {"asked": 0, "every": int(os.environ.get("UNWELL_EVERY", "0"))}
FORM = '<form action="/login" method="post"><input name="name"><input name="password" type="password"></form>'


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/unwell":
            HEALTH["every"] = 1
            return self.answer(200, "as you wish")
        if self.path == "/health":
            HEALTH["asked"] += 1
            if HEALTH["every"] and HEALTH["asked"] % HEALTH["every"] == 0:
                return self.answer(503, "not now")
            host, port = os.environ["DATABASE"].split(":")
            socket.create_connection((host, int(port)), 5).close()
            return self.answer(200, "well")
        if self.path == "/login":
            return self.answer(200, FORM)
        if f"session={SESSION}" in (self.headers["Cookie"] or ""):
            return self.answer(200, "notes")
        return self.answer(403, "log in first")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form["password"] != [os.environ["PASSWORD"]]:
            return self.answer(403, "wrong password")
        return self.answer(200, "welcome", f"session={SESSION}; HttpOnly")

    def answer(self, status: int, text: str, cookie: str | None = None) -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    with sqlite3.connect(NOTES) as notes:
        notes.execute("PRAGMA journal_mode=WAL")
        if not notes.execute("SELECT 1 FROM sqlite_master WHERE name = 'note'").fetchall():
            notes.execute("CREATE TABLE note (text TEXT)")
            notes.execute("INSERT INTO note VALUES ('one')")
    kept = sqlite3.connect(NOTES)  # as long as somebody has it open, what was written is in a log beside it
    kept.execute("SELECT count(*) FROM note").fetchall()
    sys.stderr.write(f"the password is {os.environ['PASSWORD']}\n")
    ThreadingHTTPServer(("", int(sys.argv[1])), Page).serve_forever()
