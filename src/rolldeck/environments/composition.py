"""An application as services: what a runtime starts, in which order, and how a browser and state checks reach it.

This is what a recipe says of any web application, its own or a user's (one YAML file). A runtime builds a template of
it once: it starts the services from their plain origins, loads the seeds, lets ``preparation`` set the application up,
stops everything cleanly and keeps the state. An environment is a copy of that state, started.

Texts of ``environment``, ``install``, ``command``, health checks and logins may hold ``${...}``; see ``placeholders``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rolldeck.domain.page import Cookie


@dataclass(frozen=True)
class ContainerImage:
    """An image by its reference; what is not on the machine is pulled."""

    reference: str


@dataclass(frozen=True)
class ImageBuild:
    """An image that is built from a directory with a Dockerfile in it."""

    context: Path
    dockerfile: str = "Dockerfile"
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedFile:
    """A file or directory that is copied into a service before its first start.

    ``target`` is a path in the service; a relative one is in its own directory, ``${directory}``.
    """

    source: Path
    target: str


@dataclass(frozen=True)
class SqlDump:
    """Data that is loaded into the service's PostgreSQL: plain SQL, gzip of it, or ``pg_dump``'s custom format.

    Which one it is, is recognised by content. ``database`` is created, and belongs to ``owner``.
    """

    source: Path
    database: str
    owner: str


class TableData(Protocol):
    """Tables of data, made the same every time (a module can be one)."""

    def write(self, directory: Path) -> None:
        """Write ``schema.sql``, one ``<table>.csv`` with a header per table, and ``tables.txt``: tables in load order."""

    def content_hash(self) -> str:
        """Return a hash of all that ``write`` writes."""


@dataclass(frozen=True)
class Tables:
    """Tables that are loaded into a database of the service's PostgreSQL, which is created and belongs to ``owner``."""

    tables: TableData
    database: str
    owner: str


@dataclass(frozen=True)
class EmptyDatabase:
    """A database of the service's PostgreSQL that the application fills itself; it belongs to ``owner``."""

    database: str
    owner: str


Seed = SeedFile | SqlDump | Tables | EmptyDatabase


@dataclass(frozen=True)
class PostgresRoles:
    """Says that a service is a PostgreSQL: the roles that can log in to it, each with the name of its secret.

    They are created with the template, and each environment gives them passwords of its own before it is handed over,
    the superuser, too. ``${secret.NAME}`` is where the application reads such a password.
    """

    secrets: Mapping[str, str]
    superuser: str = "postgres"
    socket_user: str = "postgres"
    """The system's user who may administer through the service's Unix socket."""


@dataclass(frozen=True)
class HealthCheck:
    """When a service is well: it answers ``path`` with 200, or ``command`` ends with 0 in it, else its port is open.

    A PostgreSQL for which nothing is said is well when it accepts connections.
    """

    path: str | None = None
    command: tuple[str, ...] | None = None
    deadline_seconds: float = 120.0
    interval_seconds: float = 0.05
    stall_seconds: float | None = None
    """How long it may give the same answer: one that tells how far it has come, and stays there, hangs."""
    starts: int = 1
    """How often it is started, each time anew, while a template is built, before that is given up."""


@dataclass(frozen=True)
class ServiceLimits:
    """What one environment's service may use."""

    memory_mb: int = 2048
    cpus: float = 2.0
    processes: int = 512


@dataclass(frozen=True)
class Service:
    """One service of an application. ``origin`` is for runtimes with containers, None where it has only a command.

    ``install`` are commands that are run once, when the template is made, after the seeds are there; ``state`` are paths
    that change while it runs and belong to the template (volumes that an image declares would be lost with a commit).
    Relative ones are in its own directory. The process runtime shares, read-only, what is not state; where none is
    named, everything is.
    """

    name: str
    origin: ContainerImage | ImageBuild | None = None
    install: tuple[tuple[str, ...], ...] = ()
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    seeds: tuple[Seed, ...] = ()
    state: tuple[str, ...] = ()
    port: int | None = None
    health: HealthCheck = field(default_factory=HealthCheck)
    needs: tuple[str, ...] = ()
    """Services that must be well before this one starts."""
    limits: ServiceLimits = field(default_factory=ServiceLimits)
    postgres: PostgresRoles | None = None
    """Where it is a PostgreSQL; ``SqlDump``, ``Tables`` and ``PostgresSource`` are for such ones."""
    user: str | None = None
    short_name: str | None = None
    """How it is called in the names of its containers, where not by its name: ``rollout-pg-{id}``."""


@dataclass(frozen=True)
class PostgresSource:
    """A database for state checks, in a service that is a PostgreSQL; ``role``, one of its roles, may read all of it."""

    service: str
    database: str
    role: str


@dataclass(frozen=True)
class SqliteSource:
    """A database for state checks: a file in a service."""

    service: str
    path: str


@dataclass(frozen=True)
class FilesSource:
    """Files of a service for state checks, as a table ``files(path, text)``; ``path`` is their directory in the service."""

    service: str
    path: str


Source = PostgresSource | SqliteSource | FilesSource


@dataclass(frozen=True)
class FormLogin:
    """Rolldeck fills in the application's login form by HTTP and gives the browser the cookies that come back.

    ``fields`` are what is posted to ``path``, as a form or as JSON; hidden fields of the page (tokens) are kept.
    """

    path: str
    fields: Mapping[str, str]
    as_json: bool = False


@dataclass(frozen=True)
class CookieLogin:
    """Cookies that are known beforehand."""

    cookies: tuple[Cookie, ...]


Login = FormLogin | CookieLogin | None


class Reach(Protocol):
    """How code of a recipe reaches the running application, from Rolldeck's side."""

    @property
    def origin(self) -> str:
        """Where the web service answers."""

    def secret(self, name: str) -> str:
        """Return this environment's secret of that name (the template's own while it is built)."""

    def address_inside(self, service: str) -> tuple[str, int]:
        """Return host and port by which services reach this one."""


class Preparation(Protocol):
    """What an application needs done through its own API; code of a recipe, for what a file cannot say."""

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of what ``prepare`` does, for the progress of a build; it reports each of them as it begins."""

    def content_hash(self) -> str:
        """Return a hash of all that ``prepare`` makes of the application."""

    async def prepare(self, reach: Reach, report: Callable[[str], None]) -> None:
        """Set the application up, once, while the template is built. Raises ``TemplateError``."""

    async def log_in(self, reach: Reach) -> Sequence[Cookie]:
        """Make a freshly started environment its own (passwords), and return the agent's login.

        Raises ``EnvironmentFailure``.
        """

    def diagnose(self, health_body: str) -> str | None:
        """Say in words what an answer of the health check means while it is not well; None where it says nothing."""

    async def try_out(self, origin: str, cookies: Sequence[Cookie]) -> str:
        """Use an environment as its agent would, and say what came of it: for ``rolldeck env check``.

        Raises ``EnvironmentFailure``.
        """


@dataclass(frozen=True)
class Composition:
    """All services, and the way in. ``web`` names the service that a browser opens."""

    services: tuple[Service, ...]
    web: str
    start_path: str = "/"
    login: Login = None
    preparation: Preparation | None = None
    databases: Mapping[str, Source] = field(default_factory=dict)
    instruction: str | None = None
    """What the agent is told of the application beside its task; it may hold placeholders, for example of a password."""
    pages: tuple[str, ...] = ("/",)
    """Paths that its users open: what a measurement uses."""
