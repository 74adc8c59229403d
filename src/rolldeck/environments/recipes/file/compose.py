"""The services of a ``docker-compose.yml``, as the services of a recipe.

What makes sense for an environment that is made for one rollout is taken over; what has no effect there is listed in
``_WITHOUT_EFFECT``; everything else is a problem that is named, above all what would reach out of the container.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from pydantic import JsonValue

from rolldeck.domain.errors import FieldProblem, TextPlace
from rolldeck.environments.recipes.file.yaml_text import Path, YamlText, dotted, quote

_WITHOUT_EFFECT = {"container_name", "restart", "stop_grace_period", "logging", "labels"}
_HEALTH_TIMES = {"interval", "timeout", "retries", "start_period", "start_interval"}
_REACHES_OUT = {
    "privileged",
    "cap_add",
    "devices",
    "device_cgroup_rules",
    "network_mode",
    "pid",
    "ipc",
    "uts",
    "userns_mode",
    "cgroup_parent",
    "security_opt",
    "volumes_from",
    "extra_hosts",
    "sysctls",
}
_SIZE = re.compile(r"(\d+)\s*([kmg]?)b?", re.IGNORECASE)
_MB_OF = {"": 1 / 1_000_000, "k": 1024 / 1_000_000, "m": 1024**2 / 1_000_000, "g": 1024**3 / 1_000_000}
_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$[A-Za-z_]")

Problem = Callable[[Path, str], None]
"""Takes the path of a field of the compose file, and what is wrong with it."""


class ComposeServices:
    """What a compose file says of services. ``places`` are of the recipe's fields, ``problems`` of the compose file's."""

    def __init__(self, text: YamlText, directory: str) -> None:
        """``directory`` is where the compose file is, relative to the recipe file."""
        self.services: dict[str, dict[str, JsonValue]] = {}
        self.places: dict[Path, TextPlace] = {}
        self.problems: list[FieldProblem] = list(text.problems)
        self._text = text
        self._directory = PurePosixPath(directory)
        self._read()

    def _read(self) -> None:
        top = self._text.value
        if not isinstance(top, dict) or not isinstance(top.get("services"), dict):
            self._problem((), "should be a compose file with services")
            return
        for key in top:
            if key not in {"services", "version", "name", "volumes"}:
                self._problem((key,), "cannot be taken over into a recipe")
        for name, service in _mapping(top["services"]).items():
            path: Path = ("services", name)
            self.places[path] = self._text.place_of(path)
            if isinstance(service, dict):
                self.services[name] = self._service(path, service)
            else:
                self._problem(path, "should be an object")

    def _service(self, path: Path, service: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        fields: dict[str, JsonValue] = {}
        for key, value in service.items():
            inner = (*path, key)
            taken = dict(self._field(key, value, inner))
            for field in taken:
                self.places[*path, field] = self._text.place_of(inner)
            for field, more in taken.items():
                fields[field] = _together(fields.get(field), more)
        return fields

    def _field(self, key: str, value: JsonValue, path: Path) -> Iterator[tuple[str, JsonValue]]:
        """Yield what one field of the compose file means in a recipe."""
        match key:
            case "image" | "user":
                yield key, value
            case "build":
                yield "build", self._build(value, path)
            case "command":
                yield "command", self._texts(value, path)
            case "environment":
                yield "environment", self._environment(value, path)
            case "ports" | "expose":
                yield from self._port(value, path)
            case "depends_on":
                yield "needs", [*value] if isinstance(value, dict | list) else value
            case "healthcheck":
                yield from self._health(_mapping(value), path)
            case "volumes":
                yield from self._volumes(value, path)
            case "mem_limit" | "cpus" | "pids_limit":
                yield from self._limit(key, value, path)
            case _ if key in _WITHOUT_EFFECT:
                return
            case _ if key in _REACHES_OUT:
                self._problem(path, "reaches out of the container: no environment may do that")
            case _:
                self._problem(path, "cannot be taken over into a recipe: leave it out, or say it in the recipe")

    def _build(self, value: JsonValue, path: Path) -> JsonValue:
        if isinstance(value, str):
            return {"context": str(self._directory / value)}
        build = _mapping(value)
        for key in build.keys() - {"context", "dockerfile", "args"}:
            self._problem((*path, key), "cannot be taken over into a recipe")
        taken: dict[str, JsonValue] = {"context": str(self._directory / str(build.get("context", ".")))}
        if "dockerfile" in build:
            taken["dockerfile"] = build["dockerfile"]
        if "args" in build:
            taken["arguments"] = self._environment(build["args"], (*path, "args"))
        return taken

    def _environment(self, value: JsonValue, path: Path) -> JsonValue:
        if isinstance(value, list):
            pairs = [str(item).partition("=") for item in value]
            for index, (name, equals, _) in enumerate(pairs):
                if not equals:
                    self._problem((*path, index), f"{quote(name)} has no value: it would be the machine's own")
            return {name: self._texts(text, path) for name, equals, text in pairs if equals}
        if isinstance(value, dict):
            return {name: self._texts(text, (*path, name)) for name, text in value.items()}
        return value

    def _port(self, value: JsonValue, path: Path) -> Iterator[tuple[str, JsonValue]]:
        ports = {_container_port(one) for one in value} if isinstance(value, list) else {None}
        if len(ports) == 1 and (port := ports.pop()) is not None:
            yield "port", port
        else:
            self._problem(path, "should be one port, HOST:CONTAINER; of several, say the one with `port` in the recipe")

    def _health(self, value: Mapping[str, JsonValue], path: Path) -> Iterator[tuple[str, JsonValue]]:
        for key in value.keys() - {"test", *_HEALTH_TIMES}:
            self._problem((*path, key), "cannot be taken over into a recipe")
        match self._texts(value.get("test"), (*path, "test")):
            case str(shell) | ["CMD-SHELL", str(shell)]:
                yield "health", {"command": ["/bin/sh", "-c", shell]}
            case ["CMD", *words] if words:
                yield "health", {"command": words}
            case _:
                self._problem((*path, "test"), 'should be a text, or a list that begins with "CMD" or "CMD-SHELL"')

    def _volumes(self, value: JsonValue, path: Path) -> Iterator[tuple[str, JsonValue]]:
        """Take files beside the compose file as seeds, and volumes of Docker as state."""
        seeds: list[JsonValue] = []
        state: list[JsonValue] = []
        for index, volume in enumerate(value if isinstance(value, list) else [value]):
            source, target = _source_and_target(volume)
            if target is None:
                self._problem((*path, index), "should be SOURCE:TARGET")
            elif source is None or not source.startswith((".", "/", "~")):
                state.append(target)
            elif source.startswith("."):
                seeds.append({"from": str(self._directory / source), "to": target})
            else:
                self._problem(
                    (*path, index), f"mounts {quote(source)} of the machine: only files beside the recipe are copied"
                )
        if seeds:
            yield "seeds", seeds
        if state:
            yield "state", state

    def _limit(self, key: str, value: JsonValue, path: Path) -> Iterator[tuple[str, JsonValue]]:
        if key != "mem_limit":
            yield "limits", {"cpus" if key == "cpus" else "processes": value}
        elif size := _SIZE.fullmatch(str(value)):
            yield "limits", {"memory_mb": max(1, round(int(size[1]) * _MB_OF[size[2].lower()]))}
        else:
            self._problem(path, "should be a size, e.g. 512m")

    def _texts(self, value: JsonValue, path: Path) -> JsonValue:
        """Return a text, or a list of them, in which ``$`` means what it means in a recipe."""
        if isinstance(value, list):
            return [self._texts(one, (*path, index)) for index, one in enumerate(value)]
        if not isinstance(value, str):
            return value
        if _VARIABLE.search(value):
            self._problem(path, "has a variable of compose: write the value, or ${secret.NAME}; $$ is a plain $")
        return re.sub(r"\$\$(?!\{)", "$", value)

    def _problem(self, path: Path, message: str) -> None:
        self.problems.append(FieldProblem(dotted(path), message, place=self._text.place_of(path)))


def _together(before: JsonValue, more: JsonValue) -> JsonValue:
    if isinstance(before, list) and isinstance(more, list):
        return [*before, *more]
    return {**before, **more} if isinstance(before, dict) and isinstance(more, dict) else more


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _container_port(port: JsonValue) -> int | None:
    """Return the container's port of ``8080:80``, ``127.0.0.1:8080:80/tcp``, ``80`` or ``{target: 80}``."""
    if isinstance(port, dict):
        port = port.get("target")
    found = re.fullmatch(r"(?:.*:)?(\d{1,5})(?:/tcp)?", str(port))
    return None if found is None else int(found[1])


def _source_and_target(volume: JsonValue) -> tuple[str | None, str | None]:
    """Return where a volume comes from (None: it is new) and where it goes (None: nothing can be made of it)."""
    if isinstance(volume, dict):
        source, target = volume.get("source"), volume.get("target")
        known = volume.get("type") in {"bind", "volume"} and volume.keys() <= {"type", "source", "target", "read_only"}
        return None if source is None else str(source), str(target) if known and target is not None else None
    match str(volume).split(":"):
        case [target] if target.startswith("/"):
            return None, target
        case [source, target] | [source, target, "ro" | "rw" | "z" | "Z"]:
            return source, target
    return None, None
