"""Runs a stand-in function's Python as a copy of a process that has boto3 loaded already. Loopback only; never AWS.

A new environment of a function costs ministack a new Python that imports boto3: 0.4 s of a processor, and a run that
drills makes dozens. `Forks` starts the process that is copied; this file, run by its path, is that process. Where the
system has no fork, or that process is gone, functions start as ministack starts them.
"""

import contextlib
import functools
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOADED = ("dynamodb", "sns", "s3")  # what the stand-in functions call
MESSAGE_BYTES = 1 << 20  # an environment, and where the script is
STREAMS = 3
STARTED_BY, READ_BY = "subprocess", "_load_file"


class Fork:
    """What `subprocess.Popen` is to ministack: pipes, and whether it still runs. Its exit code nobody asks for."""

    def __init__(self, pid: int, pipes: Sequence[int], alive: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(pipes[0], "w", buffering=1, encoding="utf-8")
        self.stdout = os.fdopen(pipes[1], encoding="utf-8")
        self.stderr = os.fdopen(pipes[2], encoding="utf-8", errors="replace")
        # Whoever holds the other end is the copy alone, so that it is at its end when the copy is.
        self._alive = os.fdopen(alive, "rb", buffering=0)
        self._ended = False
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """None while it runs; else 0."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired while it still runs then."""
        if self._look(timeout) is None:
            raise subprocess.TimeoutExpired(f"function process {self.pid}", timeout or 0)
        return 0

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        with self._lock:
            if not self._ended:
                ready = select.poll()  # `select` takes no descriptor over 1,023, and a long session has more open
                ready.register(self._alive, select.POLLIN)
                self._ended = bool(ready.poll(None if timeout is None else timeout * 1000))
            return 0 if self._ended else None

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Forks:
    """The process that is copied; it ends when this one does, in whatever way. Raises OSError where it cannot start."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            command = [sys.executable, "-P", str(Path(__file__).resolve()), str(theirs.fileno())]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def start(self, script: str, folder: str, environment: Mapping[str, str]) -> Fork:
        """A copy that runs this script there. Raises OSError where there is nothing to copy any more."""
        (read_in, stdin), (stdout, write_out), (stderr, write_err), (alive, held) = (os.pipe() for _ in range(4))
        order = json.dumps({"script": script, "folder": folder, "environment": dict(environment)}).encode()
        theirs, ours = (read_in, write_out, write_err, held), (stdin, stdout, stderr, alive)
        try:
            with self._lock:
                socket.send_fds(self._socket, [order], theirs)
                answer = self._socket.recv(64)
            if not answer:
                raise OSError("the process that functions are copied from has ended")
        except OSError:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Fork(int(answer), ours[:STREAMS], alive)


class Subprocess:
    """The module `subprocess` as ministack's functions see it, with Python's workers as copies."""

    def __init__(self, forks: Forks) -> None:
        self._forks = forks

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        return getattr(subprocess, name)

    def Popen(self, command: Sequence[str], **options: Any) -> Any:  # noqa: ANN401, N802 - as the module has it
        if len(command) == 2 and command[0] == sys.executable:  # Python and its script
            with contextlib.suppress(OSError):
                return self._forks.start(command[1], options["cwd"], options["env"])
        return subprocess.Popen(command, **options)


def start_functions_as_copies() -> None:
    """Raises AttributeError where a version of ministack starts them otherwise."""
    from ministack.core import lambda_runtime

    if hasattr(os, "fork") and hasattr(socket, "SOCK_SEQPACKET"):
        assert getattr(lambda_runtime, STARTED_BY) is subprocess
        setattr(lambda_runtime, STARTED_BY, Subprocess(Forks()))


def _serve(descriptor: int) -> None:
    """Copy this process for each order, until whoever gives them has ended."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a copy
    with socket.socket(fileno=descriptor) as orders:
        while True:
            order, descriptors, _, _ = socket.recv_fds(orders, MESSAGE_BYTES, 4)
            if not order:
                return
            pid = os.fork()
            if not pid:
                orders.close()
                _run(json.loads(order), descriptors)
            for each in descriptors:
                os.close(each)
            orders.send(str(pid).encode())


def _load() -> None:
    """What every function would load: boto3, and of its services the descriptions, which are large."""
    import boto3
    from botocore.loaders import JSONFileLoader

    load = getattr(JSONFileLoader, READ_BY)
    once = functools.cache(lambda path, opened: load(JSONFileLoader(), path, opened))
    setattr(JSONFileLoader, READ_BY, lambda _, path, opened: once(path, opened))  # a loader is made a session
    # Not the default session: what a function's own session takes from its surroundings is not known yet.
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    for service in LOADED:
        session.client(service)


def _run(order: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Be the function. Never returns: a copy must not go on as if it were the process that is copied."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(descriptors[:STREAMS]):
            os.dup2(descriptor, number)
            os.close(descriptor)
        sys.stdin, sys.stdout = os.fdopen(0, encoding="utf-8"), os.fdopen(1, "w", encoding="utf-8")
        sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8")
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        sys.argv = [order["script"]]
        runpy.run_path(order["script"], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as Python ends
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
