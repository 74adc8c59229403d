"""Applications of services in the process runtime: what every recipe file gets from it."""

import asyncio
import dataclasses
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import psutil
import pytest
import pytest_asyncio
from small_services import COUNTER, WEB, services

from rolldeck.domain.errors import EnvironmentFailure, TemplateError, VerificationError
from rolldeck.environments.composition import HealthCheck, PostgresSource
from rolldeck.environments.port import BuildProgress, Environment
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.process.composed.ports import HOST, ReservedPort
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments, obstacles_of
from rolldeck.environments.runtimes.process.leftovers import processes_naming

pytestmark = pytest.mark.asyncio(loop_scope="module")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="user ids are given away by root only")


def environments_of(scratch: Path, recipe: Recipe) -> ProcessEnvironments:
    return ProcessEnvironments(
        [recipe], cache_dir=scratch / "cache", run_dir=scratch / "services", installation_id="tests"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def composed(scratch: Path) -> AsyncIterator[ProcessEnvironments]:
    environments = environments_of(scratch, services())
    await environments.build("small", lambda _: None)
    await environments.start()
    yield environments
    await environments.close()
    assert list((scratch / "services").iterdir()) == []


async def get(environment: Environment, path: str, **query: str) -> httpx2.Response:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in environment.cookies)
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(environment.origin + path, params=query, headers={"Cookie": cookies})


async def where(environment: Environment) -> Path:
    return Path(json.loads((await get(environment, "/")).text)["directory"])


async def test_an_environment_is_logged_in_and_its_services_reach_each_other(composed: ProcessEnvironments) -> None:
    environment = await composed.provision("small", "rollout")
    assert json.loads((await get(environment, "/")).text)["counter"] == 200
    async with httpx2.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.get(environment.origin + "/")).status_code == 302
    assert [(cookie.name, cookie.http_only) for cookie in environment.cookies] == [("session", True)]
    await environment.close()


async def test_what_its_services_wrote_is_told_without_secrets(composed: ProcessEnvironments) -> None:
    environment = await composed.provision("small", "rollout")
    await get(environment, "/")
    logs = await environment.logs()
    assert set(logs) == {"web", "counter"}
    assert "GET / HTTP" in logs["counter"]
    assert "the password is …" in logs["web"]
    await environment.close()
    with pytest.raises(EnvironmentFailure):
        await environment.logs()


async def test_state_is_a_copy_and_all_else_is_the_templates(composed: ProcessEnvironments) -> None:
    environment = await composed.provision("small", "rollout")
    directory = await where(environment)
    assert (directory / "program").is_symlink()
    assert (directory / "installed").read_text() == "installed\n"
    assert (directory / "data").is_dir()
    assert not (directory / "data").is_symlink()
    await get(environment, "/write", file=str(directory / "data" / "note.txt"))
    assert await environment.sql("files", "SELECT text FROM files WHERE path = 'note.txt'") == [
        {"text": "written by an environment"}
    ]
    other = await composed.provision("small", "other")
    assert await other.sql("files", "SELECT text FROM files WHERE path = 'note.txt'") == [{"text": "from the template"}]
    await asyncio.gather(environment.close(), other.close())


@as_root
async def test_an_environment_can_neither_look_into_another_nor_change_the_template(
    composed: ProcessEnvironments,
) -> None:
    one, other = await asyncio.gather(composed.provision("small", "a"), composed.provision("small", "b"))
    theirs = await where(other)
    for path in (theirs / "data" / "note.txt", theirs.parent / "web.log"):
        assert (await get(one, "/read", file=str(path))).text == "refused: PermissionError"
    [pid] = {process.pid for process in processes_naming(theirs.parent) if "server.py" in str(process.cmdline())}
    assert (await get(one, "/read", file=f"/proc/{pid}/environ")).text == "refused: PermissionError"
    template = (theirs / "program").resolve()
    for path in (template / "server.py", template / "new", template.parent / "installed"):
        assert (await get(one, "/write", file=str(path))).text == "refused: PermissionError"
    await asyncio.gather(one.close(), other.close())


async def test_shared_files_are_read_only_for_whoever_runs_them(scratch: Path, composed: ProcessEnvironments) -> None:
    [template] = (scratch / "cache" / "templates").glob("services-????????????????")
    assert not stat.S_IMODE((template / "web" / "program" / "server.py").stat().st_mode) & 0o222
    assert stat.S_IMODE((template / "web" / "data" / "note.txt").stat().st_mode) & 0o200


async def test_a_template_is_in_use_while_an_environment_shares_its_files(
    composed: ProcessEnvironments, scratch: Path
) -> None:
    environment = await composed.provision("small", "rollout")
    of_another_time = ProcessEnvironments(
        [], cache_dir=scratch / "cache", run_dir=scratch / "pruning", installation_id="tests"
    )
    found = await of_another_time.superfluous()
    assert found
    assert all(one.in_use for one in found)
    assert await of_another_time.prune(found) == []
    await environment.close()
    assert not any(one.in_use for one in await of_another_time.superfluous())


@as_root
async def test_what_a_service_started_elsewhere_ends_with_its_environment(composed: ProcessEnvironments) -> None:
    environment = await composed.provision("small", "rollout")
    lingering = psutil.Process(int((await get(environment, "/linger")).text))
    directory = await where(environment)
    await environment.close()
    assert not lingering.is_running() or lingering.status() == psutil.STATUS_ZOMBIE
    assert not directory.parent.exists()
    assert processes_naming(directory.parent) == []


async def test_files_that_were_swapped_for_links_are_not_followed(composed: ProcessEnvironments) -> None:
    environment = await composed.provision("small", "rollout")
    await get(environment, "/swap", file="/etc/passwd")
    with pytest.raises(VerificationError, match="replaced by something else"):
        await environment.sql("notes", "SELECT 1")
    names = await environment.sql("files", "SELECT path FROM files WHERE path NOT LIKE '%.sqlite'")
    assert names == [{"path": "note.txt"}]
    await environment.close()


@pytest.mark.parametrize(
    "query", ["DELETE FROM files", "ATTACH '/etc/passwd' AS other", "SELECT readfile('/etc/passwd')"]
)
async def test_files_are_only_read(composed: ProcessEnvironments, query: str) -> None:
    environment = await composed.provision("small", "rollout")
    with pytest.raises(VerificationError):
        await environment.sql("files", query)
    await environment.close()


async def test_a_start_that_fails_says_the_last_words_without_secrets_and_leaves_nothing(
    composed: ProcessEnvironments, scratch: Path
) -> None:
    with pytest.raises(EnvironmentFailure, match=r"(?s)web has ended \(status 3\).*the password is …") as failure:
        await composed.provision("small", "refuses")
    assert failure.value.retryable
    assert not list((scratch / "services").glob("*/*refuses*"))
    assert not [process for process in processes_naming(scratch) if "refuses" in str(process.cmdline())]


async def test_a_cancelled_start_leaves_nothing(composed: ProcessEnvironments, scratch: Path) -> None:
    starting = asyncio.create_task(composed.provision("small", "cancelled"))
    while not list((scratch / "services").glob("*/*cancelled*/web.log")):
        await asyncio.sleep(0.005)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not list((scratch / "services").glob("*/*cancelled*"))
    assert not [process for process in processes_naming(scratch) if "cancelled" in str(process.cmdline())]


async def test_the_build_tells_its_steps_and_is_done_once(scratch: Path) -> None:
    environments = environments_of(scratch, services(limits=dataclasses.replace(WEB.limits, cpus=1.5)))
    heard: list[BuildProgress] = []
    await environments.build("small", heard.append)
    assert [(one.step, one.steps, one.name) for one in heard] == [
        (1, 3, "web: copy its files"),
        (2, 3, 'web: sh -c echo installed > "$WHERE/installed"'),
        (3, 3, "start it once"),
    ]
    await environments.build("small", heard.append)
    assert len(heard) == 3
    await environments.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"install": (("sh", "-c", "echo no such package >&2; exit 1"),)}, "no such package"),
        (
            {"command": ("no-such-program", "${port}")},
            "no-such-program: No such file or directory; is it on this machine",
        ),
        (
            {"health": HealthCheck(path="/nothing", deadline_seconds=1)},
            "web was not well after 1 s: it answers with status 302",
        ),
        (
            {"health": HealthCheck(command=("false",), deadline_seconds=0.5)},
            "it has a health command that ended with status 1",
        ),
        (
            {"command": ("sleep", "60", "${port}"), "health": HealthCheck(deadline_seconds=0.5)},
            "it does not listen on the port",
        ),
    ],
)
async def test_a_build_that_fails_says_why_and_leaves_nothing(
    scratch: Path, changes: dict[str, object], words: str
) -> None:
    environments = environments_of(scratch, services(**changes))
    before = set((scratch / "cache" / "templates").iterdir())
    with pytest.raises(TemplateError) as failure:
        await environments.build("small", lambda _: None)
    assert words in str(failure.value)
    assert {path for path in (scratch / "cache" / "templates").iterdir() if path.suffix != ".lock"} <= before
    assert processes_naming(scratch / "cache") == []
    await environments.close()


async def test_a_health_command_runs_with_what_the_service_knows(scratch: Path) -> None:
    health = HealthCheck(command=("sh", "-c", 'test -f "$WHERE/data/note.txt" && test "$PASSWORD" = ${secret.ada}'))
    environments = environments_of(scratch, services(health=health))
    await environments.build("small", lambda _: None)
    await environments.close()


async def test_what_needs_containers_is_named() -> None:
    web = dataclasses.replace(WEB, command=("serve",), environment={}, state=("/var/lib/web",))
    small = services().composition
    assert small is not None
    composition = dataclasses.replace(
        small,
        services=(web, dataclasses.replace(COUNTER, command=None)),
        databases={"data": PostgresSource("counter", "data", "reader")},
    )
    assert list(obstacles_of(Recipe("x", "X", composition=composition))) == [
        "the service web has absolute paths in seeds or state",
        "the service web is not told its port: no ${port} in its command or environment",
        "the service counter has no command",
        "the database data is in a PostgreSQL service",
    ]
    assert obstacles_of(services()) == ()


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="elsewhere a port is let go before its program starts")
async def test_a_reserved_port_is_bound_by_its_program_and_given_to_nobody_else() -> None:
    reserved = ReservedPort()
    reserved.let_bind()
    others = [ReservedPort() for _ in range(300)]
    assert reserved.number not in {other.number for other in others}
    server = await asyncio.start_server(lambda *_: None, HOST, reserved.number)
    _, writer = await asyncio.open_connection(HOST, reserved.number)
    writer.close()
    server.close()
    for port in (reserved, *others):
        port.close()
