"""The commands apply and lock; and everything that the command is made of."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import click

from lib.aws import Live, connect
from lib.changes import kept_plans, second_person
from lib.changes.plans import Plan
from lib.cli import doctor_command, drill_command, notebooks, read_commands, resume, runner, undo_commands
from lib.cli.agreement import NOT_ASKED, Agreement
from lib.cli.app import exit_code, exits_with_code, main, parameters
from lib.cli.review import sign_command, watch_command
from lib.cli.tuning import commands as tuning_commands
from lib.display import run_commands, terminal
from lib.display.run_commands import Way, phases_left
from lib.errors import BadParameters, Superseded, class_of
from lib.phases import session
from lib.record import command_lines, records, run_phases
from lib.record.change_rows import WriteState
from lib.record.records import Run
from lib.record.run_phases import VALIDATION, WORKFLOW, Phase
from lib.resources import connected_run, desired, run_lock
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings, with_changes
from lib.values.modes import Mode
from lib.values.verdicts import Verdict

APPROVED = {"approved_plan": "--approved-plan", "approved_by": "--approved-by", "change_ticket": "--change-ticket"}

__all__ = [
    "doctor_command", "drill_command", "exits_with_code", "main", "read_commands", "sign_command", "tuning_commands",
    "watch_command",
]  # fmt: skip


@main.command()
@parameters
@click.option("--approved-plan", default="", help="Fingerprint of the reviewed plan.")
@click.option("--approved-by", default="", help="Who reviewed it; not the caller.")
@click.option("--change-ticket", default="", help="The change this run belongs to.")
@click.option("--from", "first", default="", help="First phase, such as 03.")
@click.option("--to", "last", default="", help="Last phase.")
@click.option("--only", default="", help="This phase alone.")
@click.option("--candidate-only", is_flag=True, help="With --only 03: try the definition on a candidate, and stop.")
@click.option("--resume", "run_id", default="", metavar="RUN_ID", help="Go on with a run that stopped.")
@click.option("--break-lock", is_flag=True, help="With --resume: take away the lock that the run left behind.")
@click.option(
    "--rollback-on-failure", is_flag=True, help=f"Undo the run when a phase that writes, or {VALIDATION}, fails."
)
@click.option("--yes", is_flag=True, help="Do not ask before the first change: for scripts.")
@exits_with_code
def apply(
    given: Callable[..., Settings],
    first: str,
    last: str,
    only: str,
    candidate_only: bool,
    run_id: str,
    break_lock: bool,
    rollback_on_failure: bool,
    yes: bool,
    **approved: str,
) -> int:
    """Carry the plan out, phase by phase, and stop at the first failure.

    Asks once before the first change, unless approval is required: then the approval is the answer.

    \b
    Examples:
      runbook apply staging
      runbook apply staging --only 04 --yes
      runbook apply staging --only 03 --candidate-only
      runbook apply prod --approved-plan plan-0123456789abcdef --approved-by NAME --change-ticket CHG-1 --to 03
      runbook apply prod --resume RUN_ID
    """
    more = {key: value for key, value in approved.items() if value}
    if candidate_only:
        if only != WORKFLOW or first or last or run_id or break_lock or rollback_on_failure:
            raise BadParameters(
                f"--candidate-only goes with --only {WORKFLOW}, and with nothing that goes on or undoes"
            )
        return try_candidate(given(mode=Mode.CANDIDATE, **more))
    if not run_id:
        if break_lock:
            held = command_lines.runbook(given(mode=Mode.APPLY, **more), "lock")
            raise BadParameters(f"--break-lock goes with --resume; `{held}` shows who holds the lock")
        chosen, numbers = given(mode=Mode.APPLY, **more), run_phases.numbers(first, last, only)
        agreed = Agreement.before(chosen, numbers, yes)
        return carry_out(chosen, numbers, undo=rollback_on_failure, agreed=agreed)
    if first or last or only:
        raise BadParameters("--resume goes on with the run's own phases; leave --from, --to and --only out")
    if more:
        raise BadParameters("--resume goes on with the run's own approval; leave the --approved options out")
    chosen = given(mode=Mode.APPLY, run_id=run_id)
    agreed = Agreement.before(chosen, run_phases.numbers(), yes)
    return go_on(chosen, break_lock, rollback_on_failure, agreed=agreed)


def try_candidate(chosen: Settings, execute: runner.Execute = notebooks.execute) -> int:
    """Phase 03 as far as its candidate; returns the exit code. Uses no approval: the same one carries the plan out."""
    code = carry_out(chosen, [WORKFLOW], execute=execute)
    if code == 0:
        approval = [word for key, flag in APPROVED.items() if (value := getattr(chosen, key)) for word in (flag, value)]
        terminal.result("The live workflow was not touched.")
        terminal.result(f"Next: {command_lines.runbook(chosen, 'apply', *approval, '--only', WORKFLOW)}")
    return code


def go_on(
    chosen: Settings,
    break_lock: bool,
    undo: bool,
    execute: runner.Execute = notebooks.execute,
    agreed: Agreement = NOT_ASKED,
) -> int:
    """Resume a run; returns the exit code."""
    run = session.reopen_with(chosen, usable=run_phases.resumable)
    terminal.identity(run.live)
    with runner.sealed_run(run):
        begun = replace(run.live, settings=resume.with_its_approval(run))
        return _left_of(connected_run.of(begun, run.record), break_lock, undo, execute, agreed)


def _left_of(run: ConnectedRun, break_lock: bool, undo: bool, execute: runner.Execute, agreed: Agreement) -> int:
    """Carry out what is left of a run, alone."""
    if break_lock:
        undo_commands.break_left(run.live, run.record.run_id)
    with ExitStack() as held:
        held.enter_context(runner.locked(run))
        terminal.read_back(resume.read_back(run))
        valid = resume.validation_stands(run)
        if valid:
            terminal.validity(valid)
        left = resume.remaining_phases(run, valid)
        if not left:
            terminal.say(resume.nothing_left(run, valid))
            held.close()
            if phases_left(run):
                ways_on(run, Verdict.SUCCEEDED)
            return 0
        terminal.say(f"Going on with run {run.record.run_id} of {run.settings.environment} from phase {left[0]}")
        if agreed.asks:
            held.close()  # nobody's rollback waits for an answer
        return carry_out(
            run.settings,
            left,
            begin=resume.begin_resumed,
            undo=undo,
            show_account=lambda live: None,
            execute=execute,
            agreed=agreed,
        )


def carry_out(
    chosen: Settings,
    numbers: Sequence[str],
    lasting: bool = True,
    begin: Callable[..., Sequence[Plan]] = runner.begin_approved,
    undo: bool = False,
    show_account: Callable[[Live], None] = terminal.identity,
    execute: runner.Execute = notebooks.execute,
    agreed: Agreement = NOT_ASKED,
) -> int:
    """Run phases with a line each and a summary at the end; returns the exit code.

    An account that is not `lasting` is gone afterwards, so nothing is said about undoing. `undo`: roll a
    failed run back. `agreed`: whether somebody is asked first, before the lock is taken.
    """
    run = Run(chosen, records.open_run(chosen))
    record = run.record
    terminal.say(f"Run {record.run_id} of {chosen.environment}, mode {chosen.mode}")

    def begun(opened: ConnectedRun, numbers: Sequence[str]) -> None:
        agreed.require_same(begin(opened, numbers), numbers)
        terminal.doubts(kept_plans.doubts(opened.record))
        terminal.two_persons(second_person.two_persons(opened.settings, opened.live.identity.caller))

    def shown(opened: ConnectedRun) -> None:
        show_account(opened.live)
        agreed.ask(opened, numbers)

    earlier = record.kept_as(records.CRITERIA)

    def ended(done: Sequence[Phase]) -> None:
        if undo and to_be_undone(done, record.changes()):
            undo_commands.undone(Run(with_changes(chosen, run_id=record.run_id), record), execute)

    done = runner.phases(run, numbers, terminal.progress, begun, ended, shown, execute)
    terminal.summary(record, done, earlier)
    if lasting:
        ways_on(run, run_phases.overall(done))
    return exit_code(done)


def ways_on(run: Run, verdict: Verdict) -> None:
    """The commands that undo this run, where it left something, and that go on with it, where it is not done."""
    commands = run_commands.commands(run, *undo_commands.with_its_lock(run.settings, run.record.run_id))
    if Way.UNDO in commands:
        terminal.result(f"Undo:   {commands[Way.UNDO]}")
    if Way.GO_ON in commands and (verdict != Verdict.SUCCEEDED or phases_left(run)):
        terminal.result(f"Go on:  {commands[Way.GO_ON]}")


def to_be_undone(done: Sequence[Phase], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a phase that changes or proves something failed, and was not stopped, of a run that changed something."""
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
@click.option("--force", is_flag=True, help="Also while its lease is in force: only if you know that the run is dead.")
@exits_with_code
def lock(given: Callable[..., Settings], run_id: str, force: bool) -> int:
    """Show who may write now, or take a stale lock away.

    \b
    Examples:
      runbook lock prod
      runbook lock prod --break RUN_ID
    """
    if force and not run_id:
        raise BadParameters("--force goes with --break RUN_ID, the run whose lock is taken away")
    live = connect(given())
    if run_id:
        terminal.say(f"Lock broken: {run_lock.break_lock(live, run_id, force).said}")
        return 0
    holder = run_lock.read_lock(live)
    terminal.say(f"Held by {holder.said}" if holder else "Nobody holds the lock.")
    return 0
