"""What an account itself keeps of its guards: which approvals were used, that one is required, under which lock, and
of each run with which plan it was begun, what it began to write, and that it was undone.

Each is an SSM parameter by its workflow, made once, never replaced and never removed by this runbook, also not by a
rollback: so every machine sees them, without a store, whatever folder, clock or copy of a file a caller has. A used
approval takes some hundred bytes, a phase that writes some thousand; AWS keeps 10,000 such parameters.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib.aws import Live
from lib.aws_answers import TRY_AGAIN, absent_is_none, is_throttled, readable
from lib.changes.account import Use
from lib.errors import NotAsWanted, Refused, Throttled, Unanswered
from lib.values.foreign import foreign_json
from lib.values.modes import Approval
from lib.values.name_limits import GUARDS
from lib.values.run_names import RUN_ID

PLACE = GUARDS
FORMAT = 1
TAKEN = "ParameterAlreadyExists"
GONE = "ParameterNotFound"
AT_ONCE = 64  # of what a phase writes, in one parameter: it takes 4,096 bytes


@dataclass(frozen=True)
class AccountGuards:
    """Those of the workflow that the parameters name."""

    live: Live

    @property
    def place(self) -> str:
        """The folder of these parameters. Made of the workflow alone, which no caller can call by another name."""
        workflow = self.live.settings.state_machine_arn
        return f"{PLACE}/{hashlib.sha256(workflow.encode()).hexdigest()[:16]}"

    @property
    def caller(self) -> str:
        """Who calls, as AWS says."""
        return self.live.identity.caller

    def used(self, approved: str) -> Use | None:
        """Which run used this approval; None where none did. Read-only. Raises Refused where that cannot be told."""
        row = self._read(f"used/{approved}")
        return Use(str(row.get("run_id")), str(row.get("caller")), row["when"]) if row else None

    def use(self, approved: str, run_id: str) -> None:
        """Keep, before the first write, that this run uses an approval. Raises Refused where another one did."""
        who = {"run_id": run_id, "caller": self.live.identity.caller}
        self._make("approval", {"workflow": self.live.settings.state_machine_arn, **who})
        if not self._make(f"used/{approved}", who):
            earlier = self.used(approved)
            if earlier is None or earlier.run_id != run_id:
                by = earlier.said if earlier else "another run"
                raise Refused(f"{approved} was applied by {by}; an approval is good for one run. Nothing was written")

    def begun(self, run_id: str) -> frozenset[str]:
        """The digest of each plan that a command began this run with. Read-only."""
        return frozenset(str(kept.get("plan")) for kept in self._numbered(f"begun/{run_id}"))

    def keep_begun(self, run_id: str, plan: str) -> None:
        """Keep, before the first write, that a command begins this run with the plan of this digest."""
        value = {"plan": plan, "caller": self.caller}
        next(number for number in itertools.count(1) if self._make(f"begun/{run_id}/{number}", value))

    def undone(self, run_id: str, plan: str) -> str:
        """By whom and when this run was undone that was begun with this plan, "" where nobody did. Read-only."""
        kept = self._read(f"undone/{run_id}/{plan}")
        return f"by {kept.get('caller')} at {kept['when']}" if kept else ""

    def keep_undone(self, run_id: str) -> None:
        """Keep that this run is undone, whatever it was begun with so far."""
        for plan in sorted(self.begun(run_id)):
            self._make(f"undone/{run_id}/{plan}", {"caller": self.caller})

    def approval_lifted(self) -> str:
        """Why these parameters lift what the account keeps of approval; "" where they do not. Read-only."""
        kept, said = self._read("approval"), self.live.settings.approval
        if kept is None or said == Approval.REQUIRED:
            return ""
        return (
            f"approval {said}: the account keeps that {self._subject(kept)} needs approval; use the parameters file "
            "that says so. Only who may remove that parameter can say otherwise"
        )

    def lock_lifted(self) -> str:
        """Likewise of the lock, which the first run that took one has kept, whether it needed approval or not."""
        return self._lock_lifted(self._read("lock"))

    def keep_lock(self, run_id: str) -> None:
        """Keep that runs take this lock, before the first write. Raises Refused where another one is kept by now."""
        kept = self._read("lock")
        if kept is None:
            who = {"run_id": run_id, "caller": self.live.identity.caller}
            self._make("lock", {"lock_name": self.live.settings.lock_name, **who})
            kept = self._read("lock")
        if lifted := self._lock_lifted(kept):
            raise Refused(lifted)

    def _lock_lifted(self, kept: Mapping[str, Any] | None) -> str:
        said = self.live.settings.lock_name
        if kept is None or said == kept.get("lock_name"):
            return ""
        return (
            f"lock_name {said}: the account keeps that {self._subject(kept, 'lock')} takes {kept.get('lock_name')}; a "
            "run under another lock would write beside one under that. Use the parameters file that says so"
        )

    def wrote(self, run_id: str) -> frozenset[str]:
        """What this run began to write here, each as `plans.row_digest` makes it; none for no run. Read-only."""
        if not RUN_ID.fullmatch(run_id):
            return frozenset()
        return frozenset(one for kept in self._kept_of(run_id) for one in kept)

    def keep_written(self, run_id: str, digests: Iterable[str]) -> None:
        """Keep, before the first write, what this run begins to write."""
        kept = list(self._kept_of(run_id))
        new, number = sorted(set(digests).difference(*kept)), len(kept)
        for at in range(0, len(new), AT_ONCE):
            value, number = {"caller": self.live.identity.caller, "wrote": new[at : at + AT_ONCE]}, number + 1
            while not self._make(f"wrote/{run_id}/{number}", value):  # another process of this run was faster
                number += 1

    def _kept_of(self, run_id: str) -> Iterator[list[str]]:
        """What each of the run's parameters holds, in their order."""
        for kept in self._numbered(f"wrote/{run_id}"):
            rows = kept.get("wrote")
            yield [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []

    def _subject(self, kept: Mapping[str, Any], name: str = "approval") -> str:
        since = f"since run {kept.get('run_id')} of {kept.get('caller')} at {kept['when']}"
        return f"{self.live.settings.state_machine_name} ({since}; parameter {self.place}/{name})"

    def _numbered(self, name: str) -> Iterator[dict[str, Any]]:
        """What is kept under a name and 1, 2, 3 ..., up to the first number under which nothing is."""
        for number in itertools.count(1):
            kept = self._read(f"{name}/{number}")
            if kept is None:
                return
            yield kept

    def _read(self, name: str) -> dict[str, Any] | None:
        """What is kept under a name, and `when` by AWS's clock. What is there and cannot be understood is there."""
        with self._allowed(), readable(f"reading {self.place}/{name}"), absent_is_none(GONE):
            answer = self.live.client("ssm").get_parameter(Name=f"{self.place}/{name}").get("Parameter", {})
            held = foreign_json.object_or_empty(answer.get("Value", ""))
            return {**held, "when": _told(answer.get("LastModifiedDate"))}
        return None

    def _make(self, name: str, value: Mapping[str, Any]) -> bool:
        """Whether this call made it; False where it was there, also as an earlier attempt of this call made it."""
        text = json.dumps({"format": FORMAT, **value})
        ssm, place = self.live.client("ssm"), f"{self.place}/{name}"
        with self._allowed(), readable(f"keeping {place}", writing=True), absent_is_none(TAKEN):
            ssm.put_parameter(Name=place, Value=text, Type="String", Overwrite=False)
            return True
        return False

    @contextmanager
    def _allowed(self) -> Iterator[None]:
        """What may not be asked or kept stops whoever would write: nobody can tell what was used."""
        try:
            yield
        except NotAsWanted as error:
            if isinstance(error, Throttled | Unanswered):
                raise
            if is_throttled(error):
                raise Throttled(f"{error}; {TRY_AGAIN}") from error
            raise Refused(
                f"what the account keeps of its guards cannot be asked or added to, so nothing was written ({error}); "
                f"the caller needs ssm:GetParameter and ssm:PutParameter on {PLACE}/*"
            ) from error


def _told(when: datetime | None) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if when else "a time that AWS does not tell"
