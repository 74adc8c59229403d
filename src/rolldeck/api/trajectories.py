"""A rollout's attempts, and the steps, screenshots and video of each."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from rolldeck.api.files import file_answer
from rolldeck.api.identifiers import AttemptQuery, RolloutId, StepIndex
from rolldeck.api.schemas import AttemptList, LogList, StepList
from rolldeck.api.services import Needs
from rolldeck.api.views import attempt_views, step_view
from rolldeck.domain.errors import NotFound
from rolldeck.domain.log import LOGS
from rolldeck.domain.rollout import Rollout
from rolldeck.storage.port import Rollouts, cassette_key, logs_key

router = APIRouter(prefix="/api/rollouts/{rollout_id}", tags=["rollouts"])

_VIDEO = {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}
_CASSETTE = {"application/jsonl": {"schema": {"type": "string", "format": "binary"}}}
_IMAGE = {"image/png": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/attempts")
async def list_attempts(rollout_id: RolloutId, services: Needs) -> AttemptList:
    """All attempts of a rollout, in order; the last one is the one that goes on, or that decided."""
    rollout = await services.rollouts.get(rollout_id)
    return AttemptList(attempts=attempt_views(rollout, await services.rollouts.attempts(rollout_id)))


@router.get("/steps")
async def list_steps(
    rollout_id: RolloutId,
    services: Needs,
    attempt: AttemptQuery = None,
    newest: Annotated[
        int | None, Query(ge=1, le=20, description="only so many, the newest, of the present attempt")
    ] = None,
) -> StepList:
    """All steps of one attempt of a rollout, in order; with ``newest`` the last ones of the present attempt."""
    rollout = await services.rollouts.get(rollout_id)
    number = _known_attempt(rollout, None if newest else attempt)
    if newest:
        indexes = range(max(0, rollout.steps - newest), rollout.steps)
        steps = [await services.rollouts.step(rollout_id, index, number) for index in indexes]
    else:
        steps = list(await services.rollouts.steps(rollout_id, number))
    return StepList(attempt=number, steps=[step_view(rollout_id, number, step) for step in steps])


def _known_attempt(rollout: Rollout, attempt: int | None) -> int:
    """Return the number of the attempt that is meant. Raises ``NotFound``."""
    if attempt is not None and attempt > rollout.attempt:
        raise NotFound(f"The rollout {rollout.id} has no attempt {attempt}: the present one is {rollout.attempt}")
    return attempt or rollout.attempt


@router.get(
    "/steps/{index}/screenshot", response_class=Response, responses={200: {"content": _IMAGE, "description": "PNG"}}
)
async def get_screenshot(
    rollout_id: RolloutId, index: StepIndex, services: Needs, request: Request, attempt: AttemptQuery = None
) -> Response:
    """What the agent saw before it acted in a step."""
    step = await services.rollouts.step(rollout_id, index, attempt)
    return await file_answer(services.artifacts, step.screenshot, request)


@router.get("/logs")
async def get_logs(rollout_id: RolloutId, services: Needs, attempt: AttemptQuery = None) -> LogList:
    """What worker, page and services wrote last in an attempt, without secrets; kept once the attempt has ended.

    The page's are its console, and a line for each request that left the browser. A runtime may keep none of its services'.
    """
    number = _known_attempt(await services.rollouts.get(rollout_id), attempt)
    key = logs_key(rollout_id, number)
    try:
        await services.artifacts.stat(key)
        content = b"".join([piece async for piece in services.artifacts.read(key)])
    except NotFound:
        return LogList(attempt=number, logs=[])
    return LogList(attempt=number, logs=LOGS.validate_json(content))


@router.get("/cassette", response_class=Response, responses={200: {"content": _CASSETTE, "description": "JSON lines"}})
async def get_cassette(
    rollout_id: RolloutId, services: Needs, request: Request, attempt: AttemptQuery = None
) -> Response:
    """An attempt's model traffic, which `rolldeck run --model-cassette` plays again; where it was kept."""
    number = _known_attempt(await services.rollouts.get(rollout_id), attempt)
    return await file_answer(services.artifacts, cassette_key(rollout_id, number), request)


@router.head("/video", include_in_schema=False)
@router.get(
    "/video",
    response_class=Response,
    responses={
        200: {"content": _VIDEO, "description": "the whole video"},
        206: {"content": _VIDEO, "description": "the part that `Range` asks for"},
        304: {"description": "the video that the client has is still the right one"},
    },
)
async def get_video(
    rollout_id: RolloutId,
    services: Needs,
    request: Request,
    attempt: AttemptQuery = None,
    range_: Annotated[str | None, Header(alias="Range", description="one range of bytes")] = None,  # noqa: ARG001 - documents the header
) -> Response:
    """The video of one attempt of a rollout, once it is finished."""
    rollout = await services.rollouts.get(rollout_id)
    number = _known_attempt(rollout, attempt)
    video = await _video(rollout, number, services.rollouts)
    if video is None:
        raise NotFound(_why_there_is_no_video(rollout, number))
    return await file_answer(services.artifacts, video, request)


async def _video(rollout: Rollout, number: int, rollouts: Rollouts) -> str | None:
    if number == rollout.attempt:
        return rollout.video
    earlier = await rollouts.attempts(rollout.id)
    return next((attempt.video for attempt in earlier if attempt.number == number), None)


def _why_there_is_no_video(rollout: Rollout, number: int) -> str:
    if rollout.reused_from is not None:
        return f"The rollout {rollout.id} was answered by {rollout.reused_from}, which has the video"
    is_going_on = number == rollout.attempt and not rollout.status.is_final
    return f"The attempt {number} of the rollout {rollout.id} has no video" + (" yet" if is_going_on else "")
