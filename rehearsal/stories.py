"""What a fault can hit: the run's own phases and a drill; and what an operator does next. Loopback only.

All of it is lib's, called as the notebooks and the command call it: the lock, the plan, the verdicts, the seal. Only a
phase's own cells are not a notebook's here.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lib import approval, audit, changes, desired, drills, judging, locks, resume, rollback, run, scenarios
from lib.aws import Live
from lib.checks import require
from lib.errors import RunbookError
from lib.phases import NOTEBOOKS, VALIDATION, Phase
from lib.record.words import Verdict
from lib.records import VERDICT, Record
from lib.settings import Settings, changed

APPLY, STORED, DRILL, UNDO = "apply", "stored", "drill", "undo"
BUCKET, PREFIX = "faults-records", "records"
Work = Callable[[Live, Record], None]
Begin = Callable[[Settings, Record, Live, Sequence[str]], None]
Opened = Callable[[Settings], tuple[Record, Live]]


def phases(first: str, last: str) -> Work:
    """The phases that change something, from this one to that one, in the runbook's order."""
    order = list(desired.PHASES)
    return applied(order[order.index(first) : order.index(last) + 1])


def applied(chosen: Sequence[str]) -> Work:
    """What `runbook apply` does with these phases."""

    def work(live: Live, record: Record) -> None:
        with run.sealed(record), run.alone(live.settings, record, live):
            _carried_out(live, record, chosen, run.begin)

    return work


def _carried_out(live: Live, record: Record, chosen: Sequence[str], begin: Begin) -> None:
    """As `run.phases` does it, so that whoever resumes finds what a run leaves behind, wherever it ended."""
    started = datetime.now(UTC)
    done = [Phase(number, NOTEBOOKS[number]) for number in chosen]

    def verdict(*of_whom_and_why: Any) -> None:  # noqa: ANN401 - as `run.write_verdict` has them
        run.write_verdict(live.settings, record, done, started, *of_whom_and_why)

    try:
        begin(live.settings, record, live, chosen)
    except RunbookError as error:
        if record.read_json(VERDICT) is None:
            verdict(None, str(error))
        raise
    for at, phase in enumerate(done):
        done[at] = replace(phase, verdict=Verdict.RUNNING)
        verdict(live.identity)  # which also says of the phase before that it succeeded
        try:
            WORK[phase.number](phase.number, live, record)
        except RunbookError as error:
            done[at] = replace(phase, verdict=Verdict.FAILED, error=str(error))
            verdict(live.identity)
            raise
        done[at] = replace(phase, verdict=Verdict.SUCCEEDED)
    verdict(live.identity)


def _phase(number: str, live: Live, record: Record) -> None:
    plan = changes.plan(number, desired.PHASES[number](live))
    outcome = changes.carry_out(plan, live.settings, record, no_wait)
    require(changes.verify(outcome, live.settings, record))


def _drill(number: str, live: Live, record: Record) -> None:
    """One drill of the validation, with everything temporary that listens to it."""
    session = drills.run(live, record, [drills.Group("drill", scenarios.load()[:1])])
    judged = (judging.judge(drill, live.settings, "") for drill in session.drills)
    require([judging.strays(session), judging.cleared(session), *(check for checks in judged for check in checks)])


def go_on(story: str) -> Work:
    """What `runbook apply --resume RUN_ID --break-lock` does; of a run that began no phase, what it says to do."""

    def work(live: Live, record: Record) -> None:
        with run.sealed(record):
            _break_lock(live, record)
            if record.read_json(VERDICT) is None or record.read_json(approval.PLAN) is None:
                STORIES[APPLY if story == STORED else story](live, record)
                return
            live = replace(live, settings=resume.with_its_approval(live.settings, record))
            with run.alone(live.settings, record, live):
                resume.read_back(live, record)
                if left := resume.remaining(live, record, resume.standing(live, record)):
                    _carried_out(live, record, left, resume.begin)

    return _kept(work, audit.reopen) if story == STORED else work


def undo(live: Live, record: Record) -> None:
    """What `runbook rollback RUN_ID --break-lock` does."""
    with run.sealed(record):
        _break_lock(live, record)
        with run.alone(live.settings, record, live):
            plan = rollback.plan(live, record)
            outcome = changes.roll_back(plan, live.settings, record, no_wait)
            require(changes.verify(outcome, live.settings, record))


def taken_back(story: str) -> Work:
    """The rollback of a story's run."""
    return _kept(undo, audit.reopen) if story == STORED else undo


def _kept(work: Work, opened: Opened) -> Work:
    """Work on a record that is kept in S3 as well, opened as a command opens it."""

    def with_store(live: Live, record: Record) -> None:
        more = {"record_store": f"s3://{BUCKET}/{PREFIX}", "run_id": record.run_id}
        settings = changed(live.settings, **more)
        work(replace(live, settings=settings), opened(settings)[0])

    return with_store


WORK: dict[str, Callable[[str, Live, Record], None]] = {
    **dict.fromkeys(desired.PHASES, _phase),
    VALIDATION: _drill,
}
apply = applied(list(desired.PHASES))
STORIES: dict[str, Work] = {
    APPLY: apply,
    STORED: _kept(apply, audit.begin),
    DRILL: applied([VALIDATION]),
    UNDO: undo,
}


def _break_lock(live: Live, record: Record) -> None:
    if locks.found(live):
        locks.break_lock(live, record.run_id)


def no_wait(seconds: float) -> None:
    """In place of waiting before a write is tried again: the fault decides how often it fails, not the time."""
