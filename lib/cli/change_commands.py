"""The commands plan, apply and lock; and everything that the command is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from lib.aws import Live, connect
from lib.changes import approval, engine, loss_guard, plan_data, second_person
from lib.checks import require
from lib.cli import doctor_command, drill_command, notebooks, read_commands, resume, runner, undo_commands
from lib.cli.app import exit_code, exits_with_code, main, parameters
from lib.display import terminal
from lib.errors import BadParameters, RunbookError, Superseded, class_of
from lib.phases import session
from lib.record import command_lines, records, run_phases
from lib.record.change_rows import WriteState
from lib.record.records import Record
from lib.record.run_phases import VALIDATION, Phase
from lib.resources import desired, run_lock
from lib.resources.existing import baseline_pieces
from lib.settings import Settings, with_changes
from lib.values.check_registry import APPROVAL
from lib.values.modes import Mode
from lib.values.verdicts import Verdict

__all__ = ["doctor_command", "drill_command", "exits_with_code", "main", "read_commands"]


@main.command()
@parameters
@exits_with_code
def plan(given: Callable[..., Settings]) -> int:
    """Show every change of every phase; write nothing."""
    chosen = given(mode=Mode.PLAN)
    record, live = session.begin(chosen)
    terminal.identity(live)
    require(baseline_pieces.pieces(live))
    plans = runner.plan_all(live)
    made = plan_data.plan_data(plans, chosen)
    record.keep_json(approval.PLAN, made)
    if people := second_person.two_persons(chosen, live.identity.caller):
        record.checked(APPROVAL, people)
    records.seal(record)
    terminal.plans(plans)
    terminal.two_persons(people)
    loss_guard.require_no_loss(plans, chosen, record)
    terminal.say(f"Plan: {made['fingerprint']}")
    terminal.say(f"Record: {record.folder}")
    return 0


@main.command()
@parameters
@click.option("--approved-plan", default="", help="Fingerprint of the reviewed plan.")
@click.option("--approved-by", default="", help="Who reviewed it; not the caller.")
@click.option("--change-ticket", default="", help="The change this run belongs to.")
@click.option("--from", "first", default="", help="First phase, such as 03.")
@click.option("--to", "last", default="", help="Last phase.")
@click.option("--only", default="", help="This phase alone.")
@click.option("--resume", "run_id", default="", metavar="RUN_ID", help="Go on with a run that stopped.")
@click.option("--break-lock", is_flag=True, help="With --resume: take away the lock that the run left behind.")
@click.option("--rollback-on-failure", is_flag=True, help="Undo the run when a phase fails.")
@exits_with_code
def apply(
    given: Callable[..., Settings],
    first: str,
    last: str,
    only: str,
    run_id: str,
    break_lock: bool,
    rollback_on_failure: bool,
    **approved: str,
) -> int:
    """Carry the plan out, phase by phase, and stop at the first failure."""
    more = {key: value for key, value in approved.items() if value}
    if not run_id:
        if break_lock:
            held = command_lines.runbook(given(mode=Mode.APPLY, **more), "lock")
            raise BadParameters(f"--break-lock goes with --resume; `{held}` shows who holds the lock")
        return carry_out(
            given(mode=Mode.APPLY, **more), run_phases.numbers(first, last, only), undo=rollback_on_failure
        )
    if first or last or only:
        raise BadParameters("--resume goes on with the run's own phases; leave --from, --to and --only out")
    if more:
        raise BadParameters("--resume goes on with the run's own approval; leave the --approved options out")
    return go_on(given(mode=Mode.APPLY, run_id=run_id), break_lock, rollback_on_failure)


def go_on(chosen: Settings, break_lock: bool, undo: bool, execute: runner.Execute = notebooks.execute) -> int:
    """Resume a run; returns the exit code."""
    record, live = session.reopen(chosen, usable=resume.resumable)
    terminal.identity(live)
    with runner.sealing(record):
        begun = resume.with_its_approval(chosen, record)
        return _left_of(begun, record, replace(live, settings=begun), break_lock, undo, execute)


def _left_of(begun: Settings, record: Record, live: Live, break_lock: bool, undo: bool, execute: runner.Execute) -> int:
    """Carry out what is left of a run, alone."""
    if break_lock:
        undo_commands.break_left(live, record.run_id)
    with runner.locked(begun, record, live):
        terminal.read_back(resume.read_back(live, record))
        valid = resume.validation_stands(live, record)
        if valid:
            terminal.validity(valid)
        left = resume.remaining_phases(live, record, valid)
        if not left:
            also = " and what it validated" if valid else ""
            terminal.say(f"Run {record.run_id} is complete: AWS holds everything it wanted{also}. Nothing was written.")
            return 0
        terminal.say(f"Going on with run {record.run_id} of {begun.environment} from phase {left[0]}")
        return carry_out(
            begun, left, begin=resume.begin_resumed, undo=undo, show_account=lambda live: None, execute=execute
        )


def _with_its_lock(chosen: Settings, run_id: str) -> list[str]:
    """`--break-lock` where the run could not give its lock back, or nobody can tell: with a token that expired, say."""
    try:
        held = run_lock.read_lock(connect(chosen))
    except RunbookError:
        return ["--break-lock"]
    return ["--break-lock"] if held and held.run_id == run_id else []


def carry_out(
    chosen: Settings,
    numbers: Sequence[str],
    lasting: bool = True,
    begin: Callable[..., None] = runner.begin_approved,
    undo: bool = False,
    show_account: Callable[[Live], None] = terminal.identity,
    execute: runner.Execute = notebooks.execute,
) -> int:
    """Run phases with a line each and a summary at the end; returns the exit code.

    An account that is not `lasting` is gone afterwards, so nothing is said about undoing. `undo`: roll a
    failed run back.
    """
    record = records.open_run(chosen)
    terminal.say(f"Run {record.run_id} of {chosen.environment}, mode {chosen.mode}")

    def begun(settings: Settings, record: Record, live: Live, numbers: Sequence[str]) -> None:
        begin(settings, record, live, numbers)
        terminal.two_persons(second_person.two_persons(settings, live.identity.caller))

    rows, earlier = len(record.changes()) if undo else 0, record.kept_as(records.CRITERIA)

    def ended(done: Sequence[Phase]) -> None:
        if undo and to_be_undone(done, record.changes()[rows:]):
            undo_commands.undone(with_changes(chosen, run_id=record.run_id), record, execute)

    done = runner.phases(chosen, record, numbers, terminal.progress, begun, ended, show_account, execute)
    terminal.summary(record, done, earlier)
    if lasting:
        ways_on(chosen, record, run_phases.overall(done))
    return exit_code(done)


def ways_on(chosen: Settings, record: Record, verdict: Verdict) -> None:
    """The commands that undo this run, where it changed something, and that go on with it, where it is not done."""
    words = [record.run_id, *_with_its_lock(chosen, record.run_id)]
    if record.rows(engine.LOG):
        terminal.say(f"Undo:   {command_lines.runbook(chosen, 'rollback', *words)}")
    if verdict != Verdict.SUCCEEDED:
        terminal.say(f"Go on:  {command_lines.runbook(chosen, 'apply', '--resume', *words)}")


def to_be_undone(done: Sequence[Phase], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether this command changed something and a phase that changes or proves it failed; not where it was stopped."""
    failed = [
        phase
        for phase in done
        if phase.verdict == Verdict.FAILED and not issubclass(class_of(phase.error_class), Superseded)
    ]
    wrote = any(row["state"] == WriteState.INTENDED and not row["temporary"] for row in rows)
    return wrote and any(phase.number in (*desired.PHASES, VALIDATION) for phase in failed)


@main.command()
@parameters
@click.option("--break", "run_id", default="", metavar="RUN_ID", help="Take the lock of this run away.")
@click.option(
    "--force", is_flag=True, help="Also while its lease is in force: only when you know that the run is dead."
)
@exits_with_code
def lock(given: Callable[..., Settings], run_id: str, force: bool) -> int:
    """Show who may write now, or take a stale lock away."""
    live = connect(given())
    if run_id:
        terminal.say(f"Lock broken: {run_lock.break_lock(live, run_id, force).said}")
        return 0
    found = run_lock.read_lock(live)
    terminal.say(f"Held by {found.said}" if found else "Nobody holds the lock.")
    return 0
