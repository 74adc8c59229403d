"""Where recipes and a runtime meet."""

from pathlib import Path

from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.superset import superset
from rolldeck.environments.runtimes.process.environments import ProcessEnvironments


def process_environments(*, cache_dir: Path, run_dir: Path | None, installation_id: str) -> ProcessEnvironments:
    """Return all environments that Rolldeck knows, run as processes of this machine.

    ``cache_dir`` holds templates and may be shared by installations; ``run_dir`` holds what runs (None: memory, where
    there is room); ``installation_id`` is in the name of everything that runs.
    """
    return ProcessEnvironments([superset(shop)], cache_dir=cache_dir, run_dir=run_dir, installation_id=installation_id)
