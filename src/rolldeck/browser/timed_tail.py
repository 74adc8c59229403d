"""What is written about a page, with the time of it."""

from datetime import UTC, datetime

from rolldeck.domain.log import Tail


class TimedTail(Tail):
    """A tail whose lines begin with the time of day in UTC."""

    def add(self, text: str) -> None:
        """Keep a line of now."""
        super().add(f"{datetime.now(UTC).strftime('%H:%M:%S.%f')[:-3]} {text}")
