"""All settings, read once from the environment (``ROLLDECK_…``)."""

import os
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("rolldeck", appauthor=False))


def _default_cache_dir() -> Path:
    # Templates are run by an unprivileged user when Rolldeck runs as root, who cannot enter root's home.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/cache/rolldeck")
    return Path(platformdirs.user_cache_dir("rolldeck", appauthor=False))


class Settings(BaseSettings):
    """Settings of one installation. Each is read from the variable ``ROLLDECK_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="ROLLDECK_", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=_default_data_dir, description="database and artifacts of this installation")
    cache_dir: Path = Field(
        default_factory=_default_cache_dir,
        description="built templates; may be shared by installations and removed at any time",
    )
    run_dir: Path | None = Field(
        default=None,
        description="scratch space of running environments, best on a tmpfs; default: /dev/shm where it has room, else the system's temporary directory",
    )
    host: str = Field(default="127.0.0.1", description="address that the server listens on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="port that the server listens on; 0: any free one"
    )
    parallel: int = Field(
        default=max(1, min(8, (os.cpu_count() or 2))),
        ge=1,
        le=256,
        description="rollouts that one process executes at once",
    )
    chromium: Path | None = Field(
        default=None, description="Chromium's executable; default: found on the machine, else Playwright's own"
    )
    web_dir: Path | None = Field(
        default=None, description="the exported dashboard; default: the one built in this checkout"
    )
    max_upload_mb: int = Field(default=32, ge=1, le=1024, description="largest tasks.json accepted, in MB")
    log_level: str = Field(default="info", description="debug, info, warning or error")

    @field_validator("data_dir", "cache_dir", "run_dir", "chromium", "web_dir")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()
