"""The settings that hold in this process, for people to read: where each comes from, and never a secret."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from pydantic import SecretStr, ValidationError

from rolldeck.settings import Settings

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Server": ("host", "port", "web_dir", "max_upload_mb", "log_level"),
    "Storage": ("data_dir", "database_url", "artifacts_dir", "cache_dir", "run_dir", "min_free_disk_mb"),
    "Workers": ("workers", "parallel", "lease_seconds", "drain_seconds", "min_free_memory_mb"),
    "Environments": ("runtime", "recipes", "pool_mb", "pool_idle_seconds", "relay_image"),
    "Browser": ("chromium", "settle_seconds", "show_pointer"),
    "Models": (
        *("gemini_api_key", "gemini_base_url", "gemini_project", "gemini_location"),
        *("openai_api_key", "openai_base_url", "anthropic_api_key", "anthropic_base_url"),
        *("openai_compatible_base_url", "openai_compatible_api_key", "record_models", "extract_with"),
    ),
    "Persons": ("takeover_idle_seconds", "human_absent_seconds"),
    "Webhooks": ("webhook_url", "webhook_secret", "webhook_origins"),
    "Metabase": (
        *("sql_dump_path", "metabase_application_database", "metabase_email", "metabase_password"),
        *("metabase_login", "metabase_image", "postgres_image"),
    ),
}
"""The settings by what they are about, in the order in which they are read."""

_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@]*@")


class Source(StrEnum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    OPTION = "option"
    """of the command that was started"""


@dataclass(frozen=True)
class EffectiveSetting:
    """A setting as it holds. ``value`` is None where nothing is set, and always where it is ``secret``.

    ``variable`` is the environment variable that it was read from; ``variables`` are all that it can be read from, the one
    that counts most first.
    """

    name: str
    variables: tuple[str, ...]
    description: str
    value: str | None
    secret: bool
    is_set: bool
    source: Source
    variable: str | None


def effective_settings(
    settings: Settings, variables: Mapping[str, str] = os.environ
) -> Mapping[str, Sequence[EffectiveSetting]]:
    """Return the settings by group. ``variables`` are those that they were read from."""
    try:
        read: Settings | None = Settings()
    except ValidationError:  # an option stands in for a variable that is wrong
        read = None
    return {group: [_effective(name, settings, read, variables) for name in names] for group, names in GROUPS.items()}


def _effective(name: str, settings: Settings, read: Settings | None, variables: Mapping[str, str]) -> EffectiveSetting:
    field = Settings.model_fields[name]
    value = getattr(settings, name)
    variable = next((each for each in Settings.variables_of(name) if variables.get(each)), None)
    source = Source.DEFAULT
    if name in settings.model_fields_set:
        is_read = variable is not None and (read is None or getattr(read, name) == value)
        source = Source.ENVIRONMENT if is_read else Source.OPTION
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    is_set = value not in (None, ())
    return EffectiveSetting(
        name=name,
        variables=Settings.variables_of(name),
        description=field.description or "",
        value=_readable(value) if is_set and not secret else None,
        secret=secret,
        is_set=is_set,
        source=source,
        variable=variable if source is Source.ENVIRONMENT else None,
    )


def _readable(value: object) -> str:
    if isinstance(value, tuple):
        return os.pathsep.join(str(one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return _USER_IN_ADDRESS.sub("…@", str(value))
