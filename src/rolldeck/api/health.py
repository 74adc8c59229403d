"""Whether the server works."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from rolldeck.api.schemas import Health
from rolldeck.api.services import Needs
from rolldeck.api.situation import look_at_claiming
from rolldeck.domain.errors import StorageError

router = APIRouter(tags=["health"])


@router.get("/health", responses={503: {"model": Health, "description": "The database cannot be reached"}})
async def get_health(services: Needs, response: Response) -> Health:
    """Whether the server works: 200 where it does, 503 where it is degraded."""
    try:
        live = await services.rollouts.count_live()
        claiming = await look_at_claiming(services)
    except StorageError:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(
            status="degraded",
            version=services.version,
            database="unreachable",
            live_rollouts=0,
            workers=0,
            claiming=False,
            blocked=["the database cannot be reached"],
        )
    return Health(
        status="ok",
        version=services.version,
        database="ok",
        live_rollouts=live,
        workers=claiming.workers,
        claiming=claiming.goes_on,
        blocked=claiming.blocked,
    )
