"""The fields of a recipe file, and how each of them is written. The published JSON Schema is made from these models."""

import shlex
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict

from rolldeck.domain.solution import AppPath
from rolldeck.environments.placeholders import NAME_PATTERN

NAME = r"^[a-z][a-z0-9-]{0,39}$"
_ENVIRONMENT_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
_SQL_NAME = r"^[a-z_][a-z0-9_]{0,62}$"
_TEXT: JsonDict = {"type": "string"}


def _split(command: object) -> object:
    """Turn a command that is written as one text into its words, as a shell would; no shell runs it."""
    if isinstance(command, str):
        try:
            return tuple(shlex.split(command))
        except ValueError as error:
            raise ValueError(f"is no command: {error}".lower()) from error
    return tuple(command) if isinstance(command, list) else command


def _as_text(value: object) -> object:
    """Turn a whole number into its digits: ports and sizes are written without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _or(schema: JsonDict) -> Callable[[JsonDict], None]:
    """Let a field's JSON Schema allow one form more, which a validator turns into the others."""

    def add(field: JsonDict) -> None:
        forms = field["anyOf"]
        field["anyOf"] = [*forms, schema] if isinstance(forms, list) else [schema]

    return add


def _as_context(build: object) -> object:
    return {"context": build} if isinstance(build, str) else build


def _none(login: object) -> object:
    return None if login == "none" else login


def _within_service(path: str) -> str:
    if not path or ".." in PurePosixPath(path).parts or not path.isprintable() or "\\" in path:
        raise ValueError("should be a path in the service without .., e.g. data/wiki")
    if str(PurePosixPath(path)) in {".", "/"}:
        raise ValueError("should be a path below the service's directory, e.g. data")
    return str(PurePosixPath(path))


def existing(path: object, directory: Path) -> Path:
    """Return where a path of a file leads: into the file's own directory, and not through a link out of it.

    Raises ``ValueError``.
    """
    if not isinstance(path, str):
        raise ValueError("should be a text: a path relative to the recipe file")  # noqa: TRY004 - pydantic's
    inside = (directory / path.replace("\0", "")).resolve()
    if not path or "\0" in path or Path(path).is_absolute() or not inside.is_relative_to(directory):
        raise ValueError("should be a path in the recipe's own directory, relative to the recipe file")
    if not inside.exists():
        raise ValueError(f"there is no {path}")
    found = inside.rglob("*") if inside.is_dir() else iter(())
    linked = next((one for one in found if one.is_symlink()), None)
    if linked is not None:
        raise ValueError(f"holds a symbolic link ({linked.relative_to(directory)}): put the file itself there")
    return inside


def _existing(path: object, info: ValidationInfo) -> Path:
    if info.context is None:
        raise ValueError("should be validated with the directory that it is relative to")
    return existing(path, info.context["directory"])


Command = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(min_length=1),
    BeforeValidator(_split),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": _TEXT, "minItems": 1}]}),
]
Text = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]})]
InService = Annotated[str, AfterValidator(_within_service)]
InRecipe = Annotated[Path, PlainValidator(_existing), WithJsonSchema(_TEXT)]
"""Relative to the recipe file; absolute once it is validated."""
ServiceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BuildPart(_Part):
    """An image that is built from a directory."""

    context: InRecipe = Field(description="directory with the Dockerfile")
    dockerfile: str = Field(default="Dockerfile", description="its name in the directory")
    arguments: dict[str, Text] = Field(default={}, description="build arguments")


class SeedPart(_Part):
    """A file or directory that a service begins with."""

    from_: InRecipe = Field(alias="from", description="file or directory beside the recipe file")
    to: InService = Field(description="where it goes in the service; a relative path is in `${directory}`")


class SqlPart(_Part):
    """A database of a service that is a PostgreSQL."""

    from_: InRecipe | None = Field(
        default=None,
        alias="from",
        description="its data: plain SQL, gzip of it, or pg_dump's custom format; without, the application fills it",
    )
    database: str = Field(pattern=_SQL_NAME, description="the database, which is created")
    owner: str = Field(pattern=_SQL_NAME, description="role that owns the database")


class PostgresPart(_Part):
    """Says that a service is a PostgreSQL."""

    roles: dict[Annotated[str, Field(pattern=_SQL_NAME)], Annotated[str, Field(pattern=NAME_PATTERN)]] = Field(
        min_length=1, description="roles that log in, each with the NAME of its password, `${secret.NAME}`"
    )
    superuser: str = Field(default="postgres", pattern=_SQL_NAME, description="the image's superuser")


class HealthPart(_Part):
    """When a service is well. Without path and command: when its port is open."""

    path: AppPath | None = Field(default=None, description="answers this path with status 200")
    command: Command | None = Field(default=None, description="this command ends with 0 in it")
    seconds: float = Field(default=120, gt=0, le=3600, description="how long it may take until then")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.path is not None and self.command is not None:
            raise ValueError("has a path and a command: choose one")
        return self


class LimitsPart(_Part):
    """What a service of one environment may use; the process runtime holds `processes` only."""

    memory_mb: int = Field(default=2048, ge=16, le=1_000_000, description="memory, in MB")
    cpus: float = Field(default=2, gt=0, le=1000, description="processors")
    processes: int = Field(default=512, ge=1, le=100_000, description="processes and threads")


class ServicePart(_Part):
    """One service."""

    image: str | None = Field(
        default=None, min_length=1, max_length=500, pattern=r"^\S+$", description="image that containers are made of"
    )
    build: Annotated[BuildPart | None, BeforeValidator(_as_context)] = Field(
        default=None,
        description="image that is built, instead of `image`; a text is its `context`",
        json_schema_extra=_or(_TEXT),
    )
    install: tuple[Command, ...] = Field(
        default=(), max_length=100, description="commands that are run once, after the seeds are there"
    )
    command: Command | None = Field(
        default=None, description="what serves; a text is split into words, no shell runs it"
    )
    environment: dict[Annotated[str, Field(pattern=_ENVIRONMENT_NAME)], Text] = Field(
        default={}, max_length=500, description="environment variables of `install` and `command`"
    )
    seeds: tuple[SeedPart, ...] = Field(default=(), max_length=1000, description="files that it begins with")
    postgres: PostgresPart | None = Field(default=None, description="says that it is a PostgreSQL")
    sql: tuple[SqlPart, ...] = Field(
        default=(), max_length=100, description="databases that it begins with; needs `postgres`"
    )
    state: tuple[InService, ...] = Field(
        default=(),
        max_length=1000,
        description="paths that change while it runs: copied for each environment; none named: all are",
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="port that it listens on; `${port}` in its texts (needed without Docker)",
    )
    health: HealthPart = Field(default=HealthPart(), description="when it is well")
    needs: tuple[ServiceName, ...] = Field(
        default=(), max_length=100, description="services that must be well before it starts"
    )
    limits: LimitsPart = Field(default=LimitsPart(), description="what it may use")
    user: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:-]+$", description="user in the container")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if self.image is not None and self.build is not None:
            raise ValueError("has an image and a build: choose one")
        if self.image is None and self.build is None and self.command is None:
            raise ValueError("needs one of image, build, command")
        return self


class FormPart(_Part):
    """A login form, filled in by HTTP."""

    path: AppPath = Field(description="path of the page with the form")
    fields: dict[Annotated[str, Field(min_length=1)], Text] = Field(
        min_length=1, description="names and values of its fields; hidden ones of the page are kept"
    )
    json_: bool = Field(default=False, alias="json", description="post JSON to `path` instead of a form")


class CookiePart(_Part):
    """A cookie that is known beforehand."""

    name: str = Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", description="its name")
    value: str = Field(pattern=r"^[!#-+\--:<-\[\]-~]*$", description="its value")
    path: AppPath = Field(default="/", description="the paths that it belongs to")


class LoginPart(_Part):
    """How the browser is logged in before the agent begins: one of the two."""

    form: FormPart | None = Field(default=None, description="Rolldeck fills the application's login form in")
    # A list, not a tuple: what a validator has looked at before counts as Python's, strictly, and not as JSON's.
    cookies: list[CookiePart] | None = Field(default=None, min_length=1, description="cookies known beforehand")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.form is None) == (self.cookies is None):
            raise ValueError("needs one of form, cookies")
        return self


class DatabasePart(_Part):
    """What state checks read: a PostgreSQL's database (`database`, `role`), an SQLite file, or files."""

    service: ServiceName = Field(description="the service that has it")
    database: str | None = Field(default=None, pattern=_SQL_NAME, description="name of the database in PostgreSQL")
    role: str | None = Field(default=None, pattern=_SQL_NAME, description="PostgreSQL role that reads it")
    sqlite: InService | None = Field(default=None, description="path of the SQLite file in the service")
    files: InService | None = Field(
        default=None, description="path of a directory in the service: its files are the table `files(path, text)`"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = [one for one in (self.database, self.sqlite, self.files) if one is not None]
        if len(given) != 1 or (self.database is None) != (self.role is None):
            raise ValueError("needs either database and role, or sqlite, or files")
        return self


class RecipePart(_Part):
    """A recipe file."""

    name: str = Field(pattern=NAME, description="what tasks call it: `environment: NAME`")
    title: str = Field(min_length=1, max_length=200, description="what people read")
    compose: str | None = Field(
        default=None, description="a docker-compose.yml beside the recipe file that says the services"
    )
    services: dict[ServiceName, ServicePart] = Field(
        default={},
        max_length=50,
        description="the application's services, by name; with `compose`: what it does not say",
    )
    web: ServiceName | None = Field(default=None, description="the service that a browser opens; needed with several")
    start_path: AppPath = Field(default="/", description="page that is opened first")
    login: Annotated[LoginPart | None, BeforeValidator(_none)] = Field(
        default=None,
        description="how the browser is logged in; `none`: not at all",
        json_schema_extra=_or({"const": "none"}),
    )
    databases: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")], DatabasePart] = Field(
        default={}, max_length=50, description="databases of state checks, by the name that `sql` uses"
    )
    instruction: str | None = Field(
        default=None, min_length=1, max_length=10_000, description="what agents are told beside each task"
    )
    pages: tuple[AppPath, ...] = Field(
        default=("/",), min_length=1, max_length=100, description="pages that `rolldeck env check` opens"
    )
