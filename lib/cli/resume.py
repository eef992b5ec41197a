"""Going on with a run that stopped: what is done is decided by reading AWS, the record only says what was begun."""

from collections.abc import Sequence
from functools import partial

from lib.changes import approval, loss_guard, plan_data, provenance, second_person, undo_plan
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Change, Plan, entry, half_done, same
from lib.changes.resource import Reopen
from lib.cli import runner
from lib.errors import BadParameters, RunbookError
from lib.phases import validity
from lib.phases.validity import Validity
from lib.record import run_phases
from lib.record.change_rows import WriteState
from lib.record.records import LOG, Run
from lib.record.run_phases import NOTEBOOKS, VALIDATION
from lib.resources import resource_kinds
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings, mask, with_changes
from lib.values.check_registry import APPROVAL
from lib.values.exact_json import laid
from lib.values.verdicts import Verdict

FOUND = {
    WriteState.APPLIED: "carried out",
    WriteState.NOT_APPLIED: "not carried out",
    WriteState.HALF_DONE: "half done: it will be completed",
}
OF_THE_APPROVAL = ("approved_plan", "approved_by", "change_ticket")


def with_its_approval(run: Run) -> Settings:
    """The parameters with the approval that the run was begun with. Raises BadParameters for a run of no phase."""
    settings, record = run.settings, run.record
    begun = (record.verdict() or {}).get("parameters")
    if not begun or not isinstance(begun, dict):
        raise BadParameters(f"run {record.run_id} began no phase; there is nothing to go on with, apply a new one")
    hidden, address = mask(settings.ops_subscription_endpoint), settings.ops_subscription_endpoint
    texts = {key: str(begun.get(key, "")) for key in OF_THE_APPROVAL}
    # An approver may be who is paged, whom no record names; whether it is the caller is asked of the name.
    return with_changes(settings, **{key: text.replace(hidden, address) for key, text in texts.items()})


def read_back(run: ConnectedRun) -> list[dict[str, str]]:
    """What AWS says of each write whose end the record does not tell; added to the record."""
    return settle_unfinished(run, partial(resource_kinds.reopen, run.live))


def settle_unfinished(run: GuardedRun, reopen: Reopen) -> list[dict[str, str]]:
    """Ask AWS what became of each write whose end the record does not tell, and add the answer to the record.

    Returns one row a write: `what`, and `found`: carried out, not carried out, neither (half done), or cannot tell.
    """
    rows = provenance.believe_rows(run.record, run.guards)
    answers = [{"what": row["name"], "found": f"cannot tell: {row['trouble']}"} for row in rows if row["trouble"]]
    for row in undo_plan.unfinished_writes(rows):
        try:
            resource = reopen(row["kind"], row["identity"])
            live, before = resource.read(), laid(row["before"], row.get("laid", {}))
        except (RunbookError, *undo_plan.UNFIT) as error:
            answers.append({"what": row["name"], "found": f"cannot tell: {error}"})
            continue
        done = same(live, row["after"])
        half = half_done(resource, live, row["before"], row["after"])
        # A third value, of what one call writes, is somebody else's: ours was not carried out, or not for long.
        state = WriteState.APPLIED if done else WriteState.HALF_DONE if half else WriteState.NOT_APPLIED
        change = Change(resource, before, row["after"], temporary=bool(row.get("temporary")))
        settled = entry(row["phase"], change, state, bool(row.get("undoes")))
        run.record.append(LOG, {**settled, "why": "read back from AWS"})
        answers.append({"what": resource.name, "found": FOUND[state]})
    return answers


def validation_stands(run: ConnectedRun) -> Validity | None:
    """Whether what the run validated is live now; None where its validation is not done, and so is run anyhow."""
    done = [
        phase
        for phase in run_phases.recorded_phases(run.record)
        if (phase.number, phase.verdict) == (VALIDATION, Verdict.SUCCEEDED)
    ]
    return validity.of_run(run) if done else None


def remaining_phases(run: ConnectedRun, valid: Validity | None) -> list[str]:
    """The phases of the run from the first that did not succeed, or whose things AWS does not hold any more.

    The validation is one of these where what it validated is not live, or nobody can tell (`valid`, of
    `validation_stands`).
    Raises Refused where the run may not be gone on with.
    """
    plans = runner.plan_all(run.live)
    approval.require_resumable(run, plans, run.live.identity.caller)
    verdicts = {phase.number: phase.verdict for phase in run_phases.recorded_phases(run.record)}
    pending = {plan.phase for plan in plans if plan.pending} | ({VALIDATION} if valid and not valid.holds else set())
    chosen = [number for number in NOTEBOOKS if number in verdicts]
    open_ones = [at for at, number in enumerate(chosen) if verdicts[number] != Verdict.SUCCEEDED or number in pending]
    return chosen[open_ones[0] :] if open_ones else []


def nothing_left(run: ConnectedRun, valid: Validity | None) -> str:
    """What is said of a run of which no phase remains: which phases these are, where it did not begin all of them."""
    ran = [phase.number for phase in run_phases.recorded_phases(run.record)]
    part = run_phases.verdict_of_part(Verdict.SUCCEEDED, ran).removeprefix(Verdict.SUCCEEDED)
    also = " and what it validated" if valid else ""
    return f"Run {run.record.run_id} is complete{part}: AWS holds everything it wanted{also}. Nothing was written."


def begin_resumed(run: ConnectedRun, chosen: Sequence[str]) -> list[Plan]:
    """In place of `runner.begin_approved`: the run keeps its approved plan, and beside it what is left of it."""
    plans, caller = runner.plan_all(run.live), run.live.identity.caller
    approval.require_resumable(run, plans, caller)
    loss_guard.require_no_loss([plan for plan in plans if plan.phase in chosen], run)
    if people := second_person.two_persons(run.settings, caller):
        run.record.checked(APPROVAL, people)
    kept = plan_data.begun_plan(plans, run, caller)
    run.record.keep_json(approval.PLAN, kept | {"resumed": True, "phases": list(chosen)})
    return plans
