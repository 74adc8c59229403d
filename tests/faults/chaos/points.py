"""The named points between a rollout's creation and its record, at which a worker can be made to wait for its end."""

import time
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection


class Point(StrEnum):
    """Where a worker is in a rollout."""

    CLAIMED = "after the claim"
    PROVISIONED = "after provisioning"
    BROWSER_OPEN = "with the browser open"
    STEP_TAKEN = "before a step is stored"
    STEP_STORED = "after a step is stored"
    BEFORE_VERIFICATION = "before verification"
    AFTER_VERIFICATION = "after verification"
    TEARDOWN = "during teardown"
    BEFORE_FINAL_WRITE = "before the final write"
    AFTER_FINAL_WRITE = "after the final write"


@dataclass(frozen=True)
class Halt:
    """Makes a worker stand still, its event loop too, when it reaches a point for the ``nth`` time."""

    point: Point
    nth: int = 1


@dataclass(frozen=True)
class Reached:
    """A worker says that it is at a point; ``halted``: and that it waits there to be killed."""

    point: Point
    rollout_id: str
    halted: bool
    at: float
    """On this machine's monotonic clock."""


@dataclass(frozen=True)
class Holds:
    """A worker says that a port is an environment's."""

    port: int


class Points:
    """Tells the injector where this worker is."""

    def __init__(self, injector: Connection, halt: Halt | None) -> None:
        self._injector = injector
        self._halt = halt
        self._times = 0

    def hold(self, port: int) -> None:
        """Say which port was taken."""
        self._injector.send(Holds(port))

    def reach(self, point: Point, rollout_id: str) -> None:
        """Say that a rollout is at a point; never returns where this worker was told to halt."""
        halts = False
        if self._halt is not None and self._halt.point is point:
            self._times += 1
            halts = self._times == self._halt.nth
        self._injector.send(Reached(point, rollout_id, halts, time.monotonic()))
        while halts:
            time.sleep(60)
