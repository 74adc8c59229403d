"""Metabase over a PostgreSQL with the user's data; its own application database is in the same PostgreSQL."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rolldeck.environments.composition import (
    Composition,
    ContainerImage,
    EmptyDatabase,
    HealthCheck,
    PostgresRoles,
    PostgresSource,
    Preparation,
    Seed,
    Service,
    ServiceLimits,
    SqlDump,
    TableData,
    Tables,
)
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes.metabase.preparation import (
    ANALYST_EMAIL,
    DATA,
    PASSWORD_PREFIX,
    POSTGRES,
    READER,
    NewMetabase,
    RestoredMetabase,
)
from rolldeck.environments.recipes.metabase.preparation import (
    Account as Account,
)

METABASE_IMAGE = "metabase/metabase:v0.58.5"
POSTGRES_IMAGE = "postgres:16"
_METABASE = "metabase"
_PORT = 3000
# Beside the volume that the image declares: what is in a volume is not a part of the template.
_CLUSTER = "/var/lib/postgresql/rolldeck"
_HEAP = "-Xmx1g -XX:+UseSerialGC"
Login = Literal["session", "credentials"]


@dataclass(frozen=True)
class MetabaseSource:
    """What a Metabase is made of.

    ``data`` are the tables that it shows, as a dump or made; None only beside a dump of a whole ``application``
    database, whose users log in: ``account`` is the agent's.
    """

    data: Path | TableData | None
    application: Path | None = None
    account: Account | None = None
    login: Login = "session"
    metabase_image: str = METABASE_IMAGE
    postgres_image: str = POSTGRES_IMAGE

    @property
    def dumps(self) -> dict[str, Path]:
        """Return the files that it needs, by the setting that names each."""
        named = {"SQL_DUMP_PATH": self.data, "ROLLDECK_METABASE_APPLICATION_DATABASE": self.application}
        return {setting: file for setting, file in named.items() if isinstance(file, Path)}


def metabase(source: MetabaseSource) -> Recipe:
    """Return the recipe."""
    return Recipe(
        name=_METABASE,
        title="Metabase",
        composition=Composition(
            services=(_postgres(source), _metabase(source)),
            web=_METABASE,
            start_path="/" if source.login == "session" else "/auth/login",
            preparation=_preparation(source),
            databases=_databases(source),
            instruction=None if source.login == "session" else _credentials(source),
            pages=("/", "/browse/databases", "/collection/root", "/api/user/current", "/api/database"),
        ),
    )


def _postgres(source: MetabaseSource) -> Service:
    return Service(
        name=POSTGRES,
        origin=ContainerImage(source.postgres_image),
        environment={"POSTGRES_PASSWORD": "${secret.postgres}", "PGDATA": _CLUSTER},
        seeds=_seeds(source),
        state=(_CLUSTER,),
        port=5432,
        limits=ServiceLimits(memory_mb=512, cpus=2.0, processes=256),
        postgres=PostgresRoles(secrets={_METABASE: _METABASE, READER: READER}),
    )


def _metabase(source: MetabaseSource) -> Service:
    return Service(
        name=_METABASE,
        origin=ContainerImage(source.metabase_image),
        environment={
            "MB_DB_TYPE": "postgres",
            "MB_DB_HOST": f"${{service.{POSTGRES}.host}}",
            "MB_DB_PORT": f"${{service.{POSTGRES}.port}}",
            "MB_DB_DBNAME": _METABASE,
            "MB_DB_USER": _METABASE,
            "MB_DB_PASS": f"${{secret.{_METABASE}}}",
            "MB_JETTY_HOST": "0.0.0.0",  # noqa: S104 inside its own network
            "MB_JETTY_PORT": str(_PORT),
            "MB_ANON_TRACKING_ENABLED": "false",
            "MB_CHECK_FOR_UPDATES": "false",
            "MB_LOAD_SAMPLE_CONTENT": "false",
            "JAVA_OPTS": _HEAP,
        },
        port=_PORT,
        # A first start migrates the application database, which is one step of the progress that it tells.
        health=HealthCheck(
            path="/api/health", deadline_seconds=480, interval_seconds=0.25, stall_seconds=240, starts=2
        ),
        needs=(POSTGRES,),
        limits=ServiceLimits(memory_mb=2048, cpus=2.0, processes=512),
        user="2000",  # as root its image would change to another user, which needs rights that services do not have
    )


def _seeds(source: MetabaseSource) -> tuple[Seed, ...]:
    application: Seed = EmptyDatabase(_METABASE, owner=_METABASE)
    if source.application is not None:
        application = SqlDump(source.application, _METABASE, owner=_METABASE)
    match source.data:
        case None:
            return (application,)
        case Path():
            return (application, SqlDump(source.data, DATA, owner=POSTGRES))
    return (application, Tables(source.data, DATA, owner=POSTGRES))


def _preparation(source: MetabaseSource) -> Preparation:
    gives_session = source.login == "session"
    if source.account is not None:
        return RestoredMetabase(source.account, has_data=source.data is not None, gives_session=gives_session)
    return NewMetabase("Data" if isinstance(source.data, Path) else "Shop", gives_session=gives_session)


def _databases(source: MetabaseSource) -> dict[str, PostgresSource]:
    databases = {_METABASE: PostgresSource(POSTGRES, _METABASE, role=_METABASE)}
    if source.data is not None:
        databases[DATA] = PostgresSource(POSTGRES, DATA, role=READER)
    return databases


def _credentials(source: MetabaseSource) -> str:
    email = ANALYST_EMAIL if source.account is None else source.account.email
    return f"Log in to Metabase as {email} with the password {PASSWORD_PREFIX}${{secret.analyst}}"
