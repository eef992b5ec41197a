"""What was approved, and whether this is still it: the plan, the parameters, the notebooks and the code. No AWS.

A plan that was reviewed is compared to the letter with the live account's: the whole before a run, and by phase before
each phase writes. Where this very run has written since, what it left counts as approved, and nothing else does.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lib import notebook_sources, origin, persons, records
from lib.check_ids import Id
from lib.checks import Check, Status
from lib.display import commands
from lib.drift import differing, drifted, other_code, other_parameters, since
from lib.errors import BadParameters, Refused
from lib.plans import AccountGuards, Plan, fingerprint
from lib.record import formats
from lib.records import LOG, Record
from lib.settings import ROOT, Settings, account_waives_approval, waives_approval

PLAN = "plan.json"
TWO_PERSONS = "who approves is another person than who carries it out"


def plan_data(plans: Sequence[Plan], settings: Settings) -> dict[str, Any]:
    """A plan as `plan.json` keeps it: every change, what it was made from, and the fingerprint over both."""
    basis = made_from(settings)
    return {
        formats.KEY: formats.FORMAT,
        "environment": settings.environment,
        "account": settings.account_id,
        "mode": settings.mode,
        "made": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "fingerprint": _unused(fingerprint(plans, basis), plans, settings),
        **basis,
        "changes": [{"phase": plan.phase, **change.row()} for plan in plans for change in plan.changes],
    }


def begun_plan(plans: Sequence[Plan], settings: Settings, record: Record, caller: str) -> dict[str, Any]:
    """A plan as a run begins with it: who approved what, who carries it out, and how far the run's log was by then.

    By that number, and by no clock, it is told what the run wrote since.
    """
    keys = ("approved_plan", "approved_by", "change_ticket")
    people = {key: getattr(settings, key) for key in keys} | {"caller": caller}
    return plan_data(plans, settings) | {"approval": formats.named(people), "rows_before": len(record.rows(LOG))}


def two_persons(settings: Settings, caller: str) -> list[Check]:
    """Whether it can be told that approver and caller differ, where approval is required."""
    if settings.approval == "none":
        return []
    doubt, expected = persons.nobody(caller), "a caller whose name the account gives to one person"
    if doubt:
        said = f"{doubt}, so that approver and caller differ cannot be told"
        return [Check(Id.TWO_PERSONS, TWO_PERSONS, Status.CANNOT_TELL, said, expected)]
    if not settings.approved_by:
        found = f"nobody approved yet; caller {caller}"
        return [Check(Id.TWO_PERSONS, TWO_PERSONS, Status.WAITING, found, "another person's approval")]
    by = f"approved by {settings.masked(settings.approved_by)}, caller {caller}"
    same = persons.same_person(settings.approved_by, caller)
    return [Check(Id.TWO_PERSONS, TWO_PERSONS, Status.FAILED if same else Status.PASSED, by, expected)]


def _unused(found: str, plans: Sequence[Plan], settings: Settings) -> str:
    """The fingerprint under which this plan was not applied yet: after each use it is another one, to be reviewed."""
    account = _account(plans) if settings.approval != "none" else None
    while account and (use := account.used(found)):
        found = f"plan-{_digest(f'{found} {use.run_id}'.encode())[:16]}"
    return found


def _account(plans: Sequence[Plan]) -> AccountGuards | None:
    """What the account keeps of its guards; None where nothing is planned, and so nothing is there to guard."""
    return next((change.resource.account_guards for plan in plans for change in plan.changes), None)


def made_from(settings: Settings) -> dict[str, Any]:
    """The parameters that decide, a digest of them unmasked, and the SHA-256 of each notebook and of the code."""
    whole = {key: getattr(settings, key) for key in settings.decisive()}
    # Of a module that runs, what was imported; its file may have been edited since.
    code = origin.on_disk(ROOT / "lib") | origin.imported()
    return {
        "parameters": settings.decisive(),
        "parameters_sha256": _digest(json.dumps(whole, sort_keys=True).encode()),
        # Tells one address from another, and holds none.
        "subscriber": _digest(settings.ops_subscription_endpoint.encode())[:8],
        "notebooks": notebook_sources.digests(ROOT / "runbooks"),
        "code": _digest(json.dumps(code).encode()),
    }


def require_whole(settings: Settings, record: Record, plans: Sequence[Plan], caller: str) -> None:
    """Refuse, where approval is required, a plan that was not reviewed, was used already, or is not this account's.

    Names what differs from the approved plan, where its record is at hand. What writes nothing needs no approval.
    """
    if settings.mode == "plan":
        return
    account = _account(plans)
    if account and (lifted := account.approval_lifted()):
        raise Refused(lifted)
    if settings.approval == "none":
        _require_waiving_file(settings, plans)
        return
    name, approved, found = settings.environment, settings.approved_plan, plan_data(plans, settings)
    if not any(plan.pending for plan in plans):
        if approved:
            raise Refused(
                f"{approved} is carried out already, or was never this account's: nothing is left to change. "
                "Leave --approved-plan out to run phases that only read"
            )
        return
    if approved != found["fingerprint"]:
        saved = _saved(settings, approved)
        differs = "; ".join(differing(saved, found)) if saved else ""
        if account and approved and (used := account.used(approved)):
            raise Refused(
                f"{approved} was applied by {used.said} already{f' ({differs})' if differs else ''}; an approval is "
                f"good for one run. Review `{commands.runbook(settings, 'plan')}` again"
            )
        differs = differs or (
            "the order of its changes" if saved else "no record of it, as it was sealed, is here to compare with"
        )
        raise Refused(
            f"{name} needs approval: the account's plan is {found['fingerprint']}, approved is {approved or 'none'}"
            f"{f' ({differs})' if approved else ''}. Review `{commands.runbook(settings, 'plan')}` and approve that one"
        )
    _require_people(settings, caller)


def _require_people(settings: Settings, caller: str) -> None:
    if not any(letter.isalnum() for letter in settings.change_ticket):
        raise Refused(f"{settings.environment} needs a change ticket; name it with --change-ticket")
    if not settings.approved_by.strip():
        raise Refused(f"{settings.environment} needs to know who approved the plan; name them with --approved-by")
    if odd := persons.odd(settings.approved_by):
        raise Refused(
            f"approved by {settings.approved_by!a}: {odd}; expected one person's name in one script, as it is written"
        )
    if persons.same_person(settings.approved_by, caller):
        raise Refused(
            f"approved by {settings.approved_by}, who is also the caller ({caller}); expected another person's approval"
        )


def _require_same_people(settings: Settings, record: Record, begun: Mapping[str, Any]) -> None:
    """Refuse a notebook's word for another approver or ticket than the run was begun with."""
    told = begun.get("approval") or {}
    other = [key for key in ("approved_by", "change_ticket") if told.get(key) != getattr(settings, key)]
    if other:
        raise Refused(
            f"run {record.run_id} was begun with another {' and '.join(other)}; nothing was written. Go on with the "
            "run's own, or apply a plan that is approved anew"
        )


def require(plan: Plan, settings: Settings, record: Record) -> None:
    """Refuse unless this phase's plan is, to the letter, part of the plan that was approved for this run."""
    if not (settings.approved_plan or plan.pending):
        return
    if settings.approval == "none":
        _require_waived(plan, settings, record)
        return
    saved, account = _begun_with(record, settings.approved_plan), _account([plan])
    if not saved:
        name = settings.environment
        raise Refused(
            f"{name} needs an approved plan and this run has none; review "
            f"`{commands.runbook(settings, 'plan')}`, then apply it with the fingerprint that it ends with"
        )
    now = made_from(settings)
    other = [*other_parameters(saved, now), *other_code(saved, now)]
    if other:
        raise Refused(
            f"{settings.approved_plan} was approved with something else: {'; '.join(other)}; nothing was written. Plan "
            "and approve again"
        )
    if account:  # none where there is nothing to write
        _require_people(settings, account.caller)
    _require_same_people(settings, record, saved)
    written = since(record, saved)
    _require_not_rolled_back(settings, record, written)
    rows = [row for row in saved["changes"] if row["phase"] == plan.phase]
    found = drifted(rows, [change.row() for change in plan.changes], written)
    if found:
        raise Refused(
            f"the account is not as it was when {settings.approved_plan} was approved; changed since: "
            f"{'; '.join(found)}. Plan and approve again"
        )


def _require_waived(plan: Plan, settings: Settings, record: Record) -> None:
    """Refuse `approval: none` that no file says: neither the one that the run was begun with nor one in `parameters/`.

    A notebook's parameters, edited or given by papermill, are nobody's word for it.
    """
    account = _account([plan])
    if account and (lifted := account.approval_lifted()):
        raise Refused(lifted)
    begun_as = (record.verdict() or {}).get("parameters", {}).get("approval")
    if begun_as == "none":
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


def use(plan: Plan, settings: Settings, record: Record) -> None:
    """Keep in the account that this run uses its approval, before the first write. Raises Refused where another did."""
    account = _account([plan])
    if account and plan.pending and settings.approval == "required":
        account.use(settings.approved_plan, record.run_id)


def _require_not_rolled_back(settings: Settings, record: Record, rows: Sequence[Mapping[str, Any]]) -> None:
    if any(row.get("undoes") and row["state"] == "applied" and not row.get("temporary") for row in rows):
        raise Refused(
            f"run {record.run_id} was rolled back, and its approval with it; review "
            f"`{commands.runbook(settings, 'plan')}` and apply that one"
        )


def require_resumable(settings: Settings, record: Record, plans: Sequence[Plan], caller: str) -> None:
    """Refuse to go on with a run whose parameters, approval or account are others than it was begun with.

    What the run itself wrote, wholly or in part, is no drift. Without approval, drift and other code are no obstacle.
    With it, a run that was rolled back is over, and its approver is not the `caller` who goes on with it.
    """
    free = settings.approval == "none"
    begun = next(iter(_plans(record)), None) if free else _begun_with(record, settings.approved_plan)
    if not begun:
        raise BadParameters(f"run {record.run_id} kept no plan to go on with; apply a new one")
    now = made_from(settings)
    other = other_parameters(begun, now) + ([] if free else other_code(begun, now))
    if other:
        raise Refused(
            f"run {record.run_id} was begun with something else: {'; '.join(other)}. Go on with the same, or roll it "
            "back and apply a new plan"
        )
    if free:
        _require_waiving_file(settings, plans)
        return
    _require_people(settings, caller)
    rows = since(record, begun)
    _require_not_rolled_back(settings, record, rows)
    found = drifted(begun["changes"], [change.row() for plan in plans for change in plan.changes], rows)
    if found:
        raise Refused(
            f"the account is not as run {record.run_id} left it; changed since: {'; '.join(found)}. Find out who; "
            "roll back, or plan and approve again"
        )


def require_same_subscriber(settings: Settings, record: Record) -> None:
    """Refuse to undo a run with another operations subscriber than it had: the record holds no address to look for."""
    had = {plan.get("subscriber") for plan in _plans(record)} - {None}
    now = made_from(settings)["subscriber"]
    if had and now not in had:
        raise Refused(
            f"the parameters name another ops_subscription_endpoint than run {record.run_id} was begun with, and its "
            "subscription would not be found; use that run's address"
        )


def _saved(settings: Settings, approved: str) -> dict[str, Any] | None:
    """The approved plan as a record holds it that is as it was sealed; an altered one would name false differences."""
    every = reversed(records.as_sealed(settings))
    return next((plan for found in every for plan in _plans_of(found, approved)), None)


def _begun_with(record: Record, approved: str) -> dict[str, Any] | None:
    """The plan that a run was begun with. One that is only planned, in its own record, lets nothing be written."""
    return next((plan for plan in _plans_of(record, approved) if plan.get("mode") == "apply"), None)


def _plans_of(record: Record, approved: str) -> list[dict[str, Any]]:
    """The plans of this fingerprint; not what a resumed run noted of its rest, which nobody reviewed."""
    made = [plan for plan in record.attempts(PLAN) if isinstance(plan, dict) and not plan.get("resumed")]
    return [_known(plan, record) for plan in made if approved and plan.get("fingerprint") == approved]


def _plans(record: Record) -> list[dict[str, Any]]:
    """Every plan of a run. Raises Refused for one of a newer version, and for an approval of one."""
    return [_known(plan, record) for plan in record.attempts(PLAN) if isinstance(plan, dict)]


def _known(plan: dict[str, Any], record: Record) -> dict[str, Any]:
    formats.require_known(plan, f"{PLAN} of run {record.run_id}")
    formats.require_known(plan.get("approval"), f"the approval of run {record.run_id}")
    return plan


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
