"""Plan, apply, verify and undo, over things that have `read()` and `write(value)`. No AWS of its own.

The only module that calls `write`. Each write is preceded by a record of how to undo it, flushed to disk.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lib.checks import Check, brief
from lib.errors import NotAsWanted, Refused, RunbookError
from lib.plans import UNKNOWN, Change, Outcome, Plan, Resource, Value, Wanted, fingerprint, same
from lib.records import Record
from lib.settings import Settings

__all__ = ["Change", "Outcome", "Plan", "Resource", "Wanted", "carry_out", "fingerprint", "plan", "roll_back", "same"]

LOG = "changes.jsonl"
KEPT = "kept: "


def plan(phase: str, wanted: Sequence[Wanted]) -> Plan:
    """Compare every thing with what is wanted. Read-only: it only figures out what would be written."""
    return Plan(phase, tuple(Change(item.resource, item.resource.read(), item.value) for item in wanted))


def carry_out(plan: Plan, settings: Settings, record: Record) -> Outcome:
    """Apply a plan where `mode` is apply; in plan mode write nothing and say `planned`.

    Raises Refused when the plan is not the approved one or a thing changed since it was read.
    """
    if settings.mode == "plan":
        return _only_planned(plan, record)
    require_approval(plan, settings, record)
    return Outcome(plan, tuple(_apply(plan.phase, change, record) for change in plan.changes), record.run_id)


def verify(outcome: Outcome, settings: Settings, record: Record) -> list[Check]:
    """Read every thing until it equals what was wanted or `verify_timeout_seconds` pass.

    IAM, Lambda and Step Functions settle late, so one early read proves nothing. In plan mode nothing was written,
    and what differs is `not applied`.
    """
    waiting = settings.verify_timeout_seconds if settings.mode == "apply" else 0
    checks = []
    for change, state in zip(outcome.plan.changes, outcome.states, strict=True):
        kept = state.startswith(KEPT)
        wanted = change.before if kept else change.after
        live = _settled(change.resource.read, wanted, 0 if kept else waiting, settings.poll_seconds)
        # What was kept may be gone all the same: a subscription goes with its topic. That is what the undo wanted.
        gone = kept and live is None and change.after is None
        checks.append(_check(change.resource, live, None if gone else wanted, settings.mode))
        if state == "applied":
            entry = _entry(outcome.plan.phase, change, "verified", outcome.undoes)
            record.append(LOG, {**entry, "status": checks[-1].status})
    return checks


def undo_plan(rows: Iterable[Mapping[str, Any]], reopen: Callable[[str, dict[str, str]], Resource]) -> Plan:
    """The plan that returns everything a record names to its value before, last change first. Read-only.

    `rows` are those of `changes.jsonl`; `reopen(kind, identity)` makes the resource again.
    """
    first: dict[str, Mapping[str, Any]] = {}
    written: dict[str, Value] = {}
    for row in rows:
        if row["state"] == "intended" and not row.get("undoes"):
            key = json.dumps([row["kind"], row["identity"]], sort_keys=True)
            first.setdefault(key, row)
            written[key] = row["after"]
    undone = [_undo(reopen(row["kind"], row["identity"]), row, written[key]) for key, row in reversed(first.items())]
    # What was temporary is mentioned only where a crash left it behind.
    return Plan("90", tuple(change for change in undone if change.action != "none" or not change.temporary))


def roll_back(plan: Plan, settings: Settings, record: Record) -> Outcome:
    """Carry an undo plan out; what removal would lose by now is kept, and the row says so.

    Approval of the change covers its undo. Raises like `carry_out`.
    """
    if settings.mode == "plan":
        return _only_planned(plan, record)
    states = tuple(_apply(plan.phase, change, record, undoes=True) for change in plan.changes)
    return Outcome(plan, states, record.run_id, undoes=True)


def clear_left_behind(
    rows: Iterable[Mapping[str, Any]], reopen: Callable[[str, dict[str, str]], Resource], record: Record
) -> list[str]:
    """Remove the temporary things that a crash left behind, by the record's rows. Returns their names."""
    left = undo_plan([row for row in rows if row.get("temporary")], reopen)
    for change in left.changes:
        _apply(left.phase, change, record, undoes=True)
    return [change.resource.name for change in left.changes]


def _only_planned(plan: Plan, record: Record) -> Outcome:
    states = ("nothing to do" if change.action == "none" else "planned" for change in plan.changes)
    return Outcome(plan, tuple(states), record.run_id)


@contextmanager
def temporarily(wanted: Sequence[Wanted], phase: str, record: Record) -> Iterator[None]:
    """Things that exist only inside the `with`: recorded like any change, removed in reverse also on failure.

    One that cannot be removed keeps none of the others from it. Raises NotAsWanted naming what was left behind.
    """
    changes = [replace(change, temporary=True) for change in plan(phase, wanted).changes]
    try:
        for change in changes:
            _apply(phase, change, record)
        yield
    finally:
        left = [failure for change in reversed(changes) if (failure := _not_removed(phase, change, record))]
        if left:
            raise NotAsWanted(
                f"temporary things were left behind; validating again in this run removes them: {'; '.join(left)}"
            )


def _not_removed(phase: str, change: Change, record: Record) -> str:
    try:
        back = Change(change.resource, change.resource.read(), change.before, temporary=True)
        _apply(phase, back, record, undoes=True)
    except RunbookError as error:
        return f"{change.resource.name} ({error})"
    return ""


def require_approval(plan: Plan, settings: Settings, record: Record) -> None:
    """Refuse unless this phase's plan is, to the letter, part of the plan that was approved for this run."""
    if settings.approval == "none" or not (settings.approved_plan or plan.pending):
        return
    name, saved = settings.environment, record.latest("plan.json")
    if not settings.approved_plan or not saved or saved["fingerprint"] != settings.approved_plan:
        raise Refused(
            f"{name} needs an approved plan and this run has none; review `runbook plan {name}`, then "
            f"`runbook apply {name} --approved-plan plan-...`"
        )
    approved = {row["name"]: row for row in saved["changes"] if row["phase"] == plan.phase}
    found = {change.resource.name: change.row() for change in plan.changes}
    drifted = [n for n in {**approved, **found} if not _same_change(approved.get(n), found.get(n))]
    if drifted:
        raise Refused(
            f"the account is not as it was when {settings.approved_plan} was approved; changed since: "
            f"{', '.join(drifted)}. Plan and approve again"
        )


def _same_change(approved: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> bool:
    if approved is None or found is None:
        return False
    return same(approved["before"], found["before"]) and same(approved["after"], found["after"])


def _apply(phase: str, change: Change, record: Record, undoes: bool = False) -> str:
    removes = undoes and not change.temporary and change.action == "remove"
    # Asked again now: what stood in the way when the undo was planned may itself have been undone since.
    kept = change.resource.kept_because() if removes else ""
    if kept:
        record.append(LOG, {**_entry(phase, change, "kept", undoes), "why": kept})
        return f"{KEPT}{kept}"
    if change.action == "none":
        return "nothing to do"
    live = change.resource.read()
    if not same(live, change.before):
        raise Refused(f"{change.resource.name} changed after it was planned; nothing more was written. Plan again")
    record.append(LOG, {**_entry(phase, change, "intended", undoes), "temporary": change.temporary})
    try:
        change.resource.write(change.after)
    except RunbookError as error:
        record.append(LOG, {**_entry(phase, change, "failed", undoes), "why": str(error)})
        raise
    record.append(LOG, _entry(phase, change, "applied", undoes))
    if undoes:
        change.resource.settle()
    return "applied"


def _undo(resource: Resource, row: Mapping[str, Any], written: Value) -> Change:
    live, before, temporary = resource.read(), row["before"], bool(row.get("temporary"))
    doubt = resource.kept_because() if before is None and live is not None and not temporary else ""
    foreign = not temporary and not same(live, before) and not same(live, written)
    return Change(resource, live, before, doubt, foreign, temporary)


def _entry(phase: str, change: Change, state: str, undoes: bool = False) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"time": now, "phase": phase, "state": state, "undoes": undoes, **change.row()}


def _settled(
    read: Callable[[], Value],
    wanted: Value,
    timeout: float,
    poll: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Value:
    deadline = clock() + timeout
    while True:
        live = read()
        if same(live, wanted) or clock() >= deadline:
            return live
        sleep(poll)


def _check(resource: Resource, live: Value, wanted: Value, mode: str) -> Check:
    held = same(live, wanted)
    if held:
        status = "not exercised here" if _unreadable(live) else "passed"
    else:
        status = "failed" if mode == "apply" else "not applied"
    found = "as wanted" if status == "passed" else brief(live)
    return Check(resource.name, status, found, brief(wanted))


def _unreadable(value: Value) -> bool:
    if isinstance(value, Mapping):
        return any(map(_unreadable, value.values()))
    return any(map(_unreadable, value)) if isinstance(value, list | tuple) else value == UNKNOWN
