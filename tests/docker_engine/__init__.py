"""A Docker engine of the tests' own, with images to start from. No registry is reached: what runs is made here.

How to use it: ask for the fixture ``docker_engine`` (session scope; ``tests/conftest.py`` has it)::

    async def test_something(docker_engine: DockerEngine) -> None:
        environments = DockerEnvironments([recipe(docker_engine.postgres)], engine_url=docker_engine.url, ...)

- ``docker_engine.url`` is what DOCKER_HOST would be; ``docker_engine.docker("ps", "-a")`` runs the command line;
- ``docker_engine.base`` is an image with Debian and Python 3, ``docker_engine.postgres`` stands for ``postgres:15`` (the
  same variables, entrypoint, declared volume and stop signal);
- ``docker_engine.build(directory)`` builds an image from a directory with a Dockerfile (``FROM rolldeck-test/base``) and
  returns its name; unchanged content is built once.

The engine is Debian's (``scripts/install-docker``), under root only. It keeps its hands off the machine: no firewall
rules, no forwarding, no default bridge, so that several run beside each other, and what Rolldeck promises of a rollout's
network has to hold without a firewall's help. Images stay in the cache directory between runs; whatever else was left
there is removed at the start. Where there is no engine the tests are skipped; in continuous integration (``CI``) they fail.
"""

from docker_engine.engine import DockerEngine as DockerEngine
from docker_engine.engine import missing as missing
from docker_engine.engine import running_engine as running_engine
