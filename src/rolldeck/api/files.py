"""Artifacts over HTTP: streamed, with conditional requests and single ranges (RFC 9110)."""

import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from rolldeck.api.problems import problem
from rolldeck.storage.port import Artifacts, StoredArtifact

_SINGLE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class ByteRange:
    """Bytes from ``start`` up to and excluding ``end``."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """A range that begins behind the file's end."""


async def file_answer(artifacts: Artifacts, key: str, request: Request) -> Response:
    """Return the artifact, or the part of it that the request asks for. Raises ``NotFound``.

    What an artifact holds comes from hostile pages: the answer's type is fixed by Rolldeck and its content is inert,
    whatever it looks like.
    """
    stored = await artifacts.stat(key)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": _etag(stored),
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Content-Disposition": "inline",
    }
    if _is_known_to_client(request, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        wanted = _wanted_range(request, headers["ETag"], stored.size_bytes)
    except Unsatisfiable:
        return problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"The file has {stored.size_bytes} bytes",
            headers={"Content-Range": f"bytes */{stored.size_bytes}"},
        )
    part = wanted or ByteRange(0, stored.size_bytes)
    status = HTTPStatus.OK
    if wanted is not None:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{stored.size_bytes}"
    headers["Content-Length"] = str(part.end - part.start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=stored.media_type)
    return StreamingResponse(artifacts.read(key, part.start, part.end), status, headers, stored.media_type)


def _etag(stored: StoredArtifact) -> str:
    # A key is written once, so that key and size identify the content.
    return f'"{hashlib.sha256(f"{stored.key}:{stored.size_bytes}".encode()).hexdigest()[:32]}"'


def _is_known_to_client(request: Request, etag: str) -> bool:
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known


def _wanted_range(request: Request, etag: str, size: int) -> ByteRange | None:
    """Return the range that is asked for, or None where the whole file is to be sent.

    As RFC 9110 allows, several ranges and what is not understood are answered with the whole file, and so is a range
    of a version of the file (``If-Range``) other than the present one.
    """
    if request.headers.get("if-range", etag) != etag:
        return None
    match = _SINGLE_RANGE.fullmatch(request.headers.get("range", ""))
    if match is None:
        return None
    first, last = match.groups()
    if first == "" and last == "":
        return None
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), size if last == "" else min(size, int(last) + 1)
        if last != "" and int(last) < int(first):
            return None
    if start >= size:
        raise Unsatisfiable
    return ByteRange(start, end)
