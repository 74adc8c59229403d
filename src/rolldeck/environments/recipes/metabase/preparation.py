"""Setting a Metabase up for rollouts, and making each environment's its own."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import Reach
from rolldeck.environments.recipe import hash_of
from rolldeck.environments.recipes.metabase.client import Fields, MetabaseClient, MetabaseRefused
from rolldeck.environments.recipes.metabase.startup import meaning_of

POSTGRES = "postgres"
DATA = "data"
READER = "reader"
ADMIN_EMAIL = "admin@rolldeck.example"
ANALYST_EMAIL = "analyst@rolldeck.example"
PASSWORD_PREFIX = "Rolldeck-1-"  # noqa: S105 with a secret after it: Metabase wants a digit in every password
# Of the template's accounts alone: each environment's have other ones before anybody can reach it.
_TEMPLATE_PASSWORD = "Rolldeck-1-template"  # noqa: S105
_QUESTION = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
_SOURCES = tuple(sorted(Path(__file__).parent.glob("*.py")))


@dataclass(frozen=True)
class Account:
    """A user of a Metabase that was set up by hand."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class NewMetabase:
    """A Metabase that Rolldeck sets up over ``data_name``: the agent is an analyst, who may query and is no admin.

    With ``gives_session`` the agent's browser is logged in; else it has to log in itself.
    """

    data_name: str
    gives_session: bool = True
    steps: tuple[str, ...] = (
        "set Metabase up",
        "connect the data",
        "let Metabase read the data's tables",
        "create the agent's account",
    )

    def content_hash(self) -> str:
        """Return a hash of all that ``prepare`` makes of Metabase."""
        return hash_of(self.data_name, *_SOURCES)

    async def prepare(self, reach: Reach, report: Callable[[str], None]) -> None:
        """Set Metabase up. Raises ``TemplateError``."""
        async with _preparing(reach) as metabase:
            report(self.steps[0])
            token = await metabase.setup_token()
            if token is None:
                raise TemplateError("this Metabase has been set up before: is its application database not empty?")
            await metabase.set_up(token, email=ADMIN_EMAIL, password=_TEMPLATE_PASSWORD, site_name="Rolldeck")
            report(self.steps[1])
            database = await metabase.add_database(self.data_name, data_details(reach))
            report(self.steps[2])
            await metabase.sync(database)
            report(self.steps[3])
            await metabase.add_user(ANALYST_EMAIL, _TEMPLATE_PASSWORD)
            await metabase.log_in(ANALYST_EMAIL, _TEMPLATE_PASSWORD)
            await metabase.query(database, "SELECT 1")

    async def log_in(self, reach: Reach) -> Sequence[Cookie]:
        """Give the environment's accounts and its data source their own passwords, and return the analyst's session.

        Raises ``EnvironmentFailure``.
        """
        password = PASSWORD_PREFIX + reach.secret("analyst")
        async with MetabaseClient(reach.origin) as metabase:
            await metabase.log_in(ADMIN_EMAIL, _TEMPLATE_PASSWORD)
            await _point_to_data(metabase, reach)
            await metabase.set_password(ANALYST_EMAIL, password)
            await metabase.set_own_password(PASSWORD_PREFIX + reach.secret("admin"), old=_TEMPLATE_PASSWORD)
            return await metabase.log_in(ANALYST_EMAIL, password) if self.gives_session else ()

    def diagnose(self, health_body: str) -> str | None:
        """Say in words how far Metabase has started."""
        return meaning_of(health_body)

    async def try_out(self, origin: str, cookies: Sequence[Cookie]) -> str:
        """Ask Metabase a question about the data, as the agent. Raises ``EnvironmentFailure``."""
        return await _ask_a_question(origin, cookies)


@dataclass(frozen=True)
class RestoredMetabase:
    """A Metabase that was set up by hand, from a dump of its application database: the agent is one of its users.

    With ``has_data``, its PostgreSQL data sources are pointed to the environment's own data, for which the user has to
    be an admin; else they stay as they are, and answer nothing, as an environment reaches nothing outside.
    """

    account: Account
    has_data: bool
    gives_session: bool = True
    steps: tuple[str, ...] = ("log in to the restored Metabase", "point its data sources to the data")

    def content_hash(self) -> str:
        """Return a hash of all that ``prepare`` makes of Metabase."""
        return hash_of(self.account.email, str(self.has_data), *_SOURCES)

    async def prepare(self, reach: Reach, report: Callable[[str], None]) -> None:
        """See that the account can log in, and point data sources to the data. Raises ``TemplateError``."""
        async with _preparing(reach) as metabase:
            report(self.steps[0])
            if await metabase.setup_token() is not None:
                raise TemplateError(
                    "the dump of ROLLDECK_METABASE_APPLICATION_DATABASE is not of a Metabase that was set up: it has no "
                    "user; a dump of data alone belongs in SQL_DUMP_PATH"
                )
            await self._be_the_user(metabase)
            report(self.steps[1])
            await self._point(metabase, reach)

    async def log_in(self, reach: Reach) -> Sequence[Cookie]:
        """Give the user and the data sources the environment's own passwords, and return the user's session.

        Raises ``EnvironmentFailure``.
        """
        password = PASSWORD_PREFIX + reach.secret("analyst")
        async with MetabaseClient(reach.origin) as metabase:
            await self._be_the_user(metabase)
            await self._point(metabase, reach)
            await metabase.set_own_password(password, old=self.account.password)
            return await metabase.log_in(self.account.email, password) if self.gives_session else ()

    def diagnose(self, health_body: str) -> str | None:
        """Say in words how far Metabase has started."""
        return meaning_of(health_body)

    async def try_out(self, origin: str, cookies: Sequence[Cookie]) -> str:
        """Ask Metabase a question about the data, as the agent. Raises ``EnvironmentFailure``."""
        return await _ask_a_question(origin, cookies) if self.has_data else "there is no data to ask about"

    async def _be_the_user(self, metabase: MetabaseClient) -> None:
        try:
            await metabase.log_in(self.account.email, self.account.password)
        except MetabaseRefused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise TemplateError(
                f"the restored Metabase has no user {self.account.email} with this password: set "
                "ROLLDECK_METABASE_EMAIL and ROLLDECK_METABASE_PASSWORD to those of a user in the dump"
            ) from refused

    async def _point(self, metabase: MetabaseClient, reach: Reach) -> None:
        if not self.has_data:
            return
        try:
            await _point_to_data(metabase, reach)
        except MetabaseRefused as refused:
            if refused.status != HTTPStatus.FORBIDDEN:
                raise
            raise TemplateError(
                f"{self.account.email} may not change data sources: ROLLDECK_METABASE_EMAIL has to be an admin's, so "
                "that those of the dump can be pointed to the data of SQL_DUMP_PATH"
            ) from refused


def data_details(reach: Reach) -> Fields:
    """Return how Metabase reaches the environment's data."""
    host, port = reach.address_inside(POSTGRES)
    address: Fields = {"host": host, "port": port, "dbname": DATA, "ssl": False}
    return {**address, "user": READER, "password": reach.secret(READER)}


async def _point_to_data(metabase: MetabaseClient, reach: Reach) -> None:
    for database in await metabase.postgres_databases():
        await metabase.change_database(database, data_details(reach))


async def _ask_a_question(origin: str, cookies: Sequence[Cookie]) -> str:
    if not cookies:
        return "no question was asked: the agent logs in itself"
    async with MetabaseClient(origin, cookies) as metabase:
        databases = await metabase.postgres_databases()
        if not databases:
            raise EnvironmentFailure("the agent sees no PostgreSQL data source in Metabase")
        [[tables]] = await metabase.query(databases[0], _QUESTION)
    return f"Metabase answered a question in SQL: there are {tables} tables"


@asynccontextmanager
async def _preparing(reach: Reach) -> AsyncIterator[MetabaseClient]:
    """Give a client; whatever goes wrong with it is the template's failure."""
    async with MetabaseClient(reach.origin) as metabase:
        try:
            yield metabase
        except TemplateError:
            raise
        except EnvironmentFailure as failure:
            raise TemplateError(f"Metabase could not be prepared: {failure}") from failure
