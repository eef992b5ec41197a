"""Which process of which machine: what tells whether one still lives, and whose it is. Alone reads /proc; no AWS."""

import os
from pathlib import Path

PROC = Path("/proc")
ALIVE = "alive"  # of a process of which the system tells no more


def boot() -> str:
    """Which start of which machine this is, and whose numbers its processes have; "" where the system does not tell."""
    try:
        start = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{start}/{(PROC / 'self/ns/pid').readlink().name}"  # containers of one machine count on their own
    except OSError:
        return ""


def born(pid: int) -> str:
    """The boot and the moment in which this process was started; "" where there is none, ALIVE where nothing tells."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass  # somebody else's, and there
    moment = start_time(pid)
    if moment is None:
        return f"{boot()} {ALIVE}" if pid == os.getpid() else ALIVE
    return moment and f"{boot()} {moment}"


def start_time(pid: int) -> str | None:
    """When this process was started, by the system's count since its boot: "" of one that has ended, None of none."""
    try:
        fields = (PROC / f"{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return "" if fields[0] == "Z" else fields[19]


def children(pid: int) -> dict[int, str]:
    """The processes that this one started and that still run: their ids, each with its command line."""
    tasks = (PROC / f"{pid}/task").iterdir()
    pids = [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    return {child: (PROC / f"{child}/cmdline").read_text(encoding="utf-8") for child in pids}
