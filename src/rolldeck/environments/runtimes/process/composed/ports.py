"""Ports for programs that bind them themselves."""

import socket
import sys

HOST = "127.0.0.1"
_CAN_BE_SHARED = sys.platform == "linux"


class ReservedPort:
    """A port that the system gives to nobody who asks for any, but to a program that is told its number.

    On Linux it is kept until ``close``: a socket that is bound and does not listen is no obstacle to one with
    SO_REUSEADDR, which servers set. Elsewhere it would be one: there the port is let go just before the program starts.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind((HOST, 0))  # without SO_REUSEADDR, so that nobody else has it
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.number: int = self._socket.getsockname()[1]

    def let_bind(self) -> None:
        """Make way for the program, which is started next."""
        if not _CAN_BE_SHARED:
            self.close()

    def close(self) -> None:
        """Give it back. Idempotent."""
        self._socket.close()
