"""What a fault can hit: the commands that carry a run out, go on with it and undo it. Loopback only.

They are the command's own functions, and so its own runner: the lock, the plan, the verdicts, the seal. Only what
executes a phase is not papermill here (`steps`).
"""

from collections.abc import Callable, Sequence

from lib.aws import connect
from lib.changes import approval
from lib.cli import change_commands, undo_commands, undo_opening
from lib.errors import BadParameters
from lib.record import run_index
from lib.record.run_phases import VALIDATION
from lib.resources import desired
from lib.settings import Settings
from rehearsal.fault_matrix.steps import execute

APPLY, STORED, DRILL, UNDO = "apply", "stored", "drill", "undo"
BUCKET, PREFIX = "faults-records", "records"
Work = Callable[[Settings], int]  # of the parameters, with the run's id; returns the exit code


def phases(first: str, last: str) -> Work:
    """The phases that change something, from this one to that one, in the runbook's order."""
    order = list(desired.PHASES)
    return _apply_phases(order[order.index(first) : order.index(last) + 1])


def _apply_phases(chosen: Sequence[str]) -> Work:
    """`runbook apply` with these phases."""
    return lambda settings: change_commands.carry_out(settings, chosen, execute=execute)


def undo(settings: Settings) -> int:
    """`runbook rollback RUN_ID --break-lock`."""
    return undo_commands.rolled_back(undo_opening.to_undo(settings, "", ""), break_lock=True, execute=execute)


def go_on(story: str) -> Work:
    """`runbook apply --resume RUN_ID --break-lock`; of a run that kept no plan or verdict, what that says to do."""

    def work(settings: Settings) -> int:
        try:
            return change_commands.go_on(settings, break_lock=True, undo=False, execute=execute)
        except BadParameters:
            record = run_index.find_run(settings, settings.run_id)
            if record.verdict() is not None and record.latest(approval.PLAN) is not None:
                raise
        undo_commands.break_left(connect(settings), settings.run_id)
        return STORIES[story](settings)

    return work


apply = _apply_phases(list(desired.PHASES))
STORIES: dict[str, Work] = {APPLY: apply, STORED: apply, DRILL: _apply_phases([VALIDATION]), UNDO: undo}
