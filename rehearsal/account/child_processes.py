"""Starts and stops the rehearsal's own processes, each by its process id. Never touches a process it did not start.

A process on a leash (`parent_watchdog.py`) ends with this one, however this one ends; a detached one is remembered by
its id and the moment it was born, so that an id which the system has since given to somebody else is never signalled.
"""

import contextlib
import operator
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.values import processes
from lib.wait import Patience, until

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
STOP_SECONDS = 10.0
LOG_TAIL_LINES = 12


@dataclass(frozen=True)
class Child:
    """One of our processes: its id, when the system says it was born, and where it writes its log."""

    pid: int
    born: str
    log: Path
    leash: int | None = None

    def tail(self) -> str:
        """The end of its log, for an error message."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_TAIL_LINES:]) or "(its log is empty)"


def _environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a child: of ours it gets PATH alone; its home and temporary files are in `folder`."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        **(extra or {}),
    }


def start(
    module: str,
    arguments: Sequence[str],
    folder: Path,
    extra: Mapping[str, str] | None = None,
    detached: bool = False,
) -> Child:
    """Run `python -m module arguments` in a session of its own, so that Ctrl-C reaches us first.

    Its log is `folder/<module>.log`. The caller stops it; on a leash it also ends when this process does.
    """
    log = folder / f"{module}.log"
    reading, writing = (None, None) if detached else os.pipe()
    leash = "-" if reading is None else str(reading)
    command = [sys.executable, "-P", str(HERE / "parent_watchdog.py"), leash, module, *arguments]
    whole = _environment(folder, extra)
    try:
        with log.open("wb") as output:
            started = subprocess.Popen(
                command,
                cwd=folder,
                env=whole,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=() if reading is None else (reading,),
            )
    finally:
        if reading is not None:
            os.close(reading)
    started.returncode = 0  # ours to reap, in `alive`; keeps Popen's finalizer quiet about a process still running
    return Child(started.pid, born(started.pid), log, writing)


def born(pid: int) -> str:
    """When the system says this process was started, or "" where there is no such process. Read-only."""
    if (
        processes.start_time(os.getpid()) is not None
    ):  # it tells of processes, so of one that it does not know there is none
        return processes.start_time(pid) or ""
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()


def alive(child: Child) -> bool:
    """Whether this very process still runs. Reaps it where it has ended."""
    with contextlib.suppress(ChildProcessError):  # a kept one, started by an earlier command, is not our own child
        os.waitpid(child.pid, os.WNOHANG)
    return bool(child.born) and born(child.pid) == child.born


def set_by(*signals: signal.Signals) -> threading.Event:
    """An event of this process that each of these signals sets: whoever waits for it ends in order."""
    stopped = threading.Event()
    for number in signals:
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def stop(child: Child) -> None:
    """SIGTERM, then SIGKILL after ten seconds. Harmless when it has ended already."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        if alive(child):
            os.kill(child.pid, order)
        until(lambda: alive(child), operator.not_, Patience(STOP_SECONDS, 0.02))
    if child.leash is not None:
        os.close(child.leash)
