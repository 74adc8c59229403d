"""A recipe file's fields as the composition that runtimes understand."""

from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import (
    Composition,
    ContainerImage,
    CookieLogin,
    EmptyDatabase,
    FilesSource,
    FormLogin,
    HealthCheck,
    ImageBuild,
    Login,
    PostgresRoles,
    PostgresSource,
    SeedFile,
    Service,
    ServiceLimits,
    Source,
    SqlDump,
    SqliteSource,
)
from rolldeck.environments.recipes.file.model import DatabasePart, LoginPart, RecipePart, ServicePart, SqlPart


def composition_of(recipe: RecipePart, web: str) -> Composition:
    """Return the composition; ``web`` is the service that a browser opens."""
    return Composition(
        services=tuple(_service(name, part) for name, part in recipe.services.items()),
        web=web,
        start_path=recipe.start_path,
        login=_login(recipe.login),
        databases={name: _source(part) for name, part in recipe.databases.items()},
        instruction=recipe.instruction,
        pages=recipe.pages,
    )


def _service(name: str, part: ServicePart) -> Service:
    seeds = (SeedFile(seed.from_, seed.to) for seed in part.seeds)
    databases = (_database(one) for one in part.sql)
    limits = part.limits
    return Service(
        name=name,
        origin=_origin(part),
        install=part.install,
        command=part.command,
        environment=part.environment,
        seeds=(*seeds, *databases),
        state=part.state,
        port=part.port,
        health=HealthCheck(part.health.path, part.health.command, part.health.seconds),
        needs=part.needs,
        postgres=None if part.postgres is None else PostgresRoles(part.postgres.roles, part.postgres.superuser),
        limits=ServiceLimits(limits.memory_mb, limits.cpus, limits.processes),
        user=part.user,
    )


def _database(part: SqlPart) -> SqlDump | EmptyDatabase:
    if part.from_ is None:
        return EmptyDatabase(part.database, part.owner)
    return SqlDump(part.from_, part.database, part.owner)


def _origin(part: ServicePart) -> ContainerImage | ImageBuild | None:
    if part.build is not None:
        return ImageBuild(part.build.context, part.build.dockerfile, part.build.arguments)
    return None if part.image is None else ContainerImage(part.image)


def _login(part: LoginPart | None) -> Login:
    if part is None:
        return None
    if part.form is not None:
        return FormLogin(part.form.path, part.form.fields, part.form.json_)
    return CookieLogin(tuple(Cookie(one.name, one.value, one.path) for one in part.cookies or ()))


def _source(part: DatabasePart) -> Source:
    if part.database is not None and part.role is not None:
        return PostgresSource(part.service, part.database, part.role)
    if part.sqlite is not None:
        return SqliteSource(part.service, part.sqlite)
    return FilesSource(part.service, part.files or "")
