"""What a fault can hit: the run's own phases and a drill; and what an operator does next. Loopback only.

All of it is lib's, called as the notebooks and the command call it.
"""

from collections.abc import Callable

from lib import changes, desired, locks, resume, rollback, scenarios
from lib.aws import Live
from lib.checks import require
from lib.records import LOG, Record

APPLY, DRILL, UNDO = "apply", "drill", "undo"
Work = Callable[[Live, Record], None]


def apply(live: Live, record: Record) -> None:
    """Every phase that changes something, in the runbook's order, as its notebooks do it."""
    phases("01", "06")(live, record)


def phases(first: str, last: str) -> Work:
    """The phases that change something, from this one to that one."""
    order = list(desired.PHASES)

    def work(live: Live, record: Record) -> None:
        with locks.held(live, record.run_id):
            for number in order[order.index(first) : order.index(last) + 1]:
                _phase(number, live, record)

    return work


def _phase(number: str, live: Live, record: Record) -> None:
    plan = changes.plan(number, desired.PHASES[number](live))
    outcome = changes.carry_out(plan, live.settings, record, no_wait)
    require(changes.verify(outcome, live.settings, record))


def drill(live: Live, record: Record) -> None:
    """One drill of the validation, with everything temporary that listens to it."""
    with locks.held(live, record.run_id):
        found = scenarios.run(live, record, scenarios.load()[:1])
        require(check for one in found for check in scenarios.judge(one, live))


def go_on(story: str) -> Work:
    """What `runbook apply --resume RUN_ID --break-lock` does."""

    def work(live: Live, record: Record) -> None:
        _break_lock(live, record)
        with locks.held(live, record.run_id):
            resume.read_back(live, record)
            STORIES[story](live, record)

    return work


def undo(live: Live, record: Record) -> None:
    """What `runbook rollback RUN_ID --break-lock` does."""
    _break_lock(live, record)
    with locks.held(live, record.run_id):
        plan = rollback.plan(live, record.rows(LOG))
        outcome = changes.roll_back(plan, live.settings, record, no_wait)
        require(changes.verify(outcome, live.settings, record))


STORIES: dict[str, Work] = {APPLY: apply, DRILL: drill, UNDO: undo}


def _break_lock(live: Live, record: Record) -> None:
    if locks.found(live):
        locks.break_lock(live, record.run_id)


def no_wait(seconds: float) -> None:
    """In place of waiting before a write is tried again: the fault decides how often it fails, not the time."""
