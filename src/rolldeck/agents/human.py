"""The agent that is a person: every action, and the answer, arrives from outside."""

from rolldeck.agents.port import NextOrder, Observation, Turn
from rolldeck.domain.rollout import Actor


class HumanAgent:
    """Does what a person orders, one order a turn, until the person answers."""

    def __init__(self, orders: NextOrder) -> None:
        self._orders = orders

    async def act(self, observation: Observation) -> Turn:
        """Wait for the next order; the person is told what became of the one before. Raises ``AgentError`` where nobody comes."""
        order = await self._orders(observation.results)
        return Turn(actions=order.actions, answer=order.answer, source=Actor.HUMAN)

    async def close(self) -> None:
        """Hold nothing, let go of nothing."""
