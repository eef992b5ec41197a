"""The rows of `changes.jsonl`: how one is written, and how one of any version is read. Pure data, no AWS.

A row that this version cannot read is a row all the same: it says why, and keeps no other from being undone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lib.errors import Refused
from lib.record import formats

UNREADABLE = "unreadable"  # the state of a row that this version cannot read
NOT_BELIEVED = "not believed"  # the state of one that anybody may have put there
NO_TIME = datetime.fromtimestamp(0, UTC).isoformat()
# What each key holds; a row of any version has them all.
KEYS: dict[str, type | tuple[type, ...]] = {
    "time": str, "phase": str, "state": str, "kind": str, "name": str, "identity": dict, "before": object,
    "after": object,
}  # fmt: skip


def to_row(
    time: str, phase: str, state: str, undoes: bool, temporary: bool, change: Mapping[str, Any]
) -> dict[str, Any]:
    """A change, now, as a row of the log; `state` says how far it has come."""
    told = {"time": time, "phase": phase, "state": state, "undoes": undoes, "temporary": temporary}
    return formats.named({**told, **change})


def from_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every key. One that cannot be read has the state `unreadable`, and in `trouble` why."""
    trouble = _trouble(row)
    found = {"undoes": False, "temporary": False, "action": "", **row, "trouble": trouble}
    if not trouble:
        return found
    kind = row.get("kind") if isinstance(row.get("kind"), str) else "thing of no kind"
    given = row.get("identity")
    told = {"kind": kind, "identity": given if isinstance(given, dict) else {}, "before": None, "after": None}
    name = row["name"] if isinstance(row.get("name"), str) else f"{kind} of a row of changes.jsonl"
    texts = {
        "time": row["time"] if _is_time(row.get("time")) else NO_TIME,
        "phase": row["phase"] if isinstance(row.get("phase"), str) else "",
    }
    flags = {key: found[key] is True for key in ("undoes", "temporary")}
    return found | told | texts | flags | {"name": name, "state": UNREADABLE, "action": "cannot be read"}


def doubted(row: Mapping[str, Any], why: str) -> dict[str, Any]:
    """A row that nothing may be done by; it says why, and keeps no other from being undone."""
    return {**row, "state": NOT_BELIEVED, "trouble": why}


def _trouble(row: Mapping[str, Any]) -> str:
    try:
        formats.require_known(row, "this row of changes.jsonl")
    except Refused as error:
        return str(error)
    wrong = [key for key, kind in KEYS.items() if key not in row or not isinstance(row[key], kind)]
    wrong += ["time"] if "time" not in wrong and not _is_time(row["time"]) else []
    told = f"this row of changes.jsonl does not tell its {', '.join(wrong)}; see what it is, and undo it by hand"
    return told if wrong else ""


def _is_time(text: object) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
