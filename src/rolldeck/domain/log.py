"""What was written while a rollout was executed. The texts are hostile: pages and applications write them."""

from collections import deque
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_MOST_CHARACTERS = 256 * 1024
_MOST_OF_A_LINE = 2_000


class LogSource(StrEnum):
    """Who wrote: Rolldeck's own worker, the page to its console, the page to the network, or a service of the environment."""

    WORKER = "worker"
    CONSOLE = "console"
    NETWORK = "network"
    SERVICE = "service"


class Log(BaseModel):
    """The end of what one of them wrote, without secrets. ``name`` is the service's, or the source's own."""

    model_config = ConfigDict(frozen=True)

    source: LogSource
    name: str
    text: str = Field(description="lines, oldest first; hostile text")


LOGS = TypeAdapter(list[Log])
"""The logs of an attempt, as they are stored."""


class Tail:
    """The newest lines of what may be written without end: so many characters of them, and so many of each line."""

    def __init__(self, most_characters: int = _MOST_CHARACTERS, most_of_a_line: int = _MOST_OF_A_LINE) -> None:
        self._most_characters = most_characters
        self._most_of_a_line = most_of_a_line
        self._lines: deque[str] = deque()
        self._characters = 0
        self._dropped = 0

    def add(self, text: str) -> None:
        """Keep a line; what is broken into several is indented, so that nobody's text looks like a line of another's."""
        if len(text) > self._most_of_a_line:
            text = f"{text[: self._most_of_a_line]}… ({len(text)} characters)"
        line = "\n    ".join(text.splitlines())
        self._lines.append(line)
        self._characters += len(line) + 1
        while self._characters > self._most_characters and len(self._lines) > 1:
            self._characters -= len(self._lines.popleft()) + 1
            self._dropped += 1

    @property
    def text(self) -> str:
        """What is kept, a line for each; the first one says how many are not."""
        dropped = [f"({self._dropped} lines before are not kept)"] if self._dropped else []
        return "\n".join([*dropped, *self._lines])
