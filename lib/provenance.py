"""Which rows of a run's log anything is done by: those of which the account keeps that this run wrote them. Read-only.

While a record is open anybody may add to it, and the next command seals what it finds. So no seal makes a row believed,
but what the run told the account before it wrote. A run of the first format told it nothing: of one that ended, what
was sealed then is believed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lib import manifest, plans
from lib.errors import Refused, RunbookError
from lib.plans import UNDO, AccountGuards
from lib.record import change_rows
from lib.record.folder import rows_of
from lib.records import LOG, Record

CLAIM_NOTHING = ("kept", "not tried")  # states of an undo's row that say that nothing was written


def believed(record: Record, account: AccountGuards) -> list[dict[str, Any]]:
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
    return confirmed(record, rows, wrote)


def confirmed(record: Record, rows: Sequence[dict[str, Any]], wrote: Iterable[str]) -> list[dict[str, Any]]:
    """The rows, against what the account keeps that the run wrote. What an undo says that it left alone is left out."""
    known = frozenset(wrote)
    sealed = 0 if _tells_writes(known) else len(_sealed(record))
    return [
        row if at < sealed or row["trouble"] or plans.written(row) in known else change_rows.doubted(row, _why(record))
        for at, row in enumerate(rows)
        if not (row["undoes"] and row["state"] in CLAIM_NOTHING)
    ]


def of_first_format(record: Record, account: AccountGuards) -> list[dict[str, Any]]:
    """The rows that are believed as they were sealed, which the account keeps once the run goes on; mostly none."""
    sealed = _sealed(record)
    if not sealed or _tells_writes(account.wrote(record.run_id)):
        return []
    return [row for row in map(change_rows.from_row, sealed) if not row["trouble"]]


def _sealed(record: Record) -> list[dict[str, Any]]:
    return rows_of(manifest.of_first_format(record.folder, LOG))


def _tells_writes(wrote: Iterable[str]) -> bool:
    """Whether the account keeps a write of the run, which then told it all of them; an undo may be of a later day."""
    return any(not one.startswith(UNDO) for one in wrote)


def _why(record: Record) -> str:
    return (
        f"the account does not keep that run {record.run_id} wrote this, so nothing was done by it; see who added the "
        f"row to {LOG}. In an emergency, restore and rollback take --unverified"
    )
