"""Reading an uploaded file, never more of it than its limit allows."""

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from rolldeck.api.problems import UnsupportedMediaType
from rolldeck.domain.errors import FieldProblem, InputTooLarge, InvalidInput

_MULTIPART_OVERHEAD = 64 * 1024  # bytes for boundaries, part headers and small fields beside the file


async def read_upload(request: Request, max_bytes: int) -> bytes:
    """Return the uploaded file: the multipart field ``file``, or the whole body where it is JSON.

    Raises ``InputTooLarge`` as soon as more than ``max_bytes`` arrive or are announced, ``InvalidInput`` for a broken
    form, ``UnsupportedMediaType`` for another type of body.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return await _read_form_file(request, max_bytes)
    if media_type == "application/json":
        return await _bounded(request, max_bytes, max_bytes).body()
    raise UnsupportedMediaType(
        "Send the task file as the field 'file' of a multipart/form-data body, or as an application/json body"
    )


async def _read_form_file(request: Request, max_bytes: int) -> bytes:
    bounded = _bounded(request, max_bytes + _MULTIPART_OVERHEAD, max_bytes)
    try:
        async with bounded.form(max_files=1, max_fields=8, max_part_size=1024) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInput("No file was sent", (FieldProblem("file", "send the task file in this field"),))
            if file.size is not None and file.size > max_bytes:
                raise _too_large(max_bytes)
            return await file.read()
    except HTTPException as error:  # what Starlette makes of a form that it cannot parse
        raise InvalidInput(f"The form cannot be read: {error.detail}", (FieldProblem("file", error.detail),)) from error


def _bounded(request: Request, limit: int, max_bytes: int) -> Request:
    """Return the request with a body that raises ``InputTooLarge`` beyond ``limit`` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(max_bytes)
    return Request(request.scope, _counting(request.receive, limit, max_bytes))


def _counting(receive: Receive, limit: int, max_bytes: int) -> Receive:
    received = 0

    async def receive_within_limit() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(max_bytes)
        return message

    return receive_within_limit


def _too_large(max_bytes: int) -> InputTooLarge:
    return InputTooLarge(
        f"The file is larger than {max_bytes // 1_000_000} MB. Split it, or raise ROLLDECK_MAX_UPLOAD_MB",
        (FieldProblem("file", "too large"),),
    )
