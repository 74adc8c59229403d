"""A stand-in for a worker process, which tells over a socket what happens to it.

python supervised.py SOCKET WORKER-ID OBEDIENCE

What it is told to watch it shows: a frame of each. OBEDIENCE: ``drains`` ends on SIGTERM, ``releases`` on SIGINT only, ``stubborn`` on neither, ``dies`` at once.
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
while order := os.read(0, 1000):
    words = order.split()
    if words[:1] == [b"watch"]:
        for rollout_id in words[1:]:
            os.write(1, rollout_id + (4).to_bytes(4, "big") + b"jpeg")
    tell(order.decode().strip() or "woken")
tell("alone")
