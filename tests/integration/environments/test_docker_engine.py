"""The tests' own engine: what the tests of the Docker runtime stand on."""

import sys
from pathlib import Path

import pytest

from docker_engine import DockerEngine
from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.docker.inventory import take_inventory

sys.path.insert(0, str(Path(__file__).parent))

from small_containers import small_containers


def test_the_base_images_run(docker_engine: DockerEngine) -> None:
    python = docker_engine.docker("run", "--rm", "--network=none", docker_engine.base, "python3", "-c", "print(6 * 7)")
    postgres = docker_engine.docker(
        "run", "--rm", "--network=none", "--entrypoint=postgres", docker_engine.postgres, "-V"
    )
    assert python == "42"
    assert postgres.startswith("postgres (PostgreSQL) 15")


async def test_an_inventory_says_what_is_there_what_is_not_and_what_an_environment_may_need(
    docker_engine: DockerEngine,
) -> None:
    recipe = small_containers("registry.invalid/nothing:1", docker_engine.postgres)
    inventory = await take_inventory([recipe], docker_engine.base, docker_engine.url)
    assert sorted(inventory.present) == sorted([docker_engine.base, docker_engine.postgres])
    assert inventory.missing == ["registry.invalid/nothing:1"]
    assert inventory.needs == {"small": (256 + 128) << 20}
    assert inventory.memory_bytes > 1 << 30
    assert inventory.version


async def test_an_engine_that_is_not_there_is_named_as_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match=r"does not answer.*DOCKER_HOST"):
        await take_inventory([], "any", f"unix://{tmp_path}/nobody.sock")
