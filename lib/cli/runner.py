"""Runs the phases in order, stops at the first failure, and writes the run's verdict. No AWS beside the plan."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lib.changes import approval, loss_guard, second_person
from lib.changes.plans import Plan
from lib.checks import require
from lib.cli import notebooks
from lib.errors import Altered, RunbookError
from lib.phases import session
from lib.record import records, sealing
from lib.record.records import VERDICT, Record, Run
from lib.record.run_phases import NOTEBOOKS, PLANNED_MINUTES, PREFLIGHT, ROLLBACK, Phase
from lib.record.run_verdict import write_verdict
from lib.resources import record_stores
from lib.resources.connected_run import ConnectedRun
from lib.resources.desired import plan_all
from lib.resources.existing import baseline_pieces
from lib.settings import Settings
from lib.values.check_registry import APPROVAL
from lib.values.modes import Mode
from lib.values.verdicts import Verdict

# Carries one phase out, by its number and notebook, into the record of a run, and tells what became of it.
Execute = Callable[[Run, str, str], Phase]


def begin_approved(run: ConnectedRun, chosen: Sequence[str]) -> list[Plan]:
    """Plan, refuse losses and, where approval is required, compare; then keep the plan in the record, and return it.

    Writes nothing to AWS but, of a run that needs approval, that it was begun with this plan. Several phases without
    the preflight stop here when a piece of the baseline is missing.
    """
    live, caller = run.live, run.live.identity.caller
    if len(chosen) > 1 and PREFLIGHT not in chosen:
        require(baseline_pieces.pieces(live))
    plans = plan_all(live)
    record_stores.copy_others(run.settings)  # under the lock: another machine's run counts up to its last row
    approval.require_whole(run, plans, caller)
    loss_guard.require_no_loss([plan for plan in plans if plan.phase in chosen], run)
    if people := second_person.two_persons(run.settings, caller):
        run.record.checked(APPROVAL, people)
    approval.keep_begun_plan(plans, run, caller)
    return plans


def phases(
    run: Run,
    chosen: Sequence[str],
    listener: Callable[[Phase], None],
    begin: Callable[[ConnectedRun, Sequence[str]], object] = begin_approved,
    ended: Callable[[Sequence[Phase]], None] = lambda done: None,
    show_account: Callable[[ConnectedRun], None] = lambda opened: None,
    execute: Execute = notebooks.execute,
) -> list[Phase]:
    """Run the chosen phases in order, stop at the first that does not succeed, and write `run.json` and the manifest.

    Holds the environment's lock where it may write. `listener` hears of each phase twice: when it starts (verdict
    `running`) and when it ends; `ended` of all of them, while the lock is still held. `show_account` comes first.
    `execute` is all that knows what a phase consists of.
    """
    started = datetime.now(UTC)
    done = [Phase(number, NOTEBOOKS[number], planned_minutes=PLANNED_MINUTES.get(number)) for number in chosen]
    with ExitStack() as held:
        try:
            run = opened = session.attach(run)
            show_account(opened)
            held.enter_context(sealed_run(opened))  # last of all, since giving the lock back is a call as well
            held.enter_context(locked(opened))
            begin(opened, chosen)
        except BaseException as error:
            # A run that began before keeps its verdict.
            if not isinstance(error, Altered) and run.record.verdict() is None:
                if isinstance(error, KeyboardInterrupt):
                    done[0] = _broken_off(done[0], error, run.settings)
                write_verdict(run, done, started, None, reason(error, run.settings))
                with suppress(RunbookError):
                    sealing.seal(run.record)
            raise
        for index, waiting in enumerate(done):
            done[index] = replace(waiting, verdict=Verdict.RUNNING)
            try:
                # Written before it starts, so that a run that is killed does not look as if nothing had happened.
                write_verdict(run, done, started, opened.live.identity)
                listener(done[index])
                done[index] = execute(run, waiting.number, waiting.notebook)
            except BaseException as error:
                done[index] = _broken_off(waiting, error, run.settings)
                raise
            finally:
                write_verdict(run, done, started, opened.live.identity)
            listener(done[index])
            if done[index].verdict != Verdict.SUCCEEDED:
                break
        ended(done)
    return done


def reason(error: BaseException, settings: Settings) -> str:
    """What ended something, as a record may hold it."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return settings.masked(str(error) if isinstance(error, RunbookError) else f"{type(error).__name__}: {error}")


def _broken_off(phase: Phase, error: BaseException, settings: Settings) -> Phase:
    """A phase that could not tell its end itself, or never began."""
    verdict = Verdict.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Verdict.FAILED
    return replace(phase, verdict=verdict, error=reason(error, settings), error_class=type(error).__name__)


@contextmanager
def sealed_run(run: ConnectedRun) -> Iterator[None]:
    """Seal the record at the end, however that is: a refusal has called AWS as well, and the record holds its calls."""
    # Held open, so that no other folder can pass for this one when it is gone.
    descriptor = os.open(run.record.folder, os.O_RDONLY)
    try:
        with sealing.sealed_at_end(run.record, run.may_close):
            yield
    finally:
        os.close(descriptor)


@contextmanager
def locked(run: ConnectedRun) -> Iterator[None]:
    """Hold the environment's lock, where this run may write. Raises Superseded where another run holds it.

    Reading needs no lock.
    """
    if run.settings.mode == Mode.PLAN:
        yield
        return
    with run.lock(run.record.run_id):
        notebooks.adopt(run)  # what a killed command left of its notebooks
        yield


def roll_back(run: Run, listener: Callable[[Phase], None], execute: Execute = notebooks.execute) -> Phase:
    """Run the rollback of this run, and add its verdict to the run's. Holds the lock where it may write."""
    opened = session.attach(run)
    settings, record = opened.settings, opened.record
    with sealed_run(opened), locked(opened):
        listener(Phase("90", ROLLBACK, Verdict.RUNNING))
        done = Phase("90", ROLLBACK)
        try:
            done = execute(opened, "90", ROLLBACK)
        except BaseException as error:
            done = _broken_off(done, error, settings)
            raise
        finally:
            if settings.mode == Mode.APPLY:
                record.write_json(VERDICT, {**_verdict_before(record), "rollback": done.to_row()})
        listener(done)
    return done


def _verdict_before(record: Record) -> dict[str, Any]:
    """The verdict as it lies there. One that cannot be read stays beside the new one, and keeps nothing from going on,
    in an emergency."""
    try:
        return record.verdict() or {}
    except RunbookError:
        if not records.is_unverified(record):
            raise
    with record.held():
        record.keep_aside(VERDICT)
    return {}
