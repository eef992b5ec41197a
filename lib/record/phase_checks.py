"""Whether a phase ended well: by the checks that are registered with it, as this attempt at it answered them. No AWS.

Decided here alone, for a notebook that is run by hand (its last cell) and for the runner (`notebooks.execute`), from
the record: what a cell shows or leaves out decides nothing.
"""

from typing import Any

from lib.checks import Check, Status, failed, key_of, require
from lib.record.folder import CHECKS
from lib.record.records import Record
from lib.values.check_ids import due
from lib.values.modes import Mode


def answers(record: Record, phase: str) -> list[Check]:
    """What this attempt at a phase answered. What was asked again later, as by hand, counts as it was answered last."""
    latest: dict[str, list[dict[str, Any]]] = {}
    for row in record.rows(CHECKS):
        if (row.get("phase"), row.get("attempt")) != (phase, record.attempt):
            continue
        at_once = latest.get(key_of(row), [])
        # Of several that were asked at once under one key, none replaces another.
        latest[key_of(row)] = [*(one for one in at_once if one["time"] == row["time"]), row]
    return [Check.from_row(row) for rows in latest.values() for row in rows]


def unmet(record: Record, phase: str, mode: Mode) -> list[Check]:
    """The checks by which the phase stops: those that failed, and those that it had to answer and did not."""
    answered = answers(record, phase)
    known = {check.id for check in answered}
    expected = f"an answer of phase {phase}: run its notebook from the first cell to the last"
    lacking = [one for one in due(phase, applies=mode == Mode.APPLY) if one not in known]
    return [*failed(answered), *(Check(one, one, Status.FAILED, "no answer", expected) for one in lacking)]


def require_met(record: Record, phase: str, mode: Mode) -> None:
    """Stop the phase by its checks. Raises NotAsWanted naming each that failed or was not answered."""
    require(unmet(record, phase, mode))
