"""What ``rolldeck doctor`` finds."""

from typing import Literal

from pydantic import BaseModel

State = Literal["ok", "warn", "missing"]


class Finding(BaseModel):
    """One thing that was looked at. ``todo`` says what to do where it is not ok."""

    name: str
    state: State
    found: str
    todo: str | None = None
