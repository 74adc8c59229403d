"""What a hostile application in a rollout's container can reach: its own services, and nothing else.

The engine of the tests has no firewall rules (``--iptables=false``): what holds here does not rest on any.
"""

import json
import socket
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from docker_engine import DockerEngine
from rolldeck.domain.errors import VerificationError
from rolldeck.environments.port import Environment
from rolldeck.environments.runtimes.docker.environments import DockerEnvironments

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "environments"))

from small_containers import small_containers

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Tries addresses and names from inside, and says what came of each.
ATTEMPT = """
import json, socket, sys
def attempt(host, port):
    try:
        socket.create_connection((host, port), 2).close()
        return "reached"
    except OSError as error:
        return str(error)
print(json.dumps([attempt(host, port) for host, port in json.loads(sys.argv[1])]))
"""


@pytest.fixture(scope="module")
def hosts_service() -> Iterator[int]:
    """A service of the host on all its addresses; its port."""
    with socket.create_server(("", 0), family=socket.AF_INET) as listener:
        threading.Thread(target=_accept_all, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _accept_all(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def environments(docker_engine: DockerEngine) -> AsyncIterator[list[Environment]]:
    """Two environments beside each other."""
    with tempfile.TemporaryDirectory(prefix="rolldeck-test-") as directory:
        runtime = DockerEnvironments(
            [small_containers(docker_engine.base, docker_engine.postgres)],
            cache_dir=Path(directory, "cache"),
            run_dir=Path(directory, "run"),
            installation_id="security",
            engine_url=docker_engine.url,
            relay_image=docker_engine.base,
        )
        await runtime.build("small", lambda _: None)
        await runtime.start()
        yield [await runtime.provision("small", rollout) for rollout in ("one", "other")]
        await runtime.close()


def try_from(engine: DockerEngine, container: str, *addresses: tuple[str, int]) -> list[str]:
    return json.loads(engine.docker("exec", container, "python3", "-c", ATTEMPT, json.dumps(addresses)))


def addresses_of(engine: DockerEngine, container: str) -> list[str]:
    networks = json.loads(engine.docker("inspect", container))[0]["NetworkSettings"]["Networks"]
    return [network["IPAddress"] for network in networks.values()]


def gateways(engine: DockerEngine) -> list[str]:
    networks = json.loads(engine.docker("network", "inspect", *engine.docker("network", "ls", "-q").split()))
    return [config["Gateway"] for network in networks for config in network["IPAM"]["Config"] or ()]


async def test_its_own_services_are_reached(environments: list[Environment], docker_engine: DockerEngine) -> None:
    assert try_from(docker_engine, "rollout-web-one", ("postgres", 5432), ("web", 3000)) == ["reached", "reached"]


async def test_no_address_of_the_internet_is_reached_and_no_name_is_resolved(
    environments: list[Environment], docker_engine: DockerEngine
) -> None:
    outside = [("1.1.1.1", 53), ("8.8.8.8", 443), ("example.com", 80), ("host.docker.internal", 80)]
    assert "reached" not in try_from(docker_engine, "rollout-web-one", *outside)
    assert "nameserver 127.0.0.11" in docker_engine.docker("exec", "rollout-web-one", "cat", "/etc/resolv.conf")


async def test_what_the_host_serves_is_not_reached_by_any_of_its_addresses(
    environments: list[Environment], docker_engine: DockerEngine, hosts_service: int
) -> None:
    own = socket.gethostbyname(socket.gethostname())
    addresses = {*gateways(docker_engine), own, "172.17.0.1"} - {"127.0.0.1"}
    assert len(gateways(docker_engine)) >= 3  # of two rollouts and of the relays
    socket.create_connection(("127.0.0.1", hosts_service), 2).close()  # it does serve
    found = try_from(docker_engine, "rollout-web-one", *((address, hosts_service) for address in addresses))
    assert "reached" not in found


async def test_another_rollouts_containers_are_not_reached(
    environments: list[Environment], docker_engine: DockerEngine
) -> None:
    others = [("rollout-web-other", 3000), ("rollout-pg-other", 5432), ("rollout-relay-other", 10_000)]
    addresses = [(address, port) for name, port in others for address in addresses_of(docker_engine, name)]
    assert len(addresses) == 4
    assert "reached" not in try_from(docker_engine, "rollout-web-one", *others, *addresses)


async def test_no_interface_but_its_own_loopback_has_an_address_of_ipv6(
    environments: list[Environment], docker_engine: DockerEngine
) -> None:
    interfaces = docker_engine.docker("exec", "rollout-web-one", "cat", "/proc/net/if_inet6")
    assert {line.split()[-1] for line in interfaces.splitlines()} <= {"lo"}


async def test_a_container_has_no_rights_and_bounds(
    environments: list[Environment], docker_engine: DockerEngine
) -> None:
    web = json.loads(docker_engine.docker("inspect", "rollout-web-one"))[0]["HostConfig"]
    assert (web["Memory"], web["PidsLimit"], web["NanoCpus"]) == (128 << 20, 64, 10**9)
    status = docker_engine.docker("exec", "rollout-web-one", "cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert web["Privileged"] is False
    relay = json.loads(docker_engine.docker("inspect", "rollout-relay-one"))[0]["HostConfig"]
    assert relay["ReadonlyRootfs"] is True
    assert all(bound["HostIp"] == "127.0.0.1" for ports in relay["PortBindings"].values() for bound in ports)


async def test_everything_says_whose_it_is(environments: list[Environment], docker_engine: DockerEngine) -> None:
    names = docker_engine.docker("ps", "--format={{.Names}}", "--filter=label=rolldeck.rollout=one").split()
    assert sorted(names) == ["rollout-pg-one", "rollout-relay-one", "rollout-web-one"]
    labels = json.loads(docker_engine.docker("inspect", "rollout-pg-one"))[0]["Config"]["Labels"]
    assert labels["rolldeck.installation"] == "security"
    assert Path(labels["rolldeck.session"]).is_dir()


async def test_passwords_of_one_environment_open_no_other_and_are_in_no_image(
    environments: list[Environment], docker_engine: DockerEngine
) -> None:
    def password(container: str) -> str:
        return docker_engine.docker("exec", container, "printenv", "PASSWORD")

    assert password("rollout-web-one") != password("rollout-web-other")
    for image in docker_engine.docker("images", "-q", "--filter=label=rolldeck.template").split():
        variables = json.loads(docker_engine.docker("inspect", image))[0]["Config"]["Env"]
        assert not [one for one in variables if one.startswith(("PASSWORD=", "POSTGRES_PASSWORD=")) and one[-1] != "="]


async def test_a_state_check_is_a_role_that_cannot_write(environments: list[Environment]) -> None:
    rights = "has_table_privilege('fruit', 'INSERT, UPDATE, DELETE, TRUNCATE') AS writes, rolsuper AS rules"
    query = f"SELECT current_user AS me, {rights} FROM pg_roles WHERE rolname = current_user"
    assert await environments[0].sql("data", query) == [{"me": "reader", "writes": False, "rules": False}]


async def test_a_file_that_was_replaced_by_a_link_is_not_read(
    environments: list[Environment], docker_engine: DockerEngine
) -> None:
    docker_engine.docker(
        "exec", "rollout-web-other", "sh", "-c", "cd /rolldeck && rm notes.sqlite && ln -s /etc/passwd notes.sqlite"
    )
    with pytest.raises(VerificationError, match="no plain file"):
        await environments[1].sql("notes", "SELECT 1")
