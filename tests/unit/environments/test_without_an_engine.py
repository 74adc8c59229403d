"""The Docker runtime where there is no engine, as on most machines: it stays out of the way."""

from pathlib import Path

import pytest

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import MetabaseSource, metabase
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments


async def test_without_an_engine_nothing_is_built_nothing_is_reaped_and_provisioning_says_so(tmp_path: Path) -> None:
    environments = DockerEnvironments(
        [metabase(MetabaseSource(shop))],
        cache_dir=tmp_path / "cache",
        run_dir=tmp_path / "run",
        installation_id="tests",
        engine_url=f"unix://{tmp_path}/nobody.sock",
    )
    await environments.start()
    assert [(one.name, one.built) for one in await environments.templates()] == [("metabase", False)]
    assert await environments.reap() == 0
    with pytest.raises(EnvironmentFailure, match="Docker engine does not answer"):
        await environments.provision("metabase", "a-rollout")
    await environments.close()
