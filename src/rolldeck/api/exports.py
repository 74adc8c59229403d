"""Export: many rollouts as a table, one rollout as a zip file or a page."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints
from starlette.responses import StreamingResponse

from rolldeck.api.filters import Where
from rolldeck.api.identifiers import ULID, RolloutId
from rolldeck.api.services import Needs
from rolldeck.export.archive import zip_archive
from rolldeck.export.media import Inside
from rolldeck.export.records import chosen_records, rollout_records
from rolldeck.export.report import html_report
from rolldeck.export.tables import TableFormat, table
from rolldeck.export.whole import read_whole
from rolldeck.storage.port import RolloutSort

router = APIRouter(prefix="/api/exports", tags=["exports"])

_MOST_CHOSEN = 1_000  # rollouts that one address can name
_Id = Annotated[str, StringConstraints(pattern=ULID)]
_FILE = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/rollouts",
    response_class=Response,
    responses={200: {"content": {each.media_type: _FILE for each in TableFormat}, "description": "A row a rollout"}},
)
async def export_rollouts(
    services: Needs,
    where: Where,
    format_: Annotated[TableFormat, Query(alias="format", description="`json`: JSON lines, an object a line")],
    sort: Annotated[RolloutSort, Query(description="as in lists")] = RolloutSort.NEWEST,
    rollout_id: Annotated[
        list[_Id] | None,
        Query(max_length=_MOST_CHOSEN, description="only these, in this order, whatever else is given"),
    ] = None,
) -> Response:
    """All rollouts that match everything given, however many: the file is sent as it is read."""
    if rollout_id:
        pages = chosen_records(services.rollouts, services.tasks, rollout_id)
    else:
        pages = rollout_records(services.rollouts, services.tasks, where, sort)
    return await _download(table(pages, format_), format_.media_type, f"rollouts{format_.suffix}")


@router.get(
    "/rollouts/{rollout_id}/zip",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": _FILE}, "description": "A zip file; its README.txt says what is in it"}
    },
)
async def export_archive(rollout_id: RolloutId, services: Needs) -> Response:
    """One rollout with all that belongs to it: record, steps, screenshots, videos, verdict, and a page to read."""
    whole = await read_whole(rollout_id, services.rollouts, services.tasks)
    return await _download(zip_archive(whole, services.artifacts), "application/zip", f"rollout-{rollout_id}.zip")


@router.get(
    "/rollouts/{rollout_id}/report",
    response_class=Response,
    responses={200: {"content": {"text/html": _FILE}, "description": "A page that opens from a file"}},
)
async def export_report(rollout_id: RolloutId, services: Needs) -> Response:
    """One rollout as a page that is whole in itself, screenshots and, up to 20 MB, the video included."""
    whole = await read_whole(rollout_id, services.rollouts, services.tasks)
    media = Inside(services.artifacts)
    return await _download(html_report(whole, media), "text/html; charset=utf-8", f"rollout-{rollout_id}.html")


async def _download(pieces: AsyncIterator[bytes], media_type: str, name: str) -> Response:
    """Return the answer that a browser saves under this name. What can fail at once fails before it begins."""
    first = await anext(pieces)

    async def all_pieces() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(all_pieces(), headers=headers, media_type=media_type)
