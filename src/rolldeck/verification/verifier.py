"""The verdict on a rollout: the agent's answer and the state that it left, against what the task expects."""

import asyncio
import json

from pydantic import JsonValue

from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Evidence, Match, Verdict
from rolldeck.verification.by_model import METHOD, read_by_model
from rolldeck.verification.comparison import WHOLE, Compared, compare
from rolldeck.verification.extraction import Found, find_answer, has_form
from rolldeck.verification.port import AnswerReader, SqlReader
from rolldeck.verification.state import STATE, check_state

_MAX_SHOWN = 120


class AnswerVerifier:
    """Compares answers by the task's rules, and makes its state checks; holds nothing between rollouts."""

    async def verify(
        self, task: Task, answer_text: str | None, sql: SqlReader, reader: AnswerReader | None = None
    ) -> Verdict:
        """Return the verdict on the agent's answer (None: it gave none) and the environment's state.

        Success is that every field and every check matches. The reward is then 1, else 0; with partial credit it is the
        share of fields and checks that match, each counting the same. A task without an answer is judged by its state.
        With a ``reader``, that is asked for an answer that cannot be read as the task wants it written.

        Raises ``VerificationError`` where a state check cannot be made, and what ``reader.ask`` raises.
        """
        # A hostile answer takes some seconds: other rollouts go on meanwhile.
        found = await asyncio.to_thread(self._found, task, answer_text)
        answer = await asyncio.to_thread(self._compared, task, found)
        state = tuple([await check_state(check, sql) for check in task.verifier.state])
        extraction = None
        if reader is not None and (problem := _unreadable(task, answer_text, found, answer)) is not None:
            extraction = await read_by_model(reader, task, answer_text or "", found, problem)
            if extraction.found:
                found = Found(extraction.parsed, METHOD)
                answer = await asyncio.to_thread(self._compared, task, found)
        fields = (answer.fields if answer else 0) + len(state)
        matching = (answer.matching if answer else 0) + sum(item.verdict is Match.MATCH for item in state)
        success = matching == fields
        return Verdict(
            reward=matching / fields if task.verifier.partial_credit else float(success),
            success=success,
            parsed=found.value if found else None,
            extraction=extraction,
            evidence=(*(answer.evidence if answer else ()), *state),
            reason=_reason(answer, state, found, answer_text),
        )

    def _found(self, task: Task, answer_text: str | None) -> Found | None:
        return find_answer(answer_text or "", _shapes(task))

    def _compared(self, task: Task, found: Found | None) -> Compared | None:
        """Compare the answer; None where the task expects none."""
        if task.answer is None:
            return None
        if found is not None:
            return compare(task.answer, found.value, task.verifier)
        missing = Evidence(
            path=WHOLE, expected=task.answer, got=None, verdict=Match.MISSING, note="no answer was found"
        )
        return Compared((missing,), compare(task.answer, None, task.verifier).fields)


def _shapes(task: Task) -> tuple[JsonValue, ...]:
    return ({} if task.answer is None else task.answer, *task.verifier.alternatives)


def _unreadable(task: Task, text: str | None, found: Found | None, answer: Compared | None) -> str | None:
    """Return why an answer that was given is none that can be read as it should be written; None where it can."""
    if answer is None or answer.success or not (text or "").strip():
        return None
    if found is None:
        return "no answer was found in the agent's text"
    if has_form(found, _shapes(task)):
        return None
    return f"what was found in {found.method or 'the text'} is not written as the task wants it"


# ---------------------------------------------------------------- the reason, in one sentence


def _reason(answer: Compared | None, state: tuple[Evidence, ...], found: Found | None, text: str | None) -> str:
    parts = []
    if answer is not None:
        parts.append(_about_answer(answer, found, text))
    if state:
        parts.append(_about_state(state))
    return "; ".join(parts)


def _about_answer(answer: Compared, found: Found | None, text: str | None) -> str:
    if found is None:
        return "the agent gave no answer" if not (text or "").strip() else "no answer was found in the agent's text"
    place = f" (found in {found.method})" if found.method else ""
    if answer.success:
        return f"{_all_of(answer.fields, 'field')}{place}"
    wrong = [item for item in answer.evidence if item.verdict is not Match.MATCH]
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"{answer.matching} of {answer.fields} fields match{place}; {_explained(wrong[0])}{more}"


def _about_state(state: tuple[Evidence, ...]) -> str:
    wrong = [item for item in state if item.verdict is not Match.MATCH]
    if not wrong:
        return _all_of(len(state), "state check")
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    holding = len(state) - len(wrong)
    return f"{holding} of {len(state)} state checks match; {_explained(wrong[0])}{more}"


def _all_of(count: int, noun: str) -> str:
    return f"the {noun} matches" if count == 1 else f"all {count} {noun}s match"


def _explained(item: Evidence) -> str:
    name = "the answer" if item.path == WHOLE else item.path.removeprefix(STATE)
    note = f" ({item.note})" if item.note else ""
    match item.verdict:
        case Match.MISSING:
            return f"{name} is missing"
        case Match.UNEXPECTED:
            return f"{name} is not expected: {_shown(item.got)}"
        case _:
            return f"{name}: expected {_shown(item.expected)}, got {_shown(item.got)}{note}"


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"
