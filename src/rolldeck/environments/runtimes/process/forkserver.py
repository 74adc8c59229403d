"""The program that runs inside an application's virtual environment. Standard library and waitress only.

    python forkserver.py serve|build|cold MODULE SESSION-DIRECTORY

The first line of standard input holds the mode's arguments as JSON: a command line is no place for passwords. The
session's directory is there for whoever looks for processes that were left behind.

``serve`` warms the application up once and then forks a child for each environment. It speaks JSON lines: requests on
standard input, answers on standard output (what the application prints goes to standard error). When its standard
input ends, it kills its children and exits: they do not outlive the process that asked for them.

Requests: ``{"id", "spawn": instance}``, ``{"id", "kill": true}``. Answers about the child of that id: ``{"id", "pid",
"port"}`` when it is forked, ``{"id", "cookies"}`` when it is an environment, ``{"id", "exited": status}`` at its end.
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
from pathlib import Path

import waitress

_THREADS = 6
_LARGEST_FILE = 512 * 1024 * 1024  # of a child: neither a log nor its metadata may fill the disk


def main() -> None:
    """Run one of the modes."""
    mode, module_path = sys.argv[1], Path(sys.argv[2])
    with open(0, "rb", buffering=0, closefd=False) as requests:  # unbuffered: not a byte more than the line
        arguments = json.loads(requests.readline())
    answers = _Answers()
    module = _load(module_path)
    if mode == "build":
        module.build(
            Path(arguments["directory"]), arguments["data"], lambda step: answers.say(f"rolldeck-step: {step}")
        )
    elif mode == "cold":
        _serve_cold(module, arguments, answers)
    else:
        # Forking must not be preceded by anything that starts a thread, here or in the module.
        application = module.warm_up(Path(arguments["template"]), Path(arguments["scratch"]), arguments["data"])
        ForkServer(module, application, answers).run()


def _load(path):
    spec = importlib.util.spec_from_file_location("application", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["application"] = module
    spec.loader.exec_module(module)
    return module


class _Answers:
    """Standard output, kept for answers: whatever else prints goes to standard error."""

    def __init__(self):
        self._descriptor = os.dup(1)
        os.dup2(2, 1)

    def send(self, answer):
        """Write one line, in one piece (children share the pipe, and a line is shorter than PIPE_BUF)."""
        os.write(self._descriptor, json.dumps(answer).encode() + b"\n")

    def say(self, text):
        """Write a line of plain text."""
        os.write(self._descriptor, text.encode() + b"\n")

    def close(self):
        """Leave standard output to the others."""
        os.close(self._descriptor)


class ForkServer:
    """The parent of all environments of one application."""

    def __init__(self, module, application, answers):
        self._module = module
        self._application = application
        self._answers = answers
        self._children = {}  # process id -> id of the request
        # The parent never writes to it. A child that reads its end knows that the parent has died, however it died.
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def run(self):
        """Serve requests until standard input ends."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._answers.send({"ready": True})
        buffer = b""
        while True:
            readable, _, _ = select.select([0, self._wake_read], [], [])
            if self._wake_read in readable:
                self._reap()
            if 0 not in readable:
                continue
            received = os.read(0, 65536)
            if not received:
                break
            *lines, buffer = (buffer + received).split(b"\n")
            for line in lines:
                self._handle(json.loads(line))
        for child in self._children:
            _kill_group(child)

    def _handle(self, request):
        if "spawn" in request:
            self._spawn(request["id"], request["spawn"])
            return
        children = [pid for pid, request_id in self._children.items() if request_id == request["id"]]
        for pid in children:
            _kill_group(pid)  # its end is answered when it has ended
        if not children:
            self._answers.send({"id": request["id"], "exited": None})

    def _spawn(self, request_id, instance):
        # Bound before the fork: the port is known at once, and a client that is early waits in the queue.
        try:
            listener = socket.create_server(("127.0.0.1", 0), backlog=128)
            child = os.fork()
        except OSError as error:
            print(f"cannot fork: {error}", file=sys.stderr, flush=True)  # noqa: T201
            self._answers.send({"id": request_id, "exited": None})
            return
        if child == 0:
            self._be_environment(listener, request_id, instance)
        self._children[child] = request_id
        self._answers.send({"id": request_id, "pid": child, "port": listener.getsockname()[1]})
        listener.close()

    def _reap(self):
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        for child in list(self._children):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                _kill_group(pid)  # what it may have started itself
                self._answers.send({"id": self._children.pop(pid), "exited": os.waitstatus_to_exitcode(status)})

    def _be_environment(self, listener, request_id, instance):
        """Live as one environment, in the child. Never returns."""
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (self._lifeline_write, self._wake_read, self._wake_write):
                os.close(descriptor)
            _become_unprivileged(instance)
            wsgi, cookies = self._module.adopt(self._application, instance)
            self._answers.send({"id": request_id, "cookies": cookies})
            self._answers.close()
            threading.Thread(target=_exit_with_parent, args=[self._lifeline_read], daemon=True).start()
            waitress.serve(wsgi, sockets=[listener], threads=_THREADS, ident=None, _quiet=True)
        finally:
            # Nothing of the parent's Python may run on in a child: neither its clean-up nor its loop.
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)


def _become_unprivileged(instance):
    directory = instance["directory"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if instance["uid"] is not None:
        os.setgroups([])
        os.setgid(instance["gid"])
        os.setuid(instance["uid"])
    os.umask(0o077)
    os.chdir(directory)
    os.environ["HOME"] = directory
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open("server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _exit_with_parent(lifeline):
    os.read(lifeline, 1)
    os._exit(0)


def _kill_group(child):
    # The child may not have come to setsid() yet.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)


def _serve_cold(module, arguments, answers):
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    answers.send({"port": listener.getsockname()[1]})
    wsgi, _ = module.start_cold(Path(arguments["template"]), arguments["instance"])
    waitress.serve(wsgi, sockets=[listener], threads=_THREADS, ident=None, _quiet=True)


if __name__ == "__main__":
    main()
