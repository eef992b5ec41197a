"""The lock as a value: who may write now, until when, and how it stands in its parameter. Calls nothing.

Whoever may read the parameter learns who holds it, and nothing to write under it with: of the token, only a hash
stands there.
"""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from lib.errors import Refused
from lib.record import formats

PROC = Path("/proc")
ALIVE = "alive"  # of a process of which the system tells no more


LONGEST_LEASE = 3600  # of an earlier version's lock, which does not tell; what the parameters allow
# In front of the hash of a token that an earlier version let stand readable, and that therefore nobody may write by.
READABLE = "readable "


def digest(token: str) -> str:
    """What stands in the parameter for a token."""
    return sha256(token.encode(errors="backslashreplace")).hexdigest()


@dataclass(frozen=True)
class Lock:
    """Who may write now, and until when unless it is renewed."""

    token_sha256: str
    run_id: str
    owner: str
    host: str
    pid: int
    born: str
    taken: str  # by the clock of its machine; for the reader alone
    lease_seconds: int = LONGEST_LEASE
    renewals: int = 0
    age: float | None = field(default=None, compare=False)  # seconds since it was renewed, None where AWS does not tell

    def to_row(self) -> dict[str, str | int]:
        """The lock as the parameter holds it."""
        whose = {"token_sha256": self.token_sha256, "run_id": self.run_id, "owner": self.owner}
        where = {"host": self.host, "pid": self.pid, "born": self.born, "taken": self.taken}
        lasts = {"lease_seconds": self.lease_seconds, "renewals": self.renewals}
        return formats.named({**whose, **where, **lasts})

    @classmethod
    def from_row(cls, row: object, name: str) -> "Lock":
        """The lock that a parameter holds. Raises Refused for one of a newer version, ValueError for what is none."""
        if not isinstance(row, dict):
            raise ValueError(name)
        try:
            formats.require_known(row, f"the lock {name}")
        except Refused as error:
            raise Refused(f"{error}. It may be in force, so leave it where it is") from error
        told: dict[str, Any] = {"lease_seconds": LONGEST_LEASE, "renewals": 0, **_hashed(row)}
        texts, numbers = ("token_sha256", "run_id", "owner", "host", "born", "taken"), ("pid", "renewals")
        wanted = {**dict.fromkeys(texts, (str,)), **dict.fromkeys(numbers, (int,)), "lease_seconds": (int, float)}
        wrong = [key for key, kinds in wanted.items() if type(told.get(key)) not in kinds]
        if wrong and formats.KEY in row:
            raise Refused(
                f"the lock {name} does not tell its {', '.join(wrong)}, and may be in force all the same; nothing was "
                "written. See who holds it, and leave it where it is"
            )
        if wrong:
            raise ValueError(wrong)
        return cls(**{key: told[key] for key in wanted})

    def opened_by(self, token: str) -> bool:
        """Whether this token is the one that it was taken with. Of one that stood readable, none is."""
        return self.token_sha256 == digest(token)

    @property
    def stale(self) -> str:
        """Why its run does not live any more, or "" as long as it may."""
        if self._here and born(self.pid) not in (self.born, ALIVE):
            return f"its process {self.pid} on this machine is gone"
        if self.age is None or self.age <= self.lease_seconds:
            return ""
        return f"its lease of {self.lease_seconds} s lapsed {self.age - self.lease_seconds:.0f} s ago"

    @property
    def _here(self) -> bool:
        # Machines can share a name; since when they run, they do not share. One that does not tell it tells nothing.
        boot = boot()
        return boot != "" and self.host == platform.node() and self.born.partition(" ")[0] == boot

    @property
    def said(self) -> str:
        """The lock in one phrase."""
        age = f"{self.age:.0f} s ago" if self.age is not None else "at a time that AWS does not tell"
        lasts = f"in force for {self.lease_seconds} s each time that it is renewed, last {age}"
        state = f"STALE: {self.stale}" if self.stale else lasts
        return f"run {self.run_id} of {self.owner}, process {self.pid} on {self.host}, since {self.taken} ({state})"


def _hashed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A lock's row with the hash of its token, also of an earlier version's, in which the token itself stands."""
    token = row.get("token")
    if "token_sha256" in row or not isinstance(token, str):
        return row
    return {**row, "token_sha256": READABLE + digest(token)}


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
    moment = started(pid)
    if moment is None:
        return f"{boot()} {ALIVE}" if pid == os.getpid() else ALIVE
    return moment and f"{boot()} {moment}"


def started(pid: int) -> str | None:
    """When this process was started, by the system's count since its boot: "" of one that has ended, None of none."""
    try:
        fields = (PROC / f"{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return "" if fields[0] == "Z" else fields[19]


def children(pid: int) -> dict[int, str]:
    """The processes that this one started and that still run: their ids, each with its command line."""
    tasks = (PROC / f"{pid}/task").iterdir()
    found = [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    return {child: (PROC / f"{child}/cmdline").read_text(encoding="utf-8") for child in found}
