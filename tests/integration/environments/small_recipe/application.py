"""The application itself; runs in its own virtual environment, as ``rolldeck.environments.recipe`` says."""

import json
import os
import sqlite3
import time
from pathlib import Path
from urllib.parse import parse_qs


def build(directory, data, report):
    report("make the notes")
    with sqlite3.connect(directory / "notes.sqlite") as notes:
        notes.execute("CREATE TABLE note (text)")
        notes.execute("INSERT INTO note VALUES ('from the template')")
    notes.close()


def warm_up(template, scratch, data):
    return {}


def adopt(application, instance):
    if "refuses" in instance["directory"]:
        raise RuntimeError("this environment refuses to start")
    secret = instance["secret"]

    def wsgi(request, start_response):
        query = parse_qs(request["QUERY_STRING"])
        logged_in = f"session={secret}" in request.get("HTTP_COOKIE", "")
        if request["PATH_INFO"] == "/health":
            status, answer = "200 OK", "OK"
        elif not logged_in:
            status, answer = "302 Found", "/login"
        elif request["PATH_INFO"] == "/read":
            status, answer = "200 OK", _read(query["file"][0])
        elif request["PATH_INFO"] == "/never":
            time.sleep(600)
            status, answer = "200 OK", "after all"
        elif request["PATH_INFO"] == "/linger":
            status, answer = "200 OK", str(_start_a_process_in_another_session())
        else:
            status, answer = "200 OK", json.dumps({"uid": os.getuid(), "directory": str(Path.cwd())})
        start_response(status, [("Content-Type", "text/plain")])
        return [answer.encode()]

    return wsgi, {"session": secret}


def start_cold(template, instance):
    return adopt({}, instance)


def _read(path):
    try:
        return Path(path).read_bytes().decode(errors="replace")
    except OSError as error:
        return f"refused: {type(error).__name__}"


def _start_a_process_in_another_session():
    """What a program does that does not want to be killed with its parent."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.execvp("sleep", ["sleep", "600"])
    return pid
