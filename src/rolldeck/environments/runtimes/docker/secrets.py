"""An environment's secrets: made when they are first asked for, known to nobody else, and never shown."""

import secrets

_BYTES = 24
_HIDDEN = "•••"


class Secrets:
    """Random texts by name."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Return the secret of that name."""
        if name not in self._values:
            self._values[name] = secrets.token_hex(_BYTES)
        return self._values[name]

    def removed_from(self, text: str) -> str:
        """Return the text without any of them: for logs and messages."""
        for value in self._values.values():
            text = text.replace(value, _HIDDEN)
        return text
