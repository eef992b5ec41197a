"""What an account itself keeps of its guards: which approvals were used, that one is required, and under which lock.

Each is an SSM parameter by its workflow, made once, never replaced and never removed by this runbook, also not by a
rollback: so every machine sees them, without a store, whatever folder, clock or copy of a file a caller has. A used
approval takes some hundred bytes; AWS keeps 10,000 such parameters.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib.aws import Live, absent_is_none, readable
from lib.errors import NotAsWanted, Refused, Throttled, Unanswered
from lib.plans import Use

PLACE = "/your6/phase3-runbook/guards"
FORMAT = 1
TAKEN = "ParameterAlreadyExists"
GONE = "ParameterNotFound"


@dataclass(frozen=True)
class AccountGuards:
    """Those of the workflow that the parameters name."""

    live: Live

    @property
    def place(self) -> str:
        """The folder of these parameters. Made of the workflow alone, which no caller can call by another name."""
        workflow = self.live.settings.state_machine_arn
        return f"{PLACE}/{hashlib.sha256(workflow.encode()).hexdigest()[:16]}"

    def used(self, approved: str) -> Use | None:
        """Which run used this approval; None where none did. Read-only. Raises Refused where that cannot be told."""
        found = self._read(f"used/{approved}")
        return Use(str(found.get("run_id")), str(found.get("caller")), found["when"]) if found else None

    def use(self, approved: str, run_id: str) -> None:
        """Keep, before the first write, that this run uses an approval. Raises Refused where another one did."""
        settings, who = self.live.settings, {"run_id": run_id, "caller": self.live.identity.caller}
        self._make("approval", {"workflow": settings.state_machine_arn, "lock_name": settings.lock_name, **who})
        if not self._make(f"used/{approved}", who):
            earlier = self.used(approved)
            if earlier is None or earlier.run_id != run_id:
                by = earlier.said if earlier else "another run"
                raise Refused(f"{approved} was applied by {by}; an approval is good for one run. Nothing was written")

    def approval_lifted(self) -> str:
        """Why these parameters lift what the account keeps of approval; "" where they do not. Read-only."""
        kept, said = self._read("approval"), self.live.settings.approval
        if kept is None or said == "required":
            return ""
        return (
            f"approval {said}: the account keeps that {self._subject(kept)} needs approval; use the parameters file "
            "that says so. Only who may remove that parameter can say otherwise"
        )

    def lock_lifted(self) -> str:
        """Likewise of the lock."""
        kept, said = self._read("approval"), self.live.settings.lock_name
        if kept is None or said == kept.get("lock_name"):
            return ""
        return (
            f"lock_name {said}: the account keeps that {self._subject(kept)} takes {kept.get('lock_name')}; a run "
            "under another lock would write beside one under that. Use the parameters file that says so"
        )

    def _subject(self, kept: Mapping[str, Any]) -> str:
        since = f"since run {kept.get('run_id')} of {kept.get('caller')} at {kept['when']}"
        return f"{self.live.settings.state_machine_name} ({since}; parameter {self.place}/approval)"

    def _read(self, name: str) -> dict[str, Any] | None:
        """What is kept under a name, and `when` by AWS's clock. What is there and cannot be understood is there."""
        with self._allowed(), readable(f"reading {self.place}/{name}"), absent_is_none(GONE):
            answer = self.live.client("ssm").get_parameter(Name=f"{self.place}/{name}").get("Parameter", {})
            return {**_parsed(answer.get("Value", "")), "when": _told(answer.get("LastModifiedDate"))}
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
            raise Refused(
                f"what the account keeps of approvals cannot be asked or added to, so nothing was written ({error}); "
                f"the caller needs ssm:GetParameter and ssm:PutParameter on {PLACE}/*"
            ) from error


def _told(when: datetime | None) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if when else "a time that AWS does not tell"


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
