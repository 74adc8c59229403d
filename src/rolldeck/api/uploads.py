"""Reading an uploaded file."""

from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from rolldeck.api.body_limit import too_large
from rolldeck.api.problems import UnsupportedMediaType
from rolldeck.domain.errors import FieldProblem, InvalidInput


async def read_upload(request: Request, max_bytes: int) -> bytes:
    """Return the uploaded file: the multipart field ``file``, or the whole body where it is JSON.

    The application's ``BodyLimit`` bounds what is read. Raises ``InputTooLarge`` for a file of more than ``max_bytes``,
    ``InvalidInput`` for a broken form, ``UnsupportedMediaType`` for another type of body.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return await _read_form_file(request, max_bytes)
    if media_type != "application/json":
        raise UnsupportedMediaType(
            "Send the task file as the field 'file' of a multipart/form-data body, or as an application/json body"
        )
    content = await request.body()
    if len(content) > max_bytes:
        raise too_large(max_bytes)
    return content


async def _read_form_file(request: Request, max_bytes: int) -> bytes:
    try:
        async with request.form(max_files=1, max_fields=8, max_part_size=1024) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInput("No file was sent", (FieldProblem("file", "send the task file in this field"),))
            if file.size is not None and file.size > max_bytes:
                raise too_large(max_bytes)
            return await file.read()
    except HTTPException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:  # which is what Starlette makes of a form it cannot parse
            raise
        raise InvalidInput(f"The form cannot be read: {error.detail}", (FieldProblem("file", error.detail),)) from error
