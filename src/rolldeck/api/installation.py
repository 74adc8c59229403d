"""The installation itself: the settings that hold, and what the doctor finds."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from rolldeck.api.schemas import SettingGroup, SettingList, SettingView
from rolldeck.api.services import Needs
from rolldeck.diagnosis import DatedDiagnosis

router = APIRouter(prefix="/api", tags=["installation"])


@router.get("/settings")
async def list_settings(services: Needs) -> SettingList:
    """The settings that the server runs with, and where each comes from. No secret is in it."""
    return SettingList(
        version=services.version,
        groups=[
            SettingGroup(name=name, settings=[SettingView(**asdict(each)) for each in settings])
            for name, settings in services.operations.settings.items()
        ],
    )


@router.get("/diagnosis")
async def get_diagnosis(
    services: Needs,
    fresh: Annotated[bool, Query(description="look again, also where that was done a moment ago")] = False,
) -> DatedDiagnosis:
    """What `rolldeck doctor` finds on the server's machine; takes some seconds."""
    return await services.operations.doctor.examine(fresh=fresh)
