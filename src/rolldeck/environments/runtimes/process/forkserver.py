"""The program that runs inside an application's virtual environment. Standard library and waitress only.

    python forkserver.py serve|build|cold MODULE DIRECTORY

The first line of standard input holds the mode's arguments as JSON: a command line is no place for passwords. The
directory stands there for whoever looks for processes that were left behind.

``serve`` warms the application up once and stays as it is then: the nursery. Whenever its standard input, a Unix socket,
hands it another socket, it forks a fork server that serves this one, and which is there at once if the one before died.
A fork server forks a child for each environment. It speaks JSON lines over its socket (what the application prints goes
to standard error). When the socket ends, it kills its children and exits: they do not outlive the process that asked
for them.

A fork server first says ``{"serving": pid}``. Requests: ``{"id", "spawn": directory, "uid", "gid"}``, ``{"id", "kill": true}``. Answers about the child of that id:
``{"id", "pid", "port"}`` when it is forked, ``{"id", "cookies"}`` when it is an environment, ``{"id", "exited":
status}`` at its end. What a child must know and no other may, it reads from ``instance.json`` in its directory: had it
come through the parent, the next children would inherit it in their memory.
"""

import contextlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

import waitress  # type: ignore[import-untyped]  # it lives in the application's environment, without types

_THREADS = 6
# Of a child. Neither a log nor its metadata may fill the disk, and it may not fill the process table.
_LARGEST_FILE = 512 * 1024 * 1024
_MOST_PROCESSES = 512

Json = dict[str, Any]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ApplicationModule(Protocol):
    """The recipe's module; what its functions do is said in ``rolldeck.environments.recipe``."""

    def build(self, directory: Path, data: Json, report: Callable[[str], None]) -> None:
        """Make the template's files."""

    def warm_up(self, template: Path, scratch: Path, data: Json) -> object:
        """Return the warm application."""

    def adopt(self, application: object, instance: Json) -> tuple[Wsgi, dict[str, str]]:
        """Become an environment."""

    def start_cold(self, template: Path, instance: Json) -> tuple[Wsgi, dict[str, str]]:
        """Become an environment without having been warm."""


@dataclass(frozen=True)
class _Child:
    request_id: int
    uid: int | None


def main() -> None:
    """Run one of the modes."""
    mode, module_path = sys.argv[1], Path(sys.argv[2])
    with open(0, "rb", buffering=0, closefd=False) as requests:  # unbuffered: not a byte more than the line
        arguments = json.loads(requests.readline())
    answers = _Answers()
    module = _load(module_path)
    if mode == "build":
        module.build(Path(arguments["directory"]), arguments["data"], answers.announce_step)
    elif mode == "cold":
        _serve_cold(module, arguments, answers)
    else:
        # Nothing before the forks may start a thread, here or in the module.
        application = module.warm_up(Path(arguments["template"]), Path(arguments["scratch"]), arguments["data"])
        Nursery(module, application, answers).run()


def _load(path: Path) -> ApplicationModule:
    spec = importlib.util.spec_from_file_location("application", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules["application"] = module
    spec.loader.exec_module(module)
    return module


class _Answers:
    """Where answers go: a socket, or standard output, which then is for nothing else: what prints goes to standard error."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = os.dup(1) if descriptor is None else descriptor
        os.dup2(2, 1)

    def send(self, answer: Json) -> None:
        """Write one line, in one piece (children share the socket, and a line is shorter than what that splits)."""
        os.write(self._descriptor, json.dumps(answer).encode() + b"\n")

    def announce_step(self, step: str) -> None:
        """Write the name of a step of a build, in a form that no other output has."""
        os.write(self._descriptor, f"rolldeck-step: {step}\n".encode())

    def close(self) -> None:
        """Leave standard output to the others."""
        os.close(self._descriptor)


class Nursery:
    """The warm process. It does nothing but fork fork servers, so there is nothing that it could die of."""

    def __init__(self, module: ApplicationModule, application: object, answers: _Answers) -> None:
        self._module = module
        self._application = application
        self._answers = answers

    def run(self) -> None:
        """Fork a fork server for each socket that is handed over, until standard input ends."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries them
        self._answers.send({"ready": True})
        with socket.socket(fileno=os.dup(0)) as requests:
            while True:
                request, descriptors, _, _ = socket.recv_fds(requests, 1, 1)
                if not request:
                    return
                for descriptor in descriptors:
                    self._fork(descriptor, requests)
                    os.close(descriptor)  # its end says that there is no fork server, if there is none

    def _fork(self, descriptor: int, requests: socket.socket) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            print(f"cannot fork: {error}", file=sys.stderr, flush=True)  # noqa: T201
            return
        if pid == 0:
            requests.close()
            self._become_fork_server(descriptor)

    def _become_fork_server(self, descriptor: int) -> NoReturn:
        try:
            self._answers.close()
            os.dup2(descriptor, 0)
            answers = _Answers(descriptor)
            answers.send({"serving": os.getpid()})
            ForkServer(self._module, self._application, answers).run()
        finally:
            os._exit(0)


class ForkServer:
    """The parent of environments of one application."""

    def __init__(self, module: ApplicationModule, application: object, answers: _Answers) -> None:
        self._module = module
        self._application = application
        self._answers = answers
        self._children: dict[int, _Child] = {}
        # The parent never writes to it: a child that waits at its end learns that the parent died, however it died.
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def run(self) -> None:
        """Serve requests until standard input, which is the socket, ends."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        unfinished = b""
        while True:
            readable, _, _ = select.select([0, self._wake_read], [], [])
            if self._wake_read in readable:
                self._reap()
            if 0 in readable:
                received = os.read(0, 65536)
                if not received:
                    break
                *lines, unfinished = (unfinished + received).split(b"\n")
                for line in lines:
                    self._handle(json.loads(line))
        for pid in self._children:
            _kill_group(pid)  # user ids are no longer held for us: others may have got them

    def _handle(self, request: Json) -> None:
        if "spawn" in request:
            self._spawn(request)
            return
        children = [(pid, child) for pid, child in self._children.items() if child.request_id == request["id"]]
        for pid, child in children:
            _kill(pid, child)  # its end is answered when it has ended
        if not children:
            self._answers.send({"id": request["id"], "exited": None})

    def _spawn(self, request: Json) -> None:
        # Bound before the fork: the port is known at once, and a client that is early waits in the queue.
        try:
            with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
                pid = os.fork()
                if pid == 0:
                    self._be_environment(listener, request)
                self._children[pid] = _Child(request["id"], request["uid"])
                self._answers.send({"id": request["id"], "pid": pid, "port": listener.getsockname()[1]})
        except OSError as error:
            print(f"cannot fork: {error}", file=sys.stderr, flush=True)  # noqa: T201
            self._answers.send({"id": request["id"], "exited": None})

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                child = self._children.pop(pid)
                _kill(pid, child)  # what it may have started itself
                self._answers.send({"id": child.request_id, "exited": os.waitstatus_to_exitcode(status)})

    def _be_environment(self, listener: socket.socket, request: Json) -> NoReturn:
        """Live as one environment, in the child."""
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (self._lifeline_write, self._wake_read, self._wake_write):
                os.close(descriptor)
            instance = _move_in(Path(request["spawn"]), request["uid"], request["gid"])
            wsgi, cookies = self._module.adopt(self._application, instance)
            self._answers.send({"id": request["id"], "cookies": cookies})
            self._answers.close()
            threading.Thread(target=_exit_with_parent, args=[self._lifeline_read], daemon=True).start()
            waitress.serve(wsgi, sockets=[listener], threads=_THREADS, ident=None, _quiet=True)
        finally:
            # Nothing of the parent's Python may run on in a child: neither its clean-up nor its loop.
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)


def _move_in(directory: Path, uid: int | None, gid: int | None) -> Json:
    """Give up all rights but those on the directory, and return what its instance file says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if uid is not None and gid is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_PROCESSES, _MOST_PROCESSES))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    os.chdir(directory)
    os.environ["HOME"] = str(directory)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open("server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    instance_file = directory / "instance.json"
    instance: Json = json.loads(instance_file.read_text())
    instance_file.unlink()
    return instance


def _exit_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(0)


def _kill(pid: int, child: _Child) -> None:
    """Kill a child and all that it started: its group and, where it has a user id of its own, whatever runs as that."""
    _kill_group(pid)
    if child.uid is None:
        return
    helper = os.fork()
    if helper == 0:
        try:
            os.setuid(child.uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(helper, 0)


def _kill_group(pid: int) -> None:
    # It may not have come to setsid() yet, and its group may have ended.
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(pid, signal.SIGKILL)


def _serve_cold(module: ApplicationModule, arguments: Json, answers: _Answers) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    answers.send({"port": listener.getsockname()[1]})
    wsgi, _ = module.start_cold(Path(arguments["template"]), arguments["instance"])
    waitress.serve(wsgi, sockets=[listener], threads=_THREADS, ident=None, _quiet=True)


if __name__ == "__main__":
    main()
