"""The plans that a run's record holds, and which of them its account keeps as the one it was begun with. No AWS.

A record's files are anybody's who may write to its folder. So a plan lets a run write where approval is required only
once the account keeps that a command began the run with it: under the lock, and after all that is asked of an approval.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lib.changes.account import RunsOfAnAccount
from lib.errors import Refused, RunbookError
from lib.record import formats
from lib.record.records import Record
from lib.values.exact_json import digest
from lib.values.modes import Mode

PLAN = "plan.json"
DOUBTS = "proposal_doubts"  # in a plan: what speaks against the proposal whose thresholds it takes
BEGINS = (Mode.APPLY, Mode.CANDIDATE)  # of a run: one that only plans begins nothing


@dataclass(frozen=True)
class Begun:
    """The plan that a run was begun with, and by whom and when the run was undone since, as the account says, or ""."""

    plan: dict[str, Any]
    undone: str = ""


def load_plans(record: Record) -> list[dict[str, Any]]:
    """Every plan of a run. Raises Refused for one of a newer version, and for an approval of one."""
    return [_known(plan, record) for plan in record.attempts(PLAN) if isinstance(plan, dict)]


def plans_approved(record: Record, fingerprint: str) -> list[dict[str, Any]]:
    """The plans of this fingerprint; not what a resumed run noted of its rest, which nobody reviewed."""
    made = [plan for plan in record.attempts(PLAN) if isinstance(plan, dict) and not plan.get("resumed")]
    return [_known(plan, record) for plan in made if fingerprint and plan.get("fingerprint") == fingerprint]


def doubts(record: Record) -> list[str]:
    """What speaks against a proposal that a plan of this run takes, each once."""
    return list(dict.fromkeys(one for plan in load_plans(record) for one in _doubts(plan)))


def doubts_of_approved(records: Iterable[Record], fingerprint: str) -> list[str]:
    """The same of the plans of this fingerprint, in all of these records: who approved one may have seen another."""
    against = dict[str, None]()
    for record in records:
        with suppress(RunbookError):  # of a record that cannot be read, no other run's apply hangs
            against |= dict.fromkeys(one for plan in plans_approved(record, fingerprint) for one in _doubts(plan))
    return list(against)


def _doubts(plan: Mapping[str, Any]) -> list[str]:
    said = plan.get(DOUBTS)
    return [str(one) for one in said] if isinstance(said, list) else []


def keep(plan: dict[str, Any], record: Record, account: RunsOfAnAccount | None) -> None:
    """Keep the plan that a run begins with in its record, and then, where there is one to ask, in the account.

    A run that is killed between the two has written nothing, and is begun anew.
    """
    path = record.keep_json(PLAN, plan)
    if account:
        account.keep_begun(record.run_id, digest(record.read_json(path.name)))


def begun_with(record: Record, fingerprint: str, account: RunsOfAnAccount | None) -> Begun | None:
    """The plan that a run was begun with; None where its record holds none. One that is only planned is none.

    Raises Refused for one that the account does not keep as begun; it is not asked where nothing is to be written.
    """
    candidates = [plan for plan in plans_approved(record, fingerprint) if plan.get("mode") in BEGINS]
    if not candidates:
        return None
    if account is None:
        return Begun(candidates[0])
    kept = account.begun(record.run_id)
    plan = next((plan for plan in candidates if digest(plan) in kept), None)
    if plan is None:
        raise Refused(
            f"{PLAN} of run {record.run_id} says that it was begun with {fingerprint}, and the account keeps "
            f"{'another plan' if kept else 'none'} that a command began it with; nothing was written. Find out who "
            "made that file, and apply a plan that is approved anew; what an earlier version began can be rolled back"
        )
    return Begun(plan, undone=account.undone(record.run_id, digest(plan)))


def keep_undone(run_id: str, account: RunsOfAnAccount) -> str:
    """Let the account keep that the run is undone, which ends its approval. Returns why it does not, or ""."""
    try:
        account.keep_undone(run_id)
    except RunbookError as error:  # nothing keeps an undo from going on
        return (
            f"the account does not keep that run {run_id} is undone, so that its approval is over only as long as its "
            f"record says so ({error})"
        )
    return ""


def _known(plan: dict[str, Any], record: Record) -> dict[str, Any]:
    formats.require_known(plan, f"{PLAN} of run {record.run_id}")
    formats.require_known(plan.get("approval"), f"the approval of run {record.run_id}")
    return plan
