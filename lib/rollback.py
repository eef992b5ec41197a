"""Phase 90 around its plan: what a run changed, what an undo would do, what stays. Read-only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib import changes, resources
from lib.aws import Live
from lib.checks import brief
from lib.plans import Outcome, Plan


def changed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The latest state of each thing that a run began to change, in the run's order."""
    latest: dict[str, dict[str, str]] = {}
    for row in rows:
        if not row.get("undoes"):
            latest[row["name"]] = {
                "phase": row["phase"],
                "what": row["name"],
                "action": row["action"],
                "state": row["state"],
            }
    return list(latest.values())


def plan(live: Live, rows: Sequence[Mapping[str, Any]]) -> Plan:
    """The undo of everything that the rows name, against the live account."""
    return changes.undo_plan(rows, lambda kind, identity: resources.reopen(live, kind, identity))


def ledger(outcome: Outcome) -> list[dict[str, str]]:
    """What became of each thing: undone, back already, kept and why, or only planned."""
    words = {"applied": "undone", "nothing to do": "is as recorded already"}
    pairs = zip(outcome.plan.changes, outcome.states, strict=True)
    return [
        {
            "what": change.resource.name,
            "outcome": "; ".join(filter(None, (words.get(state, state), change.resource.stays))),
            "value": brief(_value(change, state), 60),
        }
        for change, state in pairs
    ]


def _value(change: changes.Change, state: str) -> changes.Value:
    return change.before if state.startswith(changes.KEPT) else change.after


def kept(outcome: Outcome) -> list[dict[str, str]]:
    """What stays on purpose: whole things, and what an undone thing leaves behind."""
    whole = [
        {"what": change.resource.name, "why": state.removeprefix(changes.KEPT)}
        for change, state in zip(outcome.plan.changes, outcome.states, strict=True)
        if state.startswith(changes.KEPT)
    ]
    behind = [
        {"what": change.resource.name, "why": change.resource.stays}
        for change in outcome.plan.changes
        if change.resource.stays
    ]
    return [*whole, *behind]
