"""Which rows of a run's log anything is done by: those of which the account keeps that this run wrote them. Read-only.

While a record is open anybody may add to it, and the next command seals what it finds. So no seal makes a row believed,
but what the run told the account before it wrote. A run of the first format told it nothing, and is not believed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lib.changes import plans
from lib.changes.account import AccountGuards
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Plan
from lib.errors import Refused, RunbookError
from lib.record import change_rows
from lib.record.change_rows import Action, WriteState
from lib.record.records import LOG, Record
from lib.values.exact_json import dumps, in_order

CLAIM_NOTHING = (WriteState.KEPT, WriteState.NOT_TRIED)  # an undo's rows of these say that nothing was written


def believe_rows(record: Record, account: AccountGuards) -> list[dict[str, Any]]:
    """The rows of a run's log; one that the account does not know has `trouble`, so that it is said and left alone.

    Raises Refused where the account cannot be asked.
    """
    rows = record.changes()
    if not rows:
        return rows
    try:
        wrote = account.wrote(record.run_id)
    except RunbookError as error:
        raise Refused(
            f"nobody can tell which rows of {LOG} run {record.run_id} wrote itself, so nothing was done by them "
            f"({error}). In an emergency, restore and rollback take --unverified"
        ) from error
    return confirm_rows(record, rows, wrote)


def written_before(plan: Plan, run: GuardedRun) -> dict[int, str]:
    """Which changes of a plan this very run carried out already, by their place in it, each with when. Read-only.

    As when somebody applies the same plan twice by hand. Only where the account keeps that the run wrote it, nothing
    was written to it since by the run, and the thing still holds it: otherwise somebody else wrote it.
    """
    rows = {_thing(row): row for row in run.record.changes() if row["state"] == WriteState.APPLIED}
    notes, wrote = dict[int, str](), cache(run.guards.wrote)
    for place, change in enumerate(plan.changes):
        row = rows.get(_thing(change.row()))
        if change.action == Action.NONE or row is None or row["undoes"] or not plans.same(row["after"], change.after):
            continue
        live = change.resource.read()
        # Where it is as it was planned, the plan is as good as new.
        if plans.same(live, change.before) or not plans.same(live, change.after):
            continue
        if plans.is_kept(row, wrote(run.record.run_id)):
            notes[place] = f"this run applied it at {_moment(row['time'])}; nothing was written now"
    return notes


def _thing(row: Mapping[str, Any]) -> str:
    return dumps(in_order([row["kind"], row["identity"]]))


def _moment(time: str) -> str:
    """`02:41 UTC`, and the day where it is another one."""
    then = datetime.fromisoformat(time).astimezone(UTC)
    return f"{then:%H:%M} UTC" + ("" if then.date() == datetime.now(UTC).date() else f" on {then:%Y-%m-%d}")


def confirm_rows(record: Record, rows: Sequence[dict[str, Any]], wrote: Iterable[str]) -> list[dict[str, Any]]:
    """The rows, against what the account keeps that the run wrote. What an undo says that it left alone is left out."""
    known = frozenset(wrote)
    return [
        row if row["trouble"] or plans.is_kept(row, known) else change_rows.mark_doubted(row, _why(record))
        for row in rows
        if not (row["undoes"] and row["state"] in CLAIM_NOTHING)
    ]


def _why(record: Record) -> str:
    return (
        f"the account does not keep that run {record.run_id} wrote this, so nothing was done by it; see who added the "
        f"row to {LOG}. In an emergency, restore and rollback take --unverified"
    )
