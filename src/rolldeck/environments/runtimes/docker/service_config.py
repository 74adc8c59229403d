"""What the engine is told of a service's container."""

from collections.abc import Mapping, Sequence
from typing import Any

from rolldeck.environments.composition import Service
from rolldeck.environments.placeholders import DIRECTORY_IN_CONTAINER, Inside, Place, fill

# Those that images' own entrypoints need, which begin as root, make their directories and become another user.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
_MB = 1 << 20
_PER_CPU = 1_000_000_000


def place_of(service: Service) -> Place:
    """Return where a service is in its container."""
    return Place(DIRECTORY_IN_CONTAINER, service.port)


def service_config(
    service: Service, image: str, network: str, inside: Inside, labels: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return it, with everything filled in: limits, no rights beyond those of an entrypoint, no way out."""
    place = place_of(service)
    config: dict[str, Any] = {
        "Image": image,
        "Hostname": service.name,
        "Env": [f"{name}={fill(text, inside, place)}" for name, text in service.environment.items()],
        "Labels": dict(labels),
        "Healthcheck": {"Test": ["NONE"]},  # Rolldeck asks, from where its agents do
        "HostConfig": host_config(service) | {"NetworkMode": network},
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": [service.name]}}},
    }
    if service.command is not None:
        config["Cmd"] = [fill(text, inside, place) for text in service.command]
        config["WorkingDir"] = DIRECTORY_IN_CONTAINER
    if service.user is not None:
        config["User"] = service.user
    return config


def with_a_way_out(config: Mapping[str, Any], command: Sequence[str]) -> Mapping[str, Any]:
    """Return the same container running one of the service's ``install`` commands, which may ask the internet."""
    return {
        **config,
        "Entrypoint": [],
        "Cmd": list(command),
        "WorkingDir": DIRECTORY_IN_CONTAINER,
        "HostConfig": {**config["HostConfig"], "Dns": [], "DnsOptions": []},
    }


def host_config(service: Service) -> dict[str, Any]:
    """Return its limits and rights."""
    limits = service.limits
    return {
        "Memory": limits.memory_mb * _MB,
        "MemorySwap": limits.memory_mb * _MB,
        "NanoCpus": round(limits.cpus * _PER_CPU),
        "PidsLimit": limits.processes,
        "CapDrop": ["ALL"],
        "CapAdd": _CAPABILITIES,
        "SecurityOpt": ["no-new-privileges:true"],
        "IpcMode": "private",
        "RestartPolicy": {"Name": "no"},
        # Names of outside are asked of nobody, and whoever asks is told soon; older engines would ask the host's servers.
        "Dns": ["127.0.0.1"],
        "DnsOptions": ["timeout:1", "attempts:2"],
        "Sysctls": {
            "net.ipv6.conf.all.disable_ipv6": "1"
        },  # the bridge has an address of its own by which it is reached
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "5m", "max-file": "2"}},
    }
