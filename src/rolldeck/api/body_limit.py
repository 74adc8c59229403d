"""No request's body is read beyond a limit, whatever route it is for and whether or not it announces its length."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rolldeck.api.problems import domain_problem
from rolldeck.domain.errors import FieldProblem, InputTooLarge

_FORM_OVERHEAD = 64 * 1024  # bytes for boundaries, part headers and small fields beside an uploaded file


def too_large(max_bytes: int) -> InputTooLarge:
    """Return the error that says how large an upload may be."""
    return InputTooLarge(
        f"The file is larger than {max_bytes // 1_000_000} MB. Split it, or raise ROLLDECK_MAX_UPLOAD_MB",
        (FieldProblem("file", "too large"),),
    )


class BodyLimit:
    """Refuses a body that announces more than the limit, and stops reading one that turns out to be larger."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._limit = max_bytes + _FORM_OVERHEAD

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a bounded body, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limit:
            await domain_problem(too_large(self._max_bytes))(scope, receive, send)
            return
        await self._app(scope, self._bounded(receive), send)

    def _bounded(self, receive: Receive) -> Receive:
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                # An HTTPException, which passes through all that reads bodies.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(too_large(self._max_bytes)))
            return message

        return receive_within_limit
