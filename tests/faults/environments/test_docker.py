"""What happens to environments in containers when an engine, a container or an application goes wrong.

The engine is one of this module's own, so that it can be killed.
"""

import asyncio
import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from docker_engine import DockerEngine, missing, running_engine
from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.environments.composition import HealthCheck, SqlDump
from rolldeck.environments.port import Environment
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "environments"))

from small_containers import page, small_containers

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CYCLES = 200 if os.environ.get("CHAOS_FULL") else 3


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with running_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-") as directory:
        yield Path(directory)


def opened(engine: DockerEngine, scratch: Path, recipe: Recipe | None = None, **named: str) -> DockerEnvironments:
    given = {"installation_id": "faults", "relay_image": engine.base} | named
    recipes = [recipe or small_containers(engine.base, engine.postgres)]
    return DockerEnvironments(recipes, cache_dir=scratch, run_dir=scratch / "run", engine_url=engine.url, **given)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def environments(engine: DockerEngine, scratch: Path) -> AsyncIterator[DockerEnvironments]:
    runtime = opened(engine, scratch)
    await runtime.build("small", lambda _: None)
    await runtime.start()
    yield runtime
    await runtime.close()
    assert left_in(engine) == []


def left_in(engine: DockerEngine) -> list[str]:
    containers = engine.docker("ps", "-a", "--format={{.Names}}", "--filter=label=rolldeck.rollout").split()
    return containers + engine.docker("network", "ls", "--format={{.Name}}", "--filter=label=rolldeck.rollout").split()


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def passes_no_check_any_more(environment: Environment) -> None:
    """Wait for the end of an environment to be told, without asking anybody."""
    for _ in range(600):
        await environment.check(within_seconds=10**6)
        await asyncio.sleep(0.05)


async def test_a_container_that_is_killed_is_noticed_without_asking(
    environments: DockerEnvironments, engine: DockerEngine
) -> None:
    environment = await environments.provision("small", "killed")
    other = await environments.provision("small", "other")
    engine.docker("kill", "rollout-pg-killed")
    with pytest.raises(EnvironmentFailure, match="postgres ended with exit code 137"):
        await passes_no_check_any_more(environment)
    with pytest.raises(EnvironmentFailure):
        await environment.sql("notes", "SELECT 1")
    await other.check()
    await environment.close()
    await other.close()
    assert left_in(engine) == []


async def test_a_service_that_never_becomes_well_is_told_with_its_last_words(
    engine: DockerEngine, scratch: Path
) -> None:
    health = HealthCheck("/missing", deadline_seconds=1)
    runtime = opened(engine, scratch, small_containers(engine.base, engine.postgres, health=health))
    with pytest.raises(TemplateError) as failure:
        await runtime.build("small", lambda _: None)
    assert "the service web was not well after" in str(failure.value)
    assert "the password is •••" in str(failure.value)
    await runtime.close()
    assert left_in(engine) == []


async def test_health_that_flaps_costs_no_environment_and_health_that_is_gone_does(
    engine: DockerEngine, scratch: Path
) -> None:
    flaps = small_containers(engine.base, engine.postgres, environment={**page("").environment, "UNWELL_EVERY": "2"})
    runtime = opened(engine, scratch, dataclasses.replace(flaps, name="flaps"))
    await runtime.build("flaps", lambda _: None)
    environment = await runtime.provision("flaps", "flapping")
    for _ in range(4):
        await environment.check()
    async with httpx2.AsyncClient(trust_env=False) as http:
        await http.get(f"{environment.origin}/unwell")
    with pytest.raises(EnvironmentFailure, match="service web is not well any more: not now"):
        await environment.check()
    await runtime.close()
    assert left_in(engine) == []


async def test_what_a_service_installs_is_in_its_environments_and_a_command_that_fails_is_told(
    engine: DockerEngine, scratch: Path
) -> None:
    needs_it = ("sh", "-c", "cat ${directory}/installed && exec python3 ${directory}/server.py ${port}")
    writes = ("python3", "-c", "from pathlib import Path; Path('${directory}/installed').write_text('yes')")
    recipe = small_containers(engine.base, engine.postgres, install=(writes,), command=needs_it)
    runtime = opened(engine, scratch, dataclasses.replace(recipe, name="installs"))
    await runtime.build("installs", lambda _: None)
    await (await runtime.provision("installs", "installed")).close()
    await runtime.close()
    fails = ("python3", "-c", "raise SystemExit('no such package')")
    runtime = opened(engine, scratch, small_containers(engine.base, engine.postgres, install=(fails,)))
    with pytest.raises(TemplateError, match=r"of web ended with exit code 1: no such package"):
        await runtime.build("small", lambda _: None)
    await runtime.close()
    assert left_in(engine) == []


async def test_what_was_made_ready_ahead_is_named_after_its_rollout(
    environments: DockerEnvironments, engine: DockerEngine
) -> None:
    earlier = await environments.provision("small", "wanted")
    ready = await environments.provision("small", "ready")
    await ready.assign("wanted")
    names = engine.docker("ps", "--format={{.Names}}").split()
    assert {re.sub("-[0-9a-f]{12}$", "-…", name) for name in names} == {
        f"rollout-{part}-wanted{suffix}" for part in ("pg", "web", "relay") for suffix in ("", "-…")
    }
    await ready.check()
    await asyncio.gather(earlier.close(), ready.close())


async def test_while_there_are_no_addresses_for_another_network_nothing_is_claimed(
    environments: DockerEnvironments, engine: DockerEngine
) -> None:
    alive = await environments.provision("small", "alive")
    others = take_all_addresses(engine)
    with pytest.raises(EnvironmentFailure, match="default-address-pools") as failure:
        await environments.provision("small", "another")
    assert failure.value.retryable
    assert environments.blocked == str(failure.value)
    await alive.check()
    await alive.close()
    assert environments.blocked is None
    another = await environments.provision("small", "another")
    engine.docker("network", "rm", *others)
    await another.close()
    assert left_in(engine) == []


def take_all_addresses(engine: DockerEngine) -> list[str]:
    """Make networks until the engine makes no more."""
    names: list[str] = []
    while engine.docker("network", "create", f"taken-{len(names)}", check=False):
        names.append(f"taken-{len(names)}")
    return names


async def test_a_service_that_ends_at_once_is_not_waited_for(engine: DockerEngine, scratch: Path) -> None:
    command = ("python3", "-c", "raise SystemExit('no such database')")
    runtime = opened(engine, scratch, small_containers(engine.base, engine.postgres, command=command))
    with pytest.raises(TemplateError, match=r"web ended with exit code 1 before it was well.*no such database"):
        await runtime.build("small", lambda _: None)
    await runtime.close()
    assert left_in(engine) == []


async def test_an_image_that_is_missing_is_named(engine: DockerEngine, scratch: Path) -> None:
    recipe = small_containers("registry.invalid/nobody/nothing:1", engine.postgres)
    runtime = opened(engine, scratch, recipe)
    with pytest.raises(TemplateError, match=r"registry\.invalid/nobody/nothing:1"):
        await runtime.build("small", lambda _: None)
    with pytest.raises(EnvironmentFailure, match="rolldeck env build small"):
        await runtime.provision("small", "rollout")
    await runtime.close()


async def test_a_dump_that_is_cut_off_or_wrong_is_refused_with_its_name(engine: DockerEngine, scratch: Path) -> None:
    dump = scratch / "dump.sql"
    for text, reason in (("CREATE TABLE a (b int);\nSELECT nonsense;\n", "nonsense"), ("PGDMP", "ends too early")):
        dump.write_text(text)
        runtime = opened(engine, scratch, with_dump(engine, dump))
        with pytest.raises(TemplateError) as failure:
            await runtime.build("small", lambda _: None)
        assert str(dump) in str(failure.value)
        assert reason in str(failure.value)
        await runtime.close()
    assert left_in(engine) == []


def with_dump(engine: DockerEngine, dump: Path) -> Recipe:
    recipe = small_containers(engine.base, engine.postgres)
    postgres, web = recipe.composition.services
    postgres = dataclasses.replace(postgres, seeds=(SqlDump(dump, "fruit", "gardener"),))
    return dataclasses.replace(recipe, composition=dataclasses.replace(recipe.composition, services=(postgres, web)))


async def test_environments_that_come_and_go_leave_nothing(
    environments: DockerEnvironments, engine: DockerEngine
) -> None:
    for cycle in range(_CYCLES):
        await (await environments.provision("small", f"cycle-{cycle}")).close()
        assert left_in(engine) == []


async def test_what_a_process_that_was_killed_left_is_removed_and_what_others_own_is_not(
    environments: DockerEnvironments, engine: DockerEngine, scratch: Path
) -> None:
    foreign = engine.docker(
        *("run", "-d", "--network=none", "--label=rolldeck.installation=somebody-else"),
        *(f"--label=rolldeck.session={scratch}/gone", "--label=rolldeck.rollout=theirs", engine.base, "sleep", "600"),
    )
    script = Path(__file__).with_name("docker_holder.py")
    arguments = (str(scratch), engine.url, engine.base, engine.postgres)
    holder = await asyncio.create_subprocess_exec(sys.executable, script, *arguments, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"provisioned\n"
    alive = await environments.provision("small", "alive")
    holder.kill()
    await holder.wait()
    assert "rollout-pg-held" in left_in(engine)
    assert await environments.reap() == 2  # the environment, and the network of the session's relays
    assert not [name for name in left_in(engine) if "held" in name]
    await alive.check()
    await alive.close()
    assert foreign in engine.docker("ps", "-q", "--no-trunc")
    engine.docker("rm", "-f", foreign)
    assert left_in(engine) == []


async def test_while_the_engine_is_away_nothing_is_promised_and_afterwards_all_is_well_again(
    environments: DockerEnvironments, engine: DockerEngine
) -> None:
    environment = await environments.provision("small", "running")
    engine.kill()
    await until(lambda: environments.blocked is not None)
    assert "Docker engine" in str(environments.blocked)
    with pytest.raises(EnvironmentFailure) as failure:
        await environment.check(within_seconds=10**6)
    assert failure.value.retryable
    with pytest.raises(EnvironmentFailure):
        await environments.provision("small", "meanwhile")
    with pytest.raises(EnvironmentFailure):
        await environment.close()
    engine.start()  # not in a thread, with whose end it would end
    await until(lambda: environments.blocked is None)
    await environments.reap()
    await until(lambda: left_in(engine) == [])
    again = await environments.provision("small", "again")
    await again.check()
    await again.close()


async def test_images_of_templates_that_nothing_names_any_more_are_pruned(
    environments: DockerEnvironments, engine: DockerEngine, scratch: Path
) -> None:
    other = opened(engine, scratch, dataclasses.replace(small_containers(engine.base, engine.postgres), name="other"))
    [template] = await environments.templates()
    found = [one for one in await other.superfluous() if template.content_hash in one.what]  # those of other tests stay
    names = {f"rolldeck-template/small-{service}:{template.content_hash}" for service in ("postgres", "web")}
    assert {one.what for one in found} == names
    environment = await environments.provision("small", "using")
    assert await other.prune(found) == []
    await environment.close()
    removed = await other.prune(found)
    assert {one.what for one in removed} == {one.what for one in found}
    assert not any(engine.docker("images", "-q", name) for name in names)
    await other.close()
