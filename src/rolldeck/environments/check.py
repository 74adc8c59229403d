"""One environment's whole life, step by step and timed: whether a recipe works on this machine."""

import html
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import httpx2

from rolldeck.domain.errors import EnvironmentFailure, RolldeckError
from rolldeck.environments.composition import FilesSource, PostgresSource
from rolldeck.environments.port import Environment, Environments
from rolldeck.environments.recipe import Recipe

_PAGE_SECONDS = 60.0
_TITLE_SHOWN = 60
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_PURPOSE = "check"

_POSTGRES = "SELECT count(*) AS tables FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
_SQLITE = "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table'"
_FILES = "SELECT count(*) AS files FROM files"


@dataclass(frozen=True)
class CheckedStep:
    """One step: what was done, how long it took, what was found, or what went wrong (then ``found`` says that)."""

    name: str
    ok: bool
    seconds: float
    found: str


async def check_recipe(environments: Environments, recipe: Recipe) -> AsyncIterator[CheckedStep]:
    """Provision an environment, open its pages, read its databases, tear it down; give each step when it is done.

    The template must be built and the environments started. Goes on after a failure, if that makes sense, and leaves
    nothing behind. Raises nothing for what goes wrong with the environment.
    """
    async with AsyncExitStack() as left:
        provisioned: list[Environment] = []
        yield await _timed("provision and log in", partial(_provision, environments, recipe, provisioned, left))
        for environment in provisioned:
            for name, step in _steps(environment, recipe):
                yield await _timed(name, step)


Step = Callable[[], Awaitable[str]]


async def _provision(
    environments: Environments, recipe: Recipe, provisioned: list[Environment], left: AsyncExitStack
) -> str:
    environment = await environments.provision(recipe.name, _PURPOSE)
    left.push_async_callback(environment.close)
    provisioned.append(environment)
    cookies = ", ".join(cookie.name for cookie in environment.cookies) or "none"
    return f"{environment.origin}, cookies: {cookies}"


def _steps(environment: Environment, recipe: Recipe) -> Iterator[tuple[str, Step]]:
    for path in _pages_of(recipe):
        yield f"open {path}", partial(_open, environment, path)
    preparation = None if recipe.composition is None else recipe.composition.preparation
    if preparation is not None:
        yield "try it out", partial(preparation.try_out, environment.origin, environment.cookies)
    for name in environment.databases:
        yield f"read {name}", partial(_read, environment, recipe, name)
    yield "is it well", partial(_ask, environment)
    yield "tear down", partial(_close, environment)


async def _timed(name: str, step: Step) -> CheckedStep:
    started = time.perf_counter()
    try:
        found, ok = await step(), True
    except RolldeckError as error:
        found, ok = str(error), False
    return CheckedStep(name, ok, round(time.perf_counter() - started, 3), found)


def _pages_of(recipe: Recipe) -> tuple[str, ...]:
    if recipe.composition is not None:
        return recipe.composition.pages
    return () if recipe.forked is None else recipe.forked.pages


async def _open(environment: Environment, path: str) -> str:
    cookies = {cookie.name: cookie.value for cookie in environment.cookies}
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_PAGE_SECONDS, cookies=cookies) as http:
            response = await http.get(environment.origin + path)
    except httpx2.HTTPError as error:
        raise EnvironmentFailure(f"does not answer: {str(error) or type(error).__name__}") from error
    if response.is_redirect:
        return f"status {response.status_code}, leads to {response.headers.get('Location', 'nowhere')}"
    if response.status_code >= 400:
        raise EnvironmentFailure(f"answers with status {response.status_code}")
    title = title_of(response.text)
    return f"status {response.status_code}, {len(response.content):,} bytes" + (f", “{title}”" if title else "")


async def _read(environment: Environment, recipe: Recipe, name: str) -> str:
    [row] = await environment.sql(name, _question(recipe, name))
    return ", ".join(f"{count} {what}" for what, count in row.items())


def _question(recipe: Recipe, name: str) -> str:
    if recipe.forked is not None and name in {*recipe.forked.sqlite_databases}:
        return _SQLITE
    source = None if recipe.composition is None else recipe.composition.databases.get(name)
    if source is None or isinstance(source, PostgresSource):
        return _POSTGRES
    return _FILES if isinstance(source, FilesSource) else _SQLITE


async def _ask(environment: Environment) -> str:
    await environment.check()
    return f"yes, it takes {await environment.memory_bytes() / 1e6:,.0f} MB of memory"


async def _close(environment: Environment) -> str:
    await environment.close()
    return "nothing is left"


def title_of(page: str) -> str:
    """Return an HTML page's title on one line; empty where it has none."""
    found = _TITLE.search(page)
    return "" if found is None else " ".join(html.unescape(found[1]).split())[:_TITLE_SHOWN]
