"""The commands that go on with a run, undo it or restore the workflow: only what can work is offered.

Decided from the run's record alone, in one place for whoever prints them. Reads; no AWS.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any

from lib.changes import undo_plan
from lib.errors import RunbookError
from lib.phases import restore
from lib.record import command_lines, run_index, run_phases
from lib.record.records import Record, Run
from lib.resources.workflow import Workflow
from lib.resources.workflow_alias import WorkflowAlias
from lib.settings import Settings
from lib.values.modes import Approval
from lib.values.run_names import COPIES

APPROVED = ("--approved-by", '"$APPROVER"', "--change-ticket", '"$TICKET"')  # whoever types it fills them in
RESTORED = (Workflow.kind, WorkflowAlias.kind)  # the kinds that a restore puts back, and no other


class Way(StrEnum):
    """What can be done with a run."""

    GO_ON = "go on with this run"
    UNDO = "undo this run"
    RESTORE = "EMERGENCY: the workflow alone, at once"


def ways(run: Run) -> list[Way]:
    """What can be done with a run now, by its record; nothing of one that a broken disk does not give."""
    record = run.record
    try:
        rows, begun = record.changes(), run_phases.resumable(record)
    except OSError:
        return []
    by_way = {
        Way.GO_ON: begun and not _is_over(run.settings, rows),
        Way.UNDO: undo_plan.is_anything_left(rows),
        # It goes by the run's backup, and gives back only what the run wrote.
        Way.RESTORE: _has_backup(record) and undo_plan.is_anything_left(row for row in rows if row["kind"] in RESTORED),
    }
    return [way for way, possible in by_way.items() if possible]


def _has_backup(record: Record) -> bool:
    """Whether there is one here; a copy of what a store tells of its runs holds none, and the store itself does."""
    return restore.has_backup(record) or record.folder.parent.name == COPIES


def _is_over(settings: Settings, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an undo ended the approval by which the run could be gone on with."""
    return settings.approval == Approval.REQUIRED and undo_plan.was_undone(rows)


def commands(run: Run, *words: str) -> dict[Way, str]:
    """The command of each way that can be gone; `words` go with those that take the lock."""
    run_id, possible = run.record.run_id, ways(run)
    named = {Way.GO_ON: ("apply", "--resume", run_id), Way.UNDO: ("rollback", run_id), Way.RESTORE: ("restore", run_id)}
    more = {Way.RESTORE: ()}  # it asks for no lock
    if left := phases_left(run) if Way.GO_ON in possible else []:  # to resume it would do nothing
        # A plan of what is left, which another person approved.
        approved = ("--approved-plan", '"$PLAN"', *APPROVED) if run.settings.approval == Approval.REQUIRED else ()
        named[Way.GO_ON] = ("apply", *approved, *from_phase(left[0], run_id))
        more[Way.GO_ON] = ()
    return {way: command_lines.runbook(run.settings, *named[way], *more.get(way, words)) for way in possible}


def phases_left(run: Run) -> list[str]:
    """The phases that a run, which did well what it was begun for, leaves to be run; none of one that was undone."""
    return [] if undo_plan.was_undone(run.record.changes()) else run_phases.not_begun(run.record)


def newest_left(settings: Settings) -> tuple[str, list[str]]:
    """The newest run that applied, where it leaves phases to be run, and these; ("", []) where it leaves none."""
    with suppress(RunbookError, OSError):  # a record that cannot be read keeps nobody from planning
        for record in reversed(run_index.latest_of_each(run_index.as_sealed(settings))):
            if run_phases.resumable(record):
                left = phases_left(Run(settings, record))
                return (record.run_id, left) if left else ("", [])
    return "", []


def from_phase(first: str, run_id: str) -> tuple[str, ...]:
    """The words that run the phases from this one on in the record of a run."""
    return ("--from", first, "--set", f"run_id={run_id}")
