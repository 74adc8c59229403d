"""What was said to and by a model of the Responses API: kept by the API, or sent anew with every request."""

from collections.abc import Sequence
from typing import Any

Item = dict[str, Any]


class Thread:
    """The items of a conversation. Where the API keeps them, only what is new is sent, with the last response's id."""

    def __init__(self, *, stored: bool) -> None:
        self._stored = stored
        self._answered: str | None = None
        self._items: list[Item] = []
        self._before: tuple[str | None, list[Item]] = (None, [])

    def add(self, items: Sequence[Item]) -> None:
        """Say more to the model."""
        self._items += items

    def to_send(self) -> dict[str, Any]:
        """Return the arguments of a request that have to do with what was said so far."""
        if not self._stored:
            return {"input": self._items, "store": False, "include": ["reasoning.encrypted_content"]}
        previous = {} if self._answered is None else {"previous_response_id": self._answered}
        return {"input": self._items, "store": True, **previous}

    def take(self, response_id: str, output: Sequence[Item]) -> None:
        """Make a response part of the conversation."""
        self._before = (self._answered, list(self._items))
        self._items = [] if self._stored else [*self._items, *output]
        self._answered = response_id

    def take_back(self) -> None:
        """Go on as if the last response had never come."""
        answered, items = self._before
        self._answered, self._items = answered, list(items)
