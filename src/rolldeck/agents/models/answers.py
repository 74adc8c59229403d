"""What a model's API answered to a request: of use, to be asked for again, or a refusal."""

import email.utils
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from pydantic import JsonValue

from rolldeck.domain.errors import ModelRefused

_PASSING = frozenset({408, 409, 425, 429})  # and all from 500 on
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})  # OpenAI: a 429 that no waiting mends
_MOST_WORDS = 1000

_HINTS = {
    401: "check its key",
    403: "check its key, and what the key may do",
    404: "check the model's name and the API's address",
}


@dataclass(frozen=True)
class Answer:
    """An answer as it came over the wire, with the names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Passing(Exception):
    """A failure that may pass. ``pause_seconds`` is how long the API asks to be left alone; None where it does not."""

    def __init__(self, reason: str, pause_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.pause_seconds = pause_seconds


def read_answer(answer: Answer, service: str) -> Answer:
    """Return a successful answer, which is a JSON object. Raises ``Passing`` and ``ModelRefused``."""
    content = _object_in(answer.body)
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        if content is None:
            raise Passing(f"{_named(answer.status)}, but the answer is no JSON object: {_beginning_of(answer.body)!r}")
        return answer
    reason = f"{_named(answer.status)}: {_words(content) or _beginning_of(answer.body)}"
    if _may_pass(answer, content):
        raise Passing(reason, _asked_pause(answer.headers, content))
    hint = _HINTS.get(answer.status)
    raise ModelRefused(f"{service} refused the request ({reason})" + (f"; {hint}" if hint else ""))


def _may_pass(answer: Answer, content: Mapping[str, JsonValue] | None) -> bool:
    if (told := answer.headers.get("x-should-retry")) in {"true", "false"}:  # OpenAI and Anthropic say it themselves
        return told == "true"
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS and _error_of(content).get("code") in _SPENT:
        return False
    return answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _asked_pause(headers: Mapping[str, str], content: Mapping[str, JsonValue] | None) -> float | None:
    """Return for how many seconds the API asks not to be asked; None where it does not say so."""
    candidates = (
        _number(headers.get("retry-after-ms"), thousandths=True),
        _number(headers.get("retry-after")),
        _until(headers.get("retry-after")),
        _google_delay(content),
    )
    return next((seconds for seconds in candidates if seconds is not None), None)


def _number(text: str | None, *, thousandths: bool = False) -> float | None:
    try:
        seconds = float(text or "") / (1000 if thousandths else 1)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(date: str | None) -> float | None:
    """Return the seconds until a moment as HTTP writes it."""
    try:
        moment = email.utils.parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _google_delay(content: Mapping[str, JsonValue] | None) -> float | None:
    """Return the delay of a ``google.rpc.RetryInfo`` among an error's details: ``"34s"``, ``"0.5s"``."""
    details = _error_of(content).get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?s", delay):
            return float(delay[:-1])
    return None


def _error_of(content: Mapping[str, JsonValue] | None) -> Mapping[str, JsonValue]:
    error = None if content is None else content.get("error")
    return error if isinstance(error, dict) else {}


def _words(content: Mapping[str, JsonValue] | None) -> str | None:
    """Return an error's message: all providers put it in one of these places."""
    if content is None:
        return None
    places: Iterable[JsonValue] = (_error_of(content).get("message"), *map(content.get, ("error", "message", "detail")))
    return next((place[:_MOST_WORDS] for place in places if isinstance(place, str) and place.strip()), None)


def _object_in(body: bytes) -> dict[str, JsonValue] | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, list) and content:  # Google's gateways wrap errors in a list
        content = content[0]
    return content if isinstance(content, dict) else None


def _beginning_of(body: bytes) -> str:
    return body[: _MOST_WORDS // 5].decode(errors="replace")


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
