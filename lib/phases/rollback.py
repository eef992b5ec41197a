"""Phase 90 around its plan: what a run changed, what an undo would do, what stays. Read-only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lib.asl.states import states_by_name
from lib.aws import Live
from lib.changes import plans, provenance, undo_plan
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Change, Outcome, Plan, Result
from lib.changes.resource import Value
from lib.checks import brief
from lib.drills.drill_runner import GATE
from lib.errors import BadParameters, RunbookError
from lib.record import records, run_phases
from lib.record.change_rows import BACK_ALREADY, UNDONE, Action, WriteState
from lib.record.records import LOG
from lib.resources import resource_kinds
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import traffic_entries
from lib.resources.resource_kinds import Workflow
from lib.resources.workflow import value_of

LEDGER = "evidence/rollback.json"
CARRYING = ("01", "02", "04")  # phases that make what the alerts of phase 03's workflow take to reach anybody


def latest_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The latest state of each thing that a run began to change, in the run's order."""
    latest: dict[tuple[str, bool], dict[str, str]] = {}
    for row in rows:
        if not row.get("undoes"):
            latest[_thing(row)] = {
                "phase": row["phase"],
                "what": row["name"],
                "action": f"{row['action']}, for a while" if row.get("temporary") else row["action"],
                "state": row["state"],
            }
    return list(latest.values())


def rows(run: GuardedRun) -> list[dict[str, Any]]:
    """The rows of a run's log; one that the account does not know to be the run's says so, and is left alone.

    As they lie there, where the command that has the record open was told `--unverified`.
    """
    record = run.record
    return record.changes() if records.is_unverified(record) else provenance.believe_rows(record, run.guards)


def plan(run: ConnectedRun) -> Plan:
    """The undo of what a run wrote, back to before `rollback_to_phase`, against the live account."""
    live, chosen = run.live, rows_from_phase(rows(run), run.settings.rollback_to_phase)
    undo = undo_plan.plan(chosen, lambda kind, identity: resource_kinds.reopen(live, kind, identity))
    carriers = {_thing(row) for row in chosen if row["phase"] in CARRYING and not row.get("temporary")}
    taken = any((one.resource.name, one.temporary) in carriers for one in undo.changes if one.action != Action.NONE)
    needed = _needed(live) if taken and not any(one.resource.others_rely for one in undo.changes) else ""
    return replace(undo, changes=(_blocked(live, needed), *undo.changes)) if needed else undo


def _needed(live: Live) -> str:
    """Why what carries the new alerts may not be taken away, although the run did not deploy what sends them; or ""."""
    try:
        known = traffic_entries.read(live)
        held = [row for arn in {known.machine, known.arn} for row in traffic_entries.run_by(live, arn)]
        sends = any(GATE in states_by_name(value_of(row)["definition"]) for row in held)
    except RunbookError as error:
        return f"what runs now, and may need it, cannot be read: {error}"
    return "it runs the plan's definition, which another run deployed: roll that run back first" if sends else ""


def _blocked(live: Live, why: str) -> Change:
    """The workflow as what comes first and cannot be undone here, so that what it relies on stays."""
    machine = Workflow(live, live.settings.state_machine_name)
    about = {"kind": machine.kind, "name": machine.name, "identity": machine.identity}
    return undo_plan.remark(about, why, relied_on=True)


def rows_from_phase(rows: Sequence[Mapping[str, Any]], to_phase: str) -> list[Mapping[str, Any]]:
    """The rows of this phase and of those that run after it; all of them where none is named.

    An undo's own rows belong to what they undo.
    """
    if not to_phase:
        return list(rows)
    if to_phase not in run_phases.NOTEBOOKS:
        raise BadParameters(f"rollback_to_phase {to_phase!r}: expected one of {', '.join(run_phases.NOTEBOOKS)}")
    order = list(run_phases.NOTEBOOKS)
    undone = order[order.index(to_phase) :]
    read = [row for row in rows if not row.get("trouble")]
    rest = {_thing(row) for row in read if not row.get("undoes") and (row["phase"] in undone or row.get("temporary"))}
    # One that cannot be read or believed may be of these phases, and is said; it takes no other along.
    return [row for row in rows if row.get("trouble") or _thing(row) in rest]


def _thing(row: Mapping[str, Any]) -> tuple[str, bool]:
    """What a row is about: a thing, or what was so of it for a while, which is undone apart."""
    return row["name"], bool(row.get("temporary"))


def ledger(outcome: Outcome) -> list[dict[str, str]]:
    """What became of each thing: undone, back already, kept, failed or not tried and why, or only planned."""
    words = {WriteState.APPLIED: UNDONE, WriteState.NOTHING_TO_DO: BACK_ALREADY}
    rows = [
        {
            "what": result.change.resource.name,
            "outcome": "; ".join(filter(None, (words.get(result.state, result.said), result.change.resource.stays))),
            "value": brief(_value(result), 60),
        }
        for result in outcome.results
    ]
    not_kept = [{"what": "approval of the run", "outcome": outcome.not_kept, "value": ""}] if outcome.not_kept else []
    return [*rows, *not_kept]


def untold(run: GuardedRun) -> list[dict[str, str]]:
    """As a row of the ledger, how much the account keeps that the run was about to write and no row of its log tells.

    A run that was killed never came to some of it; but rows may also have been taken away, and nobody can tell which.
    """
    row = {"what": "writes that were announced", "value": ""}
    try:
        wrote = run.guards.wrote(run.record.run_id)
    except RunbookError as error:
        return [row | {"outcome": f"cannot tell whether {LOG} holds them all: {error}"}]
    logged = {plans.row_digest(one) for one in run.record.changes() if not one["trouble"]}
    left = [one for one in wrote - logged if not one.startswith(plans.UNDO)]
    said = (
        f"{len(left)} of which no row of {LOG} tells: the run never came to them, or rows were taken away; compare "
        "plan.json with the account"
    )
    return [row | {"outcome": said}] if left else []


def _value(result: Result) -> Value:
    undone = (WriteState.APPLIED, WriteState.NOTHING_TO_DO, WriteState.PLANNED)
    return result.change.after if result.state in undone else result.change.before


def what_stays(outcome: Outcome) -> list[dict[str, str]]:
    """What stays on purpose: whole things, and what an undone thing leaves behind."""
    whole = [
        {"what": result.change.resource.name, "why": result.why}
        for result in outcome.results
        if result.state == WriteState.KEPT
    ]
    behind = [
        {"what": result.change.resource.name, "why": result.change.resource.stays}
        for result in outcome.results
        if result.change.resource.stays
    ]
    return [*whole, *behind]
