"""What a restore does once check-ins are back: takes the lock away, and lets the account keep what was done. Each is
asked for only so long, and what does not come of it is said: it keeps nobody waiting.
"""

from lib.aws import Live
from lib.changes import kept_plans, loss_guard, undo_plan
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Change, Plan
from lib.errors import RunbookError
from lib.phases.restore_plan import Restoration
from lib.resources import run_lock
from lib.wait import SOON_SECONDS, answer_within


def take_lock_away(live: Live) -> str:
    """Keep a run that still writes from writing the new definition again. Returns what became of its lock."""
    try:
        return answer_within(SOON_SECONDS, lambda: _lock_taken(live), "taking the lock away")
    except RunbookError as error:
        return f"a run may still hold the lock, and would write the new definition again: {error}"


def _lock_taken(live: Live) -> str:
    held = run_lock.read_lock(live)
    if held is None:
        return ""
    run_lock.break_lock(live, held.run_id, force=True)
    return f"the lock of run {held.run_id} was taken away, so that it cannot write the new definition again"


def keep(run: GuardedRun, restoration: Restoration) -> list[str]:
    """Let the account keep what was restored, so that a rollback believes it, and that the run's approval is over.

    Returns why it does not, of each.
    """
    return [*filter(None, (_keep_restored(run, restoration), _keep_undone(run)))]


def _keep_restored(run: GuardedRun, restoration: Restoration) -> str:
    kept = Plan(undo_plan.PHASE, tuple(Change(thing, "(not read)", value) for thing, value in restoration.things))
    try:
        answer_within(SOON_SECONDS, lambda: loss_guard.keep(loss_guard.NOTHING, run, kept), "keeping what was restored")
    except RunbookError as error:
        return f"the account does not keep that this was restored, so a rollback will say so and ask who did: {error}"
    return ""


def _keep_undone(run: GuardedRun) -> str:
    run_id = run.record.run_id
    try:
        return answer_within(
            SOON_SECONDS, lambda: kept_plans.keep_undone(run_id, run.guards), "keeping that it is undone"
        )
    except RunbookError as error:
        return f"the account does not keep that run {run_id} is undone ({error})"
