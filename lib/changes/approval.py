"""What was approved, and whether this is still it: the plan, the parameters, the notebooks and the code. No AWS.

A plan that was reviewed is compared to the letter with the live account's: the whole before a run, and by phase before
each phase writes. Where this very run has written since, what it left counts as approved, and nothing else does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lib.changes import kept_plans, second_person, undo_plan
from lib.changes.account import AccountGuards
from lib.changes.drift import other_code, other_parameters, plan_differences, require_no_drift, rows_since
from lib.changes.guarded_run import GuardedRun
from lib.changes.kept_plans import PLAN as PLAN
from lib.changes.kept_plans import Begun
from lib.changes.plan_data import account_of, begun_plan, made_from, plan_data
from lib.changes.plans import Plan, is_kept
from lib.errors import BadParameters, Refused, RunbookError
from lib.record import command_lines, records, run_index
from lib.record.records import Record, Run
from lib.record.run_verdict import BEGUN_BY_HAND
from lib.settings import Settings, account_waives_approval, waives_approval
from lib.values.modes import Approval, Mode


def keep_begun_plan(plans: Sequence[Plan], run: GuardedRun, caller: str) -> None:
    """Keep the plan that a run begins with in its record, and where it uses an approval, in the account as well.

    With what speaks against the proposal that the approved plan takes, where a record of that is at hand.
    """
    settings, plan = run.settings, begun_plan(plans, run, caller)
    every = run_index.as_sealed(settings) if settings.approved_plan else []
    if against := kept_plans.doubts_of_approved(every, settings.approved_plan):
        plan[kept_plans.DOUBTS] = against
    uses = settings.mode != Mode.PLAN and settings.approval == Approval.REQUIRED and settings.approved_plan
    kept_plans.keep(plan, run.record, account_of(plans, run) if uses else None)


def require_whole(run: GuardedRun, plans: Sequence[Plan], caller: str) -> None:
    """Refuse, where approval is required, a plan that was not reviewed, was used already, or is not this account's.

    Names what differs from the approved plan, where its record is at hand. What writes nothing needs no approval.
    """
    settings = run.settings
    if settings.mode == Mode.PLAN:
        return
    account = account_of(plans, run)
    if account and (lifted := account.approval_lifted()):
        raise Refused(lifted)
    if settings.approval == Approval.NONE:
        _require_waiving_file(settings, plans)
        if settings.approved_plan and settings.approved_plan != (now := plan_data(plans, run)["fingerprint"]):
            raise Refused(
                f"the account's plan is {now}, and --approved-plan says {settings.approved_plan}; nothing was written. "
                "Where no approval is required, leave it out, or look at the plan again"
            )
        return
    name, approved, current = settings.environment, settings.approved_plan, plan_data(plans, run)
    if not any(plan.pending for plan in plans):
        if approved:
            raise Refused(
                f"{approved} is carried out already, or was never this account's: nothing is left to change. "
                "Leave --approved-plan out to run phases that only read"
            )
        return
    if approved != current["fingerprint"]:
        saved = _saved(settings, approved)
        differs = "; ".join(plan_differences(saved, current)) if saved else ""
        if account and approved and (used := account.used(approved)):
            raise Refused(
                f"{approved} was applied by {used.said} already{f' ({differs})' if differs else ''}; an approval is "
                f"good for one run. Review `{command_lines.runbook(settings, 'plan')}` again"
            )
        differs = differs or (
            "the order of its changes" if saved else "no record of it, as it was sealed, is here to compare with"
        )
        raise Refused(
            f"{name} needs approval: the account's plan is {current['fingerprint']}, approved is {approved or 'none'}"
            f"{f' ({differs})' if approved else ''}. Review `{command_lines.runbook(settings, 'plan')}` and approve "
            "that one"
        )
    second_person.require(settings, caller)


def require(plan: Plan, run: GuardedRun) -> None:
    """Refuse unless this phase's plan is, to the letter, part of the plan that was approved for this run."""
    settings, record = run.settings, run.record
    if not (settings.approved_plan or plan.pending):
        return
    if settings.approval == Approval.NONE:
        _require_waived(plan, run)
        return
    account = account_of([plan], run)
    begun = kept_plans.begun_with(record, settings.approved_plan, account)
    if not begun:
        name, given = settings.environment, settings.approved_plan
        lacks = f"run {record.run_id} was not begun with {given}" if given else "this run has none"
        raise Refused(
            f"{name} needs an approved plan, and {lacks}; nothing was written. Review "
            f"`{command_lines.runbook(settings, 'plan')}`, then apply it with the fingerprint that it ends with"
        )
    now = made_from(settings)
    other = [*other_parameters(begun.plan, now), *other_code(begun.plan, now)]
    if other:
        raise Refused(
            f"{settings.approved_plan} was approved with something else: {'; '.join(other)}; nothing was written. Plan "
            "and approve again"
        )
    rows = _own_rows(begun, run, account, account.caller if account else "")
    approved = [row for row in begun.plan["changes"] if row["phase"] == plan.phase]
    as_it_was = f"it was when {settings.approved_plan} was approved"
    require_no_drift(approved, plan.changes, rows, as_it_was, "Plan and approve again")


def _own_rows(begun: Begun, run: Run, account: AccountGuards | None, caller: str) -> Sequence[Mapping[str, Any]]:
    """What the run did since it was begun, as far as the account keeps that it did: no other row excuses a drift.

    Refuses other people than it was begun with, and one that was undone.
    """
    record = run.record
    second_person.require(run.settings, caller)
    second_person.require_same(run.settings, record.run_id, begun.plan)
    rows = rows_since(record, begun.plan)
    _require_not_rolled_back(run, rows, begun.undone)
    wrote = account.wrote(record.run_id) if account and rows else frozenset[str]()
    return [row for row in rows if is_kept(row, wrote)]


def _require_waived(plan: Plan, run: GuardedRun) -> None:
    """Refuse `approval: none` that no file says: neither the one that the run was begun with nor one in `parameters/`.

    A notebook's parameters, edited or given by papermill, are nobody's word for it.
    """
    settings, record, account = run.settings, run.record, account_of([plan], run)
    if account and (lifted := account.approval_lifted()):
        raise Refused(lifted)
    verdict = record.verdict() or {}
    # What a notebook by hand began is no file's word: its parameters may say anything.
    begun_as = "" if verdict.get(BEGUN_BY_HAND) else verdict.get("parameters", {}).get("approval")
    if begun_as == Approval.NONE:
        _require_waiving_file(settings, [plan])
    elif begun_as or not waives_approval(settings):
        said = f"run {record.run_id} was begun with {begun_as}" if begun_as else "no file in parameters/ says so"
        raise Refused(
            f"approval none: {said}, and no notebook's parameters lift the approval of account {settings.account_id}; "
            "put a file that says so into parameters/, or apply it by the command. Nothing was written"
        )


def _require_waiving_file(settings: Settings, plans: Sequence[Plan]) -> None:
    """Refuse `approval: none` that no file in `parameters/` says of the account: a copy is nobody's word for it."""
    if any(plan.pending for plan in plans) and not account_waives_approval(settings):
        raise Refused(
            f"approval none: no file in parameters/ says so of account {settings.account_id}, and one that lies "
            "elsewhere may be a copy; put a reviewed one that says so into parameters/. Nothing was written"
        )


def use(plan: Plan, run: GuardedRun) -> None:
    """Keep in the account that this run uses its approval, before the first write. Raises Refused where another did."""
    if plan.pending and run.settings.approval == Approval.REQUIRED:
        run.guards.use(run.settings.approved_plan, run.record.run_id)


def end(undo: Plan, run: GuardedRun) -> str:
    """Let the account keep that this undo ends its run's approval, before it writes anything that lasts.

    Returns why the account does not, or "": that keeps no undo from going on.
    """
    lasting = [change for change in undo.pending if not (change.temporary or change.trouble)]
    return kept_plans.keep_undone(run.record.run_id, run.guards) if lasting else ""


def _require_not_rolled_back(run: Run, rows: Sequence[Mapping[str, Any]], undone: str = "") -> None:
    if undone or undo_plan.was_undone(rows):
        raise Refused(
            f"run {run.record.run_id} was rolled back, and its approval with it{undone and f' ({undone})'}; review "
            f"`{command_lines.runbook(run.settings, 'plan')}` and apply that one"
        )


def require_resumable(run: GuardedRun, plans: Sequence[Plan], caller: str) -> None:
    """Refuse to go on with a run whose parameters, approval or account are others than it was begun with.

    What the run itself wrote, wholly or in part, is no drift. Without approval, drift and other code are no obstacle.
    With it, a run that was rolled back is over, and its approver is not the `caller` who goes on with it.
    """
    settings, record = run.settings, run.record
    free, account = settings.approval == Approval.NONE, account_of(plans, run)
    begun = _first(record) if free else kept_plans.begun_with(record, settings.approved_plan, account)
    if not begun:
        raise BadParameters(f"run {record.run_id} kept no plan to go on with; apply a new one")
    now = made_from(settings)
    other = other_parameters(begun.plan, now) + ([] if free else other_code(begun.plan, now))
    if other:
        raise Refused(
            f"run {record.run_id} was begun with something else: {'; '.join(other)}. Go on with the same, or roll it "
            "back and apply a new plan"
        )
    if free:
        _require_waiving_file(settings, plans)
        return
    rows = _own_rows(begun, run, account, caller)
    planned = [change for plan in plans for change in plan.changes]
    what_to_do = "Find out who; roll back, or plan and approve again"
    require_no_drift(begun.plan["changes"], planned, rows, f"run {record.run_id} left it", what_to_do)


def require_same_subscriber(run: Run) -> None:
    """Refuse to undo a run with another operations subscriber than it had: the record holds no address to look for."""
    record = run.record
    try:
        had = {plan.get("subscriber") for plan in kept_plans.load_plans(record)} - {None}
    except (RunbookError, TypeError, AttributeError):  # of a plan that is none, which hinders no undo in an emergency
        if not records.is_unverified(record):
            raise
        return
    now = made_from(run.settings)["subscriber"]
    if had and now not in had:
        raise Refused(
            f"the parameters name another ops_subscription_endpoint than run {record.run_id} was begun with, and its "
            "subscription would not be found; use that run's address"
        )


def _saved(settings: Settings, approved: str) -> dict[str, Any] | None:
    """The approved plan as a record holds it that is as it was sealed; an altered one would name false differences."""
    every = reversed(run_index.as_sealed(settings))
    return next((plan for record in every for plan in kept_plans.plans_approved(record, approved)), None)


def _first(record: Record) -> Begun | None:
    """What a run that needs no approval was begun with."""
    return next((Begun(plan) for plan in kept_plans.load_plans(record)), None)
