"""Stands for an environment's application: a process with a port and a database of its own, until it is killed.

python holder.py DIRECTORY: says its port on standard output, and the answer to whoever connects.
"""

import socket
import sqlite3
import sys
from pathlib import Path

ANSWER = 4711

if __name__ == "__main__":
    database = sqlite3.connect(Path(sys.argv[1]) / "application.db", isolation_level=None)
    database.execute("CREATE TABLE truth (answer)")
    database.execute("INSERT INTO truth VALUES (?)", (ANSWER,))
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        visitor, _ = listener.accept()
        with visitor:
            [(answer,)] = database.execute("SELECT answer FROM truth").fetchall()
            visitor.sendall(str(answer).encode())
