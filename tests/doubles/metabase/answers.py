"""From what a handler returns, or refuses, to an HTTP response."""

import datetime
import json
from collections.abc import Awaitable, Callable
from typing import Any

from refusals import Refused
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Handler = Callable[[Request], Awaitable[Any]]


def answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint of a handler: what is no response yet becomes JSON, nothing becomes 204."""

    async def endpoint(request: Request) -> Response:
        try:
            answer = await handler(request)
        except Refused as refused:
            return _refusal(refused)
        if isinstance(answer, Response):
            return answer
        return Response(status_code=204) if answer is None else as_json(answer)

    return endpoint


def as_json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, default=_text, ensure_ascii=False), status, media_type="application/json")


def _refusal(refused: Refused) -> Response:
    if isinstance(refused.body, str):
        return PlainTextResponse(refused.body, refused.status)
    return as_json(refused.body, refused.status)


def _text(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is no JSON")
