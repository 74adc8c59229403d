"""Whether the server works."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from rolldeck.api.schemas import Health
from rolldeck.api.services import Needs
from rolldeck.domain.errors import StorageError

router = APIRouter(tags=["health"])


@router.get("/health", responses={503: {"model": Health, "description": "The database cannot be reached"}})
async def get_health(services: Needs, response: Response) -> Health:
    """Whether the server works: 200 where it does, 503 where it is degraded."""
    try:
        live = await services.rollouts.count_live()
    except StorageError:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(status="degraded", version=services.version, database="unreachable", live_rollouts=0)
    return Health(status="ok", version=services.version, database="ok", live_rollouts=live)
