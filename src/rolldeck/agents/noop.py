"""The agent that does nothing: whatever task it solves can be solved by doing nothing, and measures nothing."""

from rolldeck.agents.port import Observation, Turn


class NoopAgent:
    """Answers with an empty text at its first turn, which a verifier takes for no answer."""

    async def act(self, observation: Observation) -> Turn:  # noqa: ARG002 - it does not even look
        """Return the empty answer."""
        return Turn(message="I do nothing.", answer="")

    async def close(self) -> None:
        """Hold nothing, let go of nothing."""
