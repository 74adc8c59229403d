"""Who can try tasks: the agents and the models that are known here."""

from fastapi import APIRouter

from rolldeck.agents.models.catalogue import KnownModel, catalogue
from rolldeck.api.schemas import AgentView
from rolldeck.api.services import Needs

router = APIRouter(prefix="/api", tags=["catalog"])


@router.get("/agents")
async def list_agents(services: Needs) -> list[AgentView]:
    """The agents, in the order in which they are offered."""
    return [
        AgentView(
            name=info.name,
            title=info.title,
            description=info.description,
            unavailable=info.unavailable,
            parameters=None if info.parameters is None else dict(info.parameters),
        )
        for info in services.agents.list()
    ]


@router.get("/models")
async def list_models() -> list[KnownModel]:
    """The models whose context and prices are known. Agents can ask others, too."""
    return list(catalogue().models)
