"""The rows of `changes.jsonl`: how one is written, and how one of any version is read. Pure data, no AWS.

A row that this version cannot read is a row all the same: it says why, and keeps no other from being undone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lib.errors import Refused
from lib.record import formats


class WriteState(StrEnum):
    """How far one write has come; a row holds it as this text."""

    PLANNED = "planned"
    NOTHING_TO_DO = "nothing to do"
    INTENDED = "intended"  # the next thing that happens is the call, so that a kill during it leaves a word of it
    PUT_OFF = "put off"  # AWS asked to wait
    UNKNOWN = "unknown"  # no answer came, which is not "not carried out"
    FAILED = "failed"
    HALF_DONE = "half done"  # read back later: neither the value before nor the one after
    NOT_APPLIED = "not applied"  # read back: AWS holds the value before
    APPLIED = "applied"
    VERIFIED = "verified"
    KEPT = "kept"  # an undo left it, since undoing it would lose something
    NOT_TRIED = "not tried"  # an undo left it, since something that comes first was not restored
    UNREADABLE = "unreadable"  # of a row that this version cannot read
    NOT_BELIEVED = "not believed"  # of a row that anybody may have put there


# What is said of a change that was taken back, of one that needed no taking back, and of a run of which some were.
UNDONE, BACK_ALREADY, UNDONE_SINCE = "undone", "is as recorded already", "undone since"


class Action(StrEnum):
    """What a change does to its thing."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


# After these nobody knows yet what AWS holds. One that is missing here is taken for an end, and what it left half done
# for somebody else's.
UNFINISHED = (
    WriteState.INTENDED, WriteState.UNKNOWN, WriteState.PUT_OFF, WriteState.FAILED, WriteState.HALF_DONE,
)  # fmt: skip
# Rows of an undo that wrote nothing: how the write before it ended is as open as it was.
NO_WRITE = (WriteState.KEPT, WriteState.NOT_TRIED)
ENDED = (WriteState.APPLIED, WriteState.NOT_APPLIED, WriteState.VERIFIED, *NO_WRITE)
# After these the write that a row announced was begun, so its announcement had reached the store.
BEGUN = (*(state for state in UNFINISHED if state != WriteState.INTENDED), WriteState.APPLIED, WriteState.VERIFIED)
SHOWN = 40  # characters of a state that nobody knows
NO_TIME = datetime.fromtimestamp(0, UTC).isoformat()
# What each key holds; a row of any version has them all.
KEYS: dict[str, type | tuple[type, ...]] = {
    "time": str, "phase": str, "state": str, "kind": str, "name": str, "identity": dict, "before": object,
    "after": object,
}  # fmt: skip


def to_row(
    time: str, phase: str, state: WriteState, undoes: bool, temporary: bool, change: Mapping[str, Any]
) -> dict[str, Any]:
    """A change, now, as a row of the log; `state` says how far it has come."""
    head = {"time": time, "phase": phase, "state": state, "undoes": undoes, "temporary": temporary}
    return formats.with_format({**head, **change})


def from_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every key, its state a `WriteState`. One that cannot be read is `unreadable`, and in `trouble` why."""
    trouble = _trouble(row)
    complete = {"undoes": False, "temporary": False, "action": "", **row, "trouble": trouble}
    if not trouble:
        return complete | {"state": WriteState(row["state"])}
    kind = row.get("kind") if isinstance(row.get("kind"), str) else "thing of no kind"
    given = row.get("identity")
    thing = {"kind": kind, "identity": given if isinstance(given, dict) else {}, "before": None, "after": None}
    name = row["name"] if isinstance(row.get("name"), str) else f"{kind} of a row of changes.jsonl"
    texts = {
        "time": row["time"] if _is_time(row.get("time")) else NO_TIME,
        "phase": row["phase"] if isinstance(row.get("phase"), str) else "",
    }
    flags = {key: complete[key] is True for key in ("undoes", "temporary")}
    return complete | thing | texts | flags | {"name": name, "state": WriteState.UNREADABLE, "action": "cannot be read"}


def mark_doubted(row: Mapping[str, Any], why: str) -> dict[str, Any]:
    """A row that nothing may be done by; it says why, and keeps no other from being undone."""
    return {**row, "state": WriteState.NOT_BELIEVED, "trouble": why}


def _trouble(row: Mapping[str, Any]) -> str:
    try:
        formats.require_known(row, "this row of changes.jsonl")
    except Refused as error:
        return str(error)
    wrong = [key for key, kind in KEYS.items() if key not in row or not isinstance(row[key], kind)]
    wrong += ["time"] if "time" not in wrong and not _is_time(row["time"]) else []
    if wrong:
        return f"this row of changes.jsonl does not tell its {', '.join(wrong)}; see what it is, and undo it by hand"
    if row["state"] in (*UNFINISHED, *ENDED):
        return ""
    # Passed over, it would be taken for the end of its write.
    return (
        f"this row of changes.jsonl tells a state that this version does not know ({row['state'][:SHOWN]!r}); see what "
        "it is, and undo it by hand"
    )


def _is_time(text: object) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
