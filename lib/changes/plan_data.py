"""A plan as its record keeps it: every change, what it was made from, and the fingerprint over both. No AWS."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lib.changes import notebook_sources
from lib.changes.account import AccountGuards
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Change, Plan, fingerprint
from lib.record import formats, origin
from lib.record.records import LOG
from lib.settings import ROOT, Settings
from lib.values import contacts
from lib.values.modes import Approval


def plan_data(plans: Sequence[Plan], run: GuardedRun) -> dict[str, Any]:
    """A plan as `plan.json` keeps it: every change, what it was made from, and the fingerprint over both.

    The fingerprint is of every byte; of a contact that stands in a live value the rows hold a mark alone.
    """
    settings, basis = run.settings, made_from(run.settings)
    return {
        formats.KEY: formats.FORMAT,
        "environment": settings.environment,
        "account": settings.account_id,
        "mode": str(settings.mode),
        "made": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "fingerprint": _unused(fingerprint(plans, basis), plans, run),
        **basis,
        "changes": [{"phase": plan.phase, **_shown(change)} for plan in plans for change in plan.changes],
    }


def _shown(change: Change) -> dict[str, Any]:
    return change.row() | {"before": contacts.mask_data(change.before), "after": contacts.mask_data(change.after)}


def begun_plan(plans: Sequence[Plan], run: GuardedRun, caller: str) -> dict[str, Any]:
    """A plan as a run begins with it: who approved what, who carries it out, and how far the run's log was by then.

    By that number, and by no clock, it is told what the run wrote since.
    """
    keys = ("approved_plan", "approved_by", "change_ticket")
    people = {key: run.settings.masked(getattr(run.settings, key)) for key in keys} | {"caller": caller}
    return plan_data(plans, run) | {"approval": formats.with_format(people), "rows_before": len(run.record.rows(LOG))}


def _unused(plan_id: str, plans: Sequence[Plan], run: GuardedRun) -> str:
    """The fingerprint under which this plan was not applied yet: after each use it is another one, to be reviewed."""
    account = account_of(plans, run) if run.settings.approval != Approval.NONE else None
    while account and (use := account.used(plan_id)):
        plan_id = f"plan-{_digest(f'{plan_id} {use.run_id}'.encode())[:16]}"
    return plan_id


def account_of(plans: Sequence[Plan], run: GuardedRun) -> AccountGuards | None:
    """What the account keeps of its guards; None where nothing is planned, and so nothing is there to guard."""
    return run.guards if any(plan.changes for plan in plans) else None


def made_from(settings: Settings) -> dict[str, Any]:
    """The parameters that decide, a digest of them unmasked, and the SHA-256 of each notebook and of the code."""
    whole = {key: getattr(settings, key) for key in settings.decisive()}
    # Of a module that runs, what was imported; its file may have been edited since.
    code = origin.on_disk(ROOT / "lib") | origin.imported_sources()
    return {
        "parameters": settings.decisive(),
        "parameters_sha256": _digest(json.dumps(whole, sort_keys=True).encode()),
        # Tells one address from another, and holds none.
        "subscriber": _digest(settings.ops_subscription_endpoint.encode())[:8],
        "notebooks": notebook_sources.digests(ROOT / "runbooks"),
        "code": _digest(json.dumps(code).encode()),
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
