"""The agent that asks a model what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rolldeck.agents.models.accounts import NOTHING, Accounts
from rolldeck.agents.models.conversation import Conversation, MalformedReply, Outcome, Reply
from rolldeck.agents.models.parameters import ModelParameters
from rolldeck.agents.models.safety import Safety
from rolldeck.agents.port import Observation, Turn
from rolldeck.domain.errors import AgentError
from rolldeck.domain.rollout import ActionResult

_MOST_CALLS = 50
_TOO_MANY = f"was not done: more than {_MOST_CALLS} calls in one turn"
_AFTER_A_PROBLEM = "was not done, because a call before it could not be"


class ModelAgent:
    """Has a conversation with a model: each turn shows it the page, and takes what it asks for as actions.

    A reply of no use is asked for again, as often as the parameters allow.
    """

    def __init__(
        self,
        conversation: Conversation,
        accounts: Accounts,
        *,
        prompt: str,
        parameters: ModelParameters,
        safety: Safety,
    ) -> None:
        self._conversation = conversation
        self._accounts = accounts
        self._prompt = prompt
        self._parameters = parameters
        self._safety = safety
        self._asked_for: Sequence[Outcome] | None = None
        self._malformed = 0

    async def act(self, observation: Observation) -> Turn:
        """Return what the model wants done, or its answer. Raises ``AgentError`` where it says nothing of use."""
        is_first = self._asked_for is None
        if self._asked_for is None:
            self._conversation.begin(self._prompt, observation)
        else:
            self._conversation.respond(_with_results(self._asked_for, observation.results), observation)
        reply = await self._reply()
        decided = await self._safety.decide(reply.calls[:_MOST_CALLS], reply.text)
        self._asked_for = _orderly(
            [*decided.outcomes, *(Outcome(call, _TOO_MANY) for call in reply.calls[_MOST_CALLS:])]
        )
        self._note_usefulness(reply)
        return Turn(
            message=reply.text or "\n".join(call.intent for call in reply.calls if call.intent),
            thoughts=reply.thoughts,
            actions=tuple(
                action for outcome in self._asked_for if not outcome.problem for action in outcome.call.actions
            ),
            answer=None if reply.calls else reply.text,
            usage=reply.usage,
            confirmations=decided.confirmations,
            prompt=self._prompt if is_first else None,
        )

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._conversation.close()

    async def _reply(self) -> Reply:
        """Return a reply of use; its usage is that of all requests that it took."""
        accounts, usage = self._accounts, NOTHING
        while True:
            try:
                reply = await self._conversation.ask()
            except MalformedReply as malformed:
                usage = usage.with_tokens_of(accounts.priced(malformed.usage))
                self._count_malformed(str(malformed))
                continue
            return replace(reply, usage=accounts.timed(usage.with_tokens_of(accounts.priced(reply.usage))))

    def _note_usefulness(self, reply: Reply) -> None:
        """A reply whose calls all have problems is of no use either: the problems are its model's to mend, next turn."""
        if reply.calls and all(call.problem for call in reply.calls):
            self._count_malformed("; ".join(f"{call.name}: {call.problem}" for call in reply.calls[:3]))
        else:
            self._malformed = 0

    def _count_malformed(self, reason: str) -> None:
        self._malformed += 1
        if self._malformed > self._parameters.malformed_replies:
            times = "" if self._malformed == 1 else f" {self._malformed} times in a row"
            raise AgentError(f"the model's replies were of no use{times}; the last one: {reason}")


def _orderly(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Return what of calls is to be done: nothing from the first one with a problem on, for they build on each other."""
    orderly: list[Outcome] = []
    for outcome in outcomes:
        problem = outcome.problem or outcome.call.problem
        if problem is None and orderly and orderly[-1].problem is not None:
            problem = _AFTER_A_PROBLEM
        orderly.append(replace(outcome, problem=problem))
    return orderly


def _with_results(asked_for: Sequence[Outcome], results: Sequence[ActionResult]) -> Sequence[Outcome]:
    """Return what became of calls, from the results of the actions that they meant."""
    following = iter(results)
    return [outcome if outcome.problem else _with_own_results(outcome, following) for outcome in asked_for]


def _with_own_results(outcome: Outcome, following: Iterator[ActionResult]) -> Outcome:
    own = [result for _, result in zip(outcome.call.actions, following, strict=False)]
    errors = [result.error for result in own if result.error is not None]
    return replace(
        outcome,
        problem="; ".join(errors) or None,
        notices=tuple(result.notice for result in own if result.notice is not None),
    )
