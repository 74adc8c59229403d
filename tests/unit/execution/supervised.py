"""A stand-in for a worker process, which tells over a socket what happens to it.

python supervised.py SOCKET WORKER-ID OBEDIENCE

OBEDIENCE: ``drains`` ends on SIGTERM, ``releases`` on SIGINT only, ``stubborn`` on neither, ``dies`` at once.
"""

import os
import signal
import socket
import sys
from types import FrameType

address, worker_id, obedience = sys.argv[1:]
connection = socket.socket(socket.AF_UNIX)
connection.connect(address)


def tell(what: str) -> None:
    connection.sendall(f"{worker_id} {what}\n".encode())


def obey(number: int, _: FrameType | None) -> None:
    tell(signal.Signals(number).name)
    if obedience == "drains" or (obedience == "releases" and number == signal.SIGINT):
        sys.exit(0)


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, obey)
tell(f"started {os.getpid()} {os.getpgid(0)}")
if obedience == "dies":
    sys.exit(7)
while os.read(0, 100):
    tell("woken")
tell("alone")
