"""Which process of which machine: what tells whether the one that took a lock still lives. Reads /proc; no AWS."""

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
    try:
        fields = (PROC / f"{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return f"{boot()} {ALIVE}" if pid == os.getpid() else ALIVE
    return "" if fields[0] == "Z" else f"{boot()} {fields[19]}"
