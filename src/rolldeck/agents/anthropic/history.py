"""The messages of a conversation with Anthropic's API: few screenshots, and a prefix that its cache can hold on to."""

from collections.abc import Iterator
from typing import Any

_REMOVED = "[an older screenshot was here]"
_MARKED_TURNS = 3  # of at most four marks, one is the tool's
_MARK = {"type": "ephemeral"}

Block = dict[str, Any]


class History:
    """What was said. Screenshots are removed several at once, since each removal makes the cache useless once.

    Whenever there are more than ``newest + slack`` pictures, all but the ``newest`` ones are replaced by words.
    """

    def __init__(self, newest: int, slack: int) -> None:
        self._newest = newest
        self._slack = slack
        self._messages: list[dict[str, Any]] = []

    def user_says(self, blocks: list[Block]) -> None:
        """Add what the model is told and shown."""
        self._messages.append({"role": "user", "content": blocks})
        places = list(self._pictures())
        if len(places) > self._newest + self._slack:
            for content, index in places[: -self._newest]:
                content[index] = {"type": "text", "text": _REMOVED}

    def model_says(self, content: list[Block]) -> None:
        """Add a reply's content, to be sent back as it came; one that goes on after a pause belongs to the one before."""
        if self._messages[-1]["role"] == "assistant":
            self._messages[-1]["content"] += content
        else:
            self._messages.append({"role": "assistant", "content": content})

    def to_send(self) -> list[dict[str, Any]]:
        """Return the messages with cache marks at the ends of the newest turns, where the next request goes on."""
        said = [index for index, message in enumerate(self._messages) if message["role"] == "user"]
        marked = set(said[-_MARKED_TURNS:])
        return [
            {**message, "content": _marked(message["content"])} if index in marked else message
            for index, message in enumerate(self._messages)
        ]

    def _pictures(self) -> Iterator[tuple[list[Block], int]]:
        """Return where the pictures are, oldest first: the list that holds each, and its place there."""
        for message in self._messages:
            if message["role"] != "user":
                continue
            for inner in (message["content"], *(block.get("content", []) for block in message["content"])):
                yield from ((inner, index) for index, block in enumerate(inner) if block["type"] == "image")


def _marked(content: list[Block]) -> list[Block]:
    return [*content[:-1], {**content[-1], "cache_control": _MARK}]
