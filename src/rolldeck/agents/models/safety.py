"""What is decided where a model's provider wants a person to confirm what the model is about to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from rolldeck.agents.models.conversation import Call, Outcome
from rolldeck.agents.models.parameters import ModelParameters
from rolldeck.agents.port import Confirm, ToConfirm
from rolldeck.domain.rollout import Confirmation, Decision

_DENIED = {
    Decision.DENIED_BY_POLICY: "was not done: it needs a confirmation, which this rollout's settings deny",
    Decision.DENIED_BY_PERSON: "was not done: the person who was asked to confirm it denied it",
    Decision.UNANSWERED: "was not done: it needs a confirmation, and nobody gave it in time",
}


@dataclass(frozen=True)
class Decided:
    """Calls, those that were denied with that as their problem, and what was decided."""

    outcomes: Sequence[Outcome]
    confirmations: tuple[Confirmation, ...]


class Safety:
    """Decides as a rollout's parameters say."""

    def __init__(self, parameters: ModelParameters, confirm: Confirm) -> None:
        self._parameters = parameters
        self._confirm = confirm

    async def decide(self, calls: Sequence[Call], said: str = "") -> Decided:
        """Return each call's outcome as far as it is known before anything is done. Whoever is asked is asked in order.

        ``said`` is what the model said beside the calls.
        """
        outcomes: list[Outcome] = []
        confirmations: list[Confirmation] = []
        for call in calls:
            if call.concern is None:
                outcomes.append(Outcome(call))
                continue
            decision = await self._decide(ToConfirm(call.name, call.concern, call.intent or said, call.actions))
            confirmations.append(Confirmation(action=call.name, concern=call.concern, decision=decision))
            outcomes.append(Outcome(call, _DENIED.get(decision), confirmed=decision not in _DENIED))
        return Decided(outcomes, tuple(confirmations))

    async def _decide(self, what: ToConfirm) -> Decision:
        match self._parameters.safety:
            case "allow":
                return Decision.ALLOWED_BY_POLICY
            case "deny":
                return Decision.DENIED_BY_POLICY
        answer = await self._confirm(what, self._parameters.ask_seconds)
        if answer is None:
            return Decision.UNANSWERED
        return Decision.ALLOWED_BY_PERSON if answer else Decision.DENIED_BY_PERSON
