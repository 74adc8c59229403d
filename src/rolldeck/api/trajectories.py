"""A rollout's steps, screenshots and video."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from rolldeck.api.files import file_answer
from rolldeck.api.identifiers import RolloutId, StepIndex
from rolldeck.api.schemas import StepList
from rolldeck.api.services import Needs
from rolldeck.api.views import step_view
from rolldeck.domain.errors import NotFound

router = APIRouter(prefix="/api/rollouts/{rollout_id}", tags=["rollouts"])

_VIDEO = {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}
_IMAGE = {"image/png": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/steps")
async def list_steps(rollout_id: RolloutId, services: Needs) -> StepList:
    """All steps of a rollout, in order."""
    steps = await services.rollouts.steps(rollout_id)
    return StepList(steps=[step_view(rollout_id, step) for step in steps])


@router.get(
    "/steps/{index}/screenshot", response_class=Response, responses={200: {"content": _IMAGE, "description": "PNG"}}
)
async def get_screenshot(rollout_id: RolloutId, index: StepIndex, services: Needs, request: Request) -> Response:
    """What the agent saw before it acted in a step."""
    step = await services.rollouts.step(rollout_id, index)
    return await file_answer(services.artifacts, step.screenshot, request)


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
    range_: Annotated[str | None, Header(alias="Range", description="one range of bytes")] = None,  # noqa: ARG001 - documents the header
) -> Response:
    """The video of a rollout, once it is finished."""
    rollout = await services.rollouts.get(rollout_id)
    if rollout.video is None:
        raise NotFound(f"The rollout {rollout_id} has no video" + ("" if rollout.status.is_final else " yet"))
    return await file_answer(services.artifacts, rollout.video, request)
