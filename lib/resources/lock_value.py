"""The lock as a value: who may write now, until when, and how it stands in its parameter. Calls nothing.

Whoever may read the parameter learns who holds it, and nothing to write under it with: of the token, only a hash
stands there.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from lib.aws_answers import answered_at
from lib.errors import Refused
from lib.record import command_lines, formats
from lib.settings import Settings
from lib.values import processes

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
        return formats.with_format({**whose, **where, **lasts})

    @classmethod
    def from_row(cls, row: object, name: str) -> "Lock":
        """The lock that a parameter holds. Raises Refused for one of a newer version, ValueError for what is none."""
        if not isinstance(row, dict):
            raise ValueError(name)
        try:
            formats.require_known(row, f"the lock {name}")
        except Refused as error:
            raise Refused(f"{error}. It may be in force, so leave it where it is") from error
        values: dict[str, Any] = {"lease_seconds": LONGEST_LEASE, "renewals": 0, **_hashed(row)}
        texts, numbers = ("token_sha256", "run_id", "owner", "host", "born", "taken"), ("pid", "renewals")
        wanted = {**dict.fromkeys(texts, (str,)), **dict.fromkeys(numbers, (int,)), "lease_seconds": (int, float)}
        wrong = [key for key, kinds in wanted.items() if type(values.get(key)) not in kinds]
        if wrong and formats.KEY in row:
            raise Refused(
                f"the lock {name} does not tell its {', '.join(wrong)}, and may be in force all the same; nothing was "
                "written. See who holds it, and leave it where it is"
            )
        if wrong:
            raise ValueError(wrong)
        return cls(**{key: values[key] for key in wanted})

    def opened_by(self, token: str) -> bool:
        """Whether this token is the one that it was taken with. Of one that stood readable, none is."""
        return self.token_sha256 == digest(token)

    @property
    def stale(self) -> str:
        """Why its run does not live any more, or "" as long as it may."""
        if self._here and processes.born(self.pid) not in (self.born, processes.ALIVE):
            return f"its process {self.pid} on this machine is gone"
        if self.age is None or self.age <= self.lease_seconds:
            return ""
        return f"its lease of {self.lease_seconds} s lapsed {self.age - self.lease_seconds:.0f} s ago"

    @property
    def _here(self) -> bool:
        # Machines can share a name; since when they run, they do not share. One that does not tell it tells nothing.
        boot = processes.boot()
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


def age_told(answer: Mapping[str, Any]) -> float | None:
    """How many seconds ago a parameter was last written, both times being AWS's; None where the answer has no time."""
    now, written = answered_at(answer), answer["Parameter"].get("LastModifiedDate")
    return max(0.0, (now - written).total_seconds()) if now and written else None


def somebody_elses(settings: Settings, lock: Lock | None, run_id: str) -> str:
    """What is said to who would write for this run under somebody else's lock, or under one that others take in turn.

    Another notebook or command of the same run may hold it, or have left it behind.
    """
    name = settings.environment
    if lock is None:
        return f"other runs take the lock of {name} in turn; nothing was written by this one. Try again"
    way_out = (
        f"`{command_lines.runbook(settings, 'lock', '--break', lock.run_id)}` takes it away"
        if lock.stale
        else f"Wait until it ends, or stop it; `{command_lines.runbook(settings, 'lock')}` tells"
    )
    who = "another run may write now"
    if lock.run_id == run_id:
        who = "another notebook or command of this very run may write now, or was killed"
    return f"{who}: {lock.said}; nothing was written by this one. {way_out}"
