"""All settings, read once from the environment (``ROLLDECK_…``)."""

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rolldeck.domain.batch import ModelChoice
from rolldeck.machine import memory_bytes, processors

_GB = 1_000_000_000
_ADDRESS = r"^https?://"
_MOST_PARALLEL_BY_DEFAULT = 8
_PROCESSORS_PER_WORKER = 4
# Measured with Superset: what the rollouts of one worker share (Chromium, PostgreSQL, the application), and each one.
_WORKER_BYTES = 1 * _GB
_ROLLOUT_BYTES = 400_000_000
_POOL_SHARE = 16  # of the memory, for all workers together
_MOST_POOL_MB_BY_DEFAULT = 1024


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("rolldeck", appauthor=False))


def _default_cache_dir() -> Path:
    # Templates are run by an unprivileged user when Rolldeck runs as root, who cannot enter root's home.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/cache/rolldeck")
    return Path(platformdirs.user_cache_dir("rolldeck", appauthor=False))


def _default_workers() -> int:
    by_memory = memory_bytes() // (_WORKER_BYTES + _PROCESSORS_PER_WORKER * _ROLLOUT_BYTES)
    return max(1, min(processors() // _PROCESSORS_PER_WORKER, by_memory, 16))


def _default_parallel(validated: dict[str, int]) -> int:
    workers = _workers_of(validated)
    by_memory = (memory_bytes() // workers - _WORKER_BYTES) // _ROLLOUT_BYTES
    return max(1, min(processors() // workers, by_memory, _MOST_PARALLEL_BY_DEFAULT))


def _default_pool_mb(validated: dict[str, int]) -> int:
    share = memory_bytes() // _POOL_SHARE // _workers_of(validated)
    return min(share // 1_000_000, _MOST_POOL_MB_BY_DEFAULT)


def _workers_of(validated: dict[str, int]) -> int:
    """Return how many workers share the machine; the setting is missing where it is wrong, which is told anyway."""
    return validated.get("workers") or 1


class Settings(BaseSettings):
    """Settings of one installation. Each is read from the variable ``ROLLDECK_<NAME>``; an empty one counts as not set.

    Some have other names beside it, usual elsewhere: of several that are set, the first counts.
    """

    model_config = SettingsConfigDict(
        env_prefix="ROLLDECK_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
    )

    data_dir: Path = Field(default_factory=_default_data_dir, description="database and artifacts of this installation")
    database_url: SecretStr | None = Field(
        default=None, description="postgresql:// or sqlite:/// URL; default: an SQLite file in the data directory"
    )
    artifacts_dir: Path | None = Field(
        default=None, description="videos and screenshots; default: in the data directory"
    )
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
    workers: int = Field(
        default_factory=_default_workers, ge=0, le=256, description="worker processes that the server starts; 0: none"
    )
    parallel: int = Field(
        default_factory=_default_parallel,
        ge=1,
        le=256,
        validation_alias=AliasChoices("ROLLDECK_PARALLEL", "MAX_WORKERS"),
        description="rollouts that one worker executes at once",
    )
    lease_seconds: float = Field(
        default=15, ge=1, le=600, description="how long a worker may be silent before its rollouts are given to others"
    )
    drain_seconds: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="how long a server that is asked to stop with SIGTERM lets rollouts go on",
    )
    pool_mb: int = Field(
        default_factory=_default_pool_mb,
        ge=0,
        le=1_000_000,
        description="memory for environments that one worker makes ready ahead, in MB; 0: none are",
    )
    pool_idle_seconds: float = Field(
        default=300,
        ge=0,
        le=86_400,
        description="how long one environment is kept ready after the last rollout that needed one",
    )
    min_free_disk_mb: int = Field(
        default=500,
        ge=0,
        description="with less free disk, in MB, no rollouts are begun (a status must still be writable)",
    )
    min_free_memory_mb: int = Field(default=500, ge=0, description="with less available memory, in MB, likewise")
    runtime: Literal["auto", "process", "docker"] = Field(
        default="auto",
        description="where environments run: processes of this machine, Docker, or auto: processes where a recipe can be run so",
    )
    relay_image: str = Field(
        default="python:3.11-alpine",
        min_length=1,
        description="any image with python3: what passes connections on into a rollout's network in Docker",
    )
    recipes: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="recipe files of your own, or directories with some, separated as in PATH",
    )
    chromium: Path | None = Field(
        default=None, description="Chromium's executable; default: found on the machine, else Playwright's own"
    )
    settle_seconds: float = Field(
        default=2,
        ge=0,
        le=30,
        description="how long a screenshot waits at most for a page that is still loading, drawing or moving",
    )
    takeover_idle_seconds: float = Field(
        default=300,
        gt=0,
        le=86_400,
        description="how long a person who has taken a page over may do nothing until it is handed back to the agent",
    )
    human_absent_seconds: float = Field(
        default=3600,
        gt=0,
        le=604_800,
        description="how long a rollout of the agent `human` waits for a person to do something until it fails",
    )
    show_pointer: bool = Field(
        default=False, description="whether screenshots and videos show the mouse pointer; pages cannot see it"
    )
    web_dir: Path | None = Field(
        default=None, description="the exported dashboard; default: the one built in this checkout"
    )
    record_models: bool = Field(
        default=False,
        description="whether what models are asked and answer is kept, as cassettes that can be played again",
    )
    extract_with: Annotated[ModelChoice | None, NoDecode] = Field(
        default=None,
        description="PROVIDER:MODEL that reads answers which are not written as asked, where a batch does not say who does; default: nobody",
    )
    max_upload_mb: int = Field(default=32, ge=1, le=1024, description="largest tasks.json accepted, in MB")
    webhook_url: SecretStr | None = Field(
        default=None, description="who is told of every batch's end, by a POST request; may hold a secret of its own"
    )
    webhook_secret: SecretStr | None = Field(
        default=None, min_length=16, description="key that such requests are signed with; default: they are not"
    )
    webhook_origins: str = Field(
        default="",
        description="origins (https://host:port), separated by commas, that a batch may name a webhook of; default: none",
    )
    gemini_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("ROLLDECK_GEMINI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
        description="key of Google's models",
    )
    gemini_base_url: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="where Google's models are asked; default: Google's own address",
    )
    gemini_project: str | None = Field(
        default=None,
        description="project of Google Cloud: its Vertex AI is asked instead, with the machine's Google credentials",
    )
    gemini_location: str | None = Field(default=None, description="region of Vertex AI; default: global")
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("ROLLDECK_OPENAI_API_KEY", "OPENAI_API_KEY"),
        description="key of OpenAI's models",
    )
    openai_base_url: str | None = Field(
        default=None, pattern=_ADDRESS, description="where OpenAI's models are asked; default: OpenAI's own address"
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("ROLLDECK_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        description="key of Anthropic's models",
    )
    anthropic_base_url: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="where Anthropic's models are asked; default: Anthropic's own address",
    )
    openai_compatible_base_url: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="server with models for the agent openai-compatible (vLLM, Ollama …), e.g. http://localhost:8000/v1",
    )
    openai_compatible_api_key: SecretStr | None = Field(
        default=None, description="key of that server; default: none, as most servers of one's own want it"
    )
    sql_dump_path: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("ROLLDECK_SQL_DUMP_PATH", "SQL_DUMP_PATH"),
        description="dump of the PostgreSQL database that Metabase shows; default: the shop's data",
    )
    metabase_image: str | None = Field(
        default=None, description="Metabase's image; default: the version that is pinned"
    )
    postgres_image: str | None = Field(default=None, description="PostgreSQL's image beside it; default: likewise")
    metabase_login: Literal["session", "credentials"] = Field(
        default="session",
        description="session: the agent's browser is logged in; credentials: its instruction has them",
    )
    metabase_email: str | None = Field(default=None, description="the agent's user in a dump of Metabase itself")
    metabase_password: SecretStr | None = Field(default=None, description="that user's password")
    metabase_application_database: Path | None = Field(
        default=None, description="dump of the application database of a Metabase that was set up by hand"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error"
    )

    @field_validator(
        *("data_dir", "artifacts_dir", "cache_dir", "run_dir", "chromium", "web_dir"),
        *("sql_dump_path", "metabase_application_database"),
    )
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("recipes", mode="before")
    @classmethod
    def _as_paths(cls, paths: object) -> object:
        if isinstance(paths, str):
            return tuple(Path(path).expanduser().absolute() for path in paths.split(os.pathsep) if path)
        return paths

    @field_validator("extract_with", mode="before")
    @classmethod
    def _as_model(cls, model: object) -> object:
        return ModelChoice.parse(model) if isinstance(model, str) else model

    @field_validator("database_url")
    @classmethod
    def _of_a_known_kind(cls, url: SecretStr | None) -> SecretStr | None:
        # The value stays out of the message: there may be a password in it.
        if url is not None and not url.get_secret_value().startswith(("postgresql", "postgres:", "sqlite")):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return url

    @field_validator("webhook_url")
    @classmethod
    def _an_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url

    @field_validator("metabase_application_database")
    @classmethod
    def _with_a_user(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and not (info.data.get("metabase_email") and info.data.get("metabase_password")):
            raise ValueError("needs ROLLDECK_METABASE_EMAIL and ROLLDECK_METABASE_PASSWORD, of a user in it")
        return path

    @field_validator("pool_mb", "min_free_memory_mb")
    @classmethod
    def _within_memory(cls, megabytes: int) -> int:
        there_are = memory_bytes() // 1_000_000
        if megabytes >= there_are:
            raise ValueError(f"is as much as all memory: there are {there_are} MB")
        return megabytes

    @classmethod
    def variables_of(cls, name: str) -> tuple[str, ...]:
        """Return the variables that a setting is read from, the one that counts most first."""
        match cls.model_fields[name].validation_alias:
            case AliasChoices(choices=choices):
                return tuple(str(choice) for choice in choices)
        return (f"ROLLDECK_{name.upper()}",)

    def as_variables(self) -> dict[str, str]:
        """Return the environment variables that another process reads the same settings from, secrets included."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {self.variables_of(name)[0]: _as_variable(value) for name, value in values.items() if value is not None}


def _as_variable(value: object) -> str:
    if isinstance(value, tuple):
        return os.pathsep.join(str(one) for one in value)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
