"""What an undo is, from the rows of a run's record: pure comparison, apart from reading the things. Writes nothing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.plans import Change, Plan, Reopen, Value, same

PHASE = "90"
# States of a row after which nobody knows yet what AWS holds.
UNFINISHED = ("intended", "unknown", "put off", "failed", "half done")


@dataclass
class _Thing:
    """What a run did with one live thing: the row that first wrote to it, and every value it began to write."""

    first: Mapping[str, Any]
    written: list[Value] = field(default_factory=list)
    last: Mapping[str, Any] = field(default_factory=dict)
    undone: bool = False

    @property
    def unfinished(self) -> bool:
        return bool(self.last) and self.last["state"] in UNFINISHED


def plan(rows: Iterable[Mapping[str, Any]], reopen: Reopen) -> Plan:
    """The plan that returns everything a record names to its value before, last change first. Read-only.

    `rows` are those of `changes.jsonl`; `reopen(kind, identity)` makes the resource again.
    """
    undone = [_undo(reopen(thing.first["kind"], thing.first["identity"]), thing) for thing in reversed(_things(rows))]
    # What was temporary is mentioned only where a crash left it behind.
    return Plan(PHASE, tuple(change for change in undone if change.action != "none" or not change.temporary))


def unfinished(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The latest row of each thing whose last write is not known to have ended."""
    latest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        latest[_key(row)] = row
    return [row for row in latest.values() if row["state"] in UNFINISHED]


def _things(rows: Iterable[Mapping[str, Any]]) -> list[_Thing]:
    """In the order in which the run first wrote to them; what was written anew after an undo counts from there."""
    found: dict[str, _Thing] = {}
    for row in rows:
        key, undoes = _key(row), bool(row.get("undoes"))
        if row["state"] == "intended" and not undoes:
            if key not in found or found[key].undone:
                found.pop(key, None)
                found[key] = _Thing(row)
            found[key].written.append(row["after"])
        if key in found:
            found[key].last = row
            found[key].undone = found[key].undone or (undoes and row["state"] == "applied")
    return list(found.values())


def _undo(resource: Any, thing: _Thing) -> Change:  # noqa: ANN401 - a Resource
    live, before = resource.read(), thing.first["before"]
    temporary = bool(thing.first.get("temporary"))
    doubt = resource.kept_because() if before is None and live is not None and not temporary else ""
    # What a write that was cut short left behind is no value of either side, and still ours.
    ours = temporary or thing.unfinished or any(same(live, value) for value in (before, *thing.written))
    return Change(resource, live, before, doubt, not ours, temporary)


def _key(row: Mapping[str, Any]) -> str:
    return json.dumps([row["kind"], row["identity"]], sort_keys=True)
