"""What a model's requests took, with their cost."""

from rolldeck.agents.models.catalogue import Prices
from rolldeck.agents.models.transport import ModelTransport
from rolldeck.domain.usage import Usage

NOTHING = Usage(requests=0, cost=0)


class Accounts:
    """Keeps accounts of one transport's requests. ``prices`` are the model's, None where they are not known."""

    def __init__(self, transport: ModelTransport, prices: Prices | None) -> None:
        self._transport = transport
        self._prices = prices

    def priced(self, tokens: Usage) -> Usage:
        """Return the tokens of one request with what they cost."""
        cost = None if self._prices is None else self._prices.cost_of(tokens)
        return tokens.model_copy(update={"cost": cost})

    def timed(self, usage: Usage) -> Usage:
        """Return tokens and cost with how many requests there were since the last time, and how long they took."""
        tally = self._transport.take_tally()
        return usage.model_copy(
            update={
                "requests": tally.requests,
                "retries": tally.retries,
                "model_seconds": tally.model_seconds,
                "waited_seconds": tally.waited_seconds,
            }
        )
