"""Errors as answers: one page that says which error has which HTTP status, all as problem+json (RFC 9457)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from rolldeck.api.headers import SAFE_HEADERS
from rolldeck.api.schemas import Problem, ProblemField
from rolldeck.domain.errors import (
    Conflict,
    EnvironmentFailure,
    InputTooLarge,
    InvalidInput,
    InvalidTransition,
    NotFound,
    RolldeckError,
    StorageError,
)

MEDIA_TYPE = "application/problem+json"


class Refused(RolldeckError):
    """A request that is not allowed to come from where it comes from."""


class UnsupportedMediaType(InvalidInput):
    """A body of a type that the route does not read."""


# The first class that an error is an instance of decides.
_STATUS: tuple[tuple[type[RolldeckError], HTTPStatus], ...] = (
    (InputTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnsupportedMediaType, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (InvalidTransition, HTTPStatus.CONFLICT),
    (Refused, HTTPStatus.FORBIDDEN),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (EnvironmentFailure, HTTPStatus.SERVICE_UNAVAILABLE),
    (RolldeckError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def problem(
    status: int, detail: str, errors: Iterable[ProblemField] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer that says in words what is wrong, and of which fields."""
    headers = dict(headers or {})
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers["Connection"] = "close"  # the rest of the body is not read: the connection cannot be used again
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    return Response(body.model_dump_json(), status, headers, MEDIA_TYPE)


def domain_problem(error: RolldeckError) -> Response:
    """Return the answer to an error that Rolldeck raised on purpose: its text is meant for the user."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    fields: list[ProblemField] = []
    if isinstance(error, InvalidInput):
        fields = [
            ProblemField(field=each.field, message=each.message, index=each.index, item_id=each.item_id, line=each.line)
            for each in error.problems
        ]
    return problem(status, str(error), fields)


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of the application an answer in problem+json.

    Unexpected exceptions are answered without any of their text; the server logs them with their traceback.
    """
    # Starlette types a handler's exception as the base class, whatever class it is registered for.
    app.add_exception_handler(RolldeckError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(WebSocketRequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_unexpected_error)


def _on_domain_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RolldeckError):
        raise error
    return domain_problem(error)


def _on_invalid_request(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ValidationException):
        raise error
    places = [each["loc"] for each in error.errors()]
    fields = [
        ProblemField(field=_field(each["loc"]), message=each["msg"].removeprefix("Value error, "))
        for each in error.errors()
        if not (each["type"] == "too_short" and _is_around_another(each["loc"], places))
    ]
    detail = "; ".join(f"{each.field}: {each.message}" for each in fields[:3])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request is not valid: {detail}", fields)


def _is_around_another(place: tuple[str | int, ...], places: Iterable[tuple[str | int, ...]]) -> bool:
    # pydantic counts a list without its faulty items: then it is too short only for what is said of those.
    return any(len(other) > len(place) and other[: len(place)] == place for other in places)


def _field(location: tuple[str | int, ...]) -> str:
    # The first part says where the field was looked for (body, query, path), which the field's name tells by itself.
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path}",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible at {request.url.path}",
    }.get(HTTPStatus(error.status_code), str(error.detail))
    return problem(error.status_code, detail, headers=error.headers)


def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.BAD_REQUEST, "The request's body ended early")  # nobody is left who could read this


def _on_unexpected_error(_request: Request, _error: Exception) -> Response:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Rolldeck met an error that it did not expect. Its log says more; please report it.",
        headers=SAFE_HEADERS,  # this answer is made outside of all middleware
    )
