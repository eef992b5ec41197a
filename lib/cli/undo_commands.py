"""The commands that put back what a run changed: rollback, all of it; restore, at once, the workflow alone."""

import os
from collections.abc import Callable
from functools import partial

import click

from lib import settings
from lib.aws import Live, connect
from lib.changes import engine, undo_plan
from lib.checks import require
from lib.cli import notebooks, recorded_parameters, runner
from lib.cli.app import exit_code, exits_with_code, main, parameters
from lib.cli.undo_opening import at_once, loudly, naming_the_way, sealed_soon, to_undo, with_short_waits
from lib.display import run_commands, terminal
from lib.display.run_commands import Way
from lib.errors import (
    Altered,
    BadParameters,
    Refused,
    RunbookError,
)
from lib.phases import restore, restore_end, restore_plan
from lib.phases import rollback as rollbacks
from lib.record import command_lines, records
from lib.record.records import Run
from lib.record.run_phases import Phase
from lib.resources import connected_run, run_lock
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings
from lib.values.modes import Foreign, Mode

UNVERIFIED = (
    "EMERGENCY: believe the record as it lies there, although it is not as it was sealed, or the account does not keep "
    "that the run wrote what it tells. Said, and recorded in the run."
)


@main.command()
@partial(parameters, load=partial(settings.load, strict=False))
@click.argument("run_id")
@click.option("--dry-run", is_flag=True, help="Show what would be undone; write nothing.")
@click.option("--to-phase", default="", metavar="PHASE", help="Undo this phase and what runs after it; keep the rest.")
@click.option("--overwrite", is_flag=True, help="Also undo what somebody else changed since the run.")
@click.option("--break-lock", is_flag=True, help="Take away the lock that this run left behind.")
@click.option("--unverified", is_flag=True, help=UNVERIFIED)
@exits_with_code
def rollback(
    given: Callable[..., Settings],
    run_id: str,
    dry_run: bool,
    to_phase: str,
    overwrite: bool,
    break_lock: bool,
    unverified: bool,
) -> int:
    """Return everything that a run changed to its value before.

    Asks nothing: it gives back recorded values. `--dry-run` shows them first.

    \b
    Examples:
      runbook rollback prod RUN_ID --dry-run
      runbook rollback prod RUN_ID
      runbook rollback prod RUN_ID --to-phase 03
    """
    if dry_run and break_lock:
        raise BadParameters("--dry-run writes nothing, and --break-lock takes a lock away; expected one of them")
    more = {"rollback_foreign": str(Foreign.OVERWRITE)} if overwrite else {}
    if to_phase:
        more["rollback_to_phase"] = to_phase
    chosen = given(mode=Mode.PLAN if dry_run else Mode.APPLY, run_id=run_id, **more)
    why = loudly("rollback", run_id) if unverified else ""
    flags = {"--dry-run": dry_run, "--overwrite": overwrite, "--break-lock": break_lock}
    words = [*(flag for flag, on in flags.items() if on), *(["--to-phase", to_phase] if to_phase else [])]
    with naming_the_way(command_lines.runbook(chosen, "rollback", run_id, *words, "--unverified")) as way:
        run = to_undo(chosen, why, way)
    if records.is_unverified(run.record) and not unverified:
        raise Refused(
            f"another command has run {run_id} open with --unverified, and the notebook of this one would believe what "
            "that one does; nothing was written. Wait until it has ended, then roll back again"
        )
    terminal.identity(run.live)
    return rolled_back(run, break_lock, notebooks.execute)


def rolled_back(run: ConnectedRun, break_lock: bool, execute: runner.Execute) -> int:
    """Roll a run back whose record is open; returns the exit code."""
    record = run.record
    with runner.sealed_run(run):
        rows = record.changes()
        rollbacks.rows_from_phase(rows, run.settings.rollback_to_phase)
        if break_lock:  # also of a run that was killed before it changed anything
            break_left(run.live, record.run_id)
        if not rows:
            raise nothing_to_undo(run)
        if not undo_plan.is_anything_left(rows) and all(row.get("temporary") for row in rows):
            raise BadParameters(
                f"run {record.run_id} changed nothing that lasts, and what it made for a while is gone: there is "
                "nothing to undo"
            )
        return exit_code([undone(run, execute)])


def nothing_to_undo(run: Run) -> RunbookError:
    """Why: the run changed nothing, or what tells of that is lost, which is no reason to leave its workflow."""
    record, lost = run.record, records.wrong_with(run, engine.LOG)
    if not lost:
        return BadParameters(
            f"run {record.run_id} changed nothing (its record has no {engine.LOG}): there is nothing to undo"
        )
    way = command_lines.runbook(run.settings, "restore", record.run_id, "--unverified")
    there = restore.has_backup(record)
    can = (
        f"Its backup of the workflow is there: `{way}` puts that back" if there else "It has no backup of the workflow"
    )
    return Altered(f"nothing can be undone by the record of run {record.run_id} ({lost[0]}). {can}")


def undone(run: Run, execute: runner.Execute) -> Phase:
    """Roll a run back, and show what became of each thing."""
    record = run.record
    terminal.say(f"Rolling back run {record.run_id} of {run.settings.environment}")
    before = record.kept_as(rollbacks.LEDGER)
    done = runner.roll_back(run, terminal.progress, execute)
    made = [name for name in record.kept_as(rollbacks.LEDGER) if name not in before]
    terminal.undone(record, done, terminal.ledger(record, made[-1]) if made else "", run.settings.mode)
    return done


@main.command("restore")
@partial(parameters, load=recorded_parameters.load)
@click.argument("run_id")
@click.option("--unverified", is_flag=True, help=UNVERIFIED)
@exits_with_code
def restore_command(given: Callable[..., tuple[Settings, str]], run_id: str, unverified: bool) -> int:
    """EMERGENCY: put the workflow alone, and the aliases that the run moved, back to the run's backup, at once.

    Asks nothing and waits for nobody: check-ins fail meanwhile.

    \b
    Examples:
      runbook restore prod RUN_ID
    """
    chosen, wrong = given(mode=Mode.APPLY, run_id=run_id)
    if wrong:
        terminal.warn(f"{wrong}; this run recorded what is used instead")
    why = loudly("restore", run_id) if unverified else ""
    soon = with_short_waits(chosen)
    with naming_the_way(command_lines.runbook(chosen, "restore", run_id, "--unverified")) as way:
        run, left = at_once(soon, why, way)
    live = run.live
    terminal.identity(live)
    # What must be written is waited for as long as any write; nothing else is.
    restoration = restore_plan.plan_restore(connected_run.of(live.waiting(chosen), run.record), why)
    if restoration.unconfirmed and not why:
        terminal.warn(restoration.unconfirmed)
    if restoration.doubt:
        terminal.warn(restoration.doubt)
    if restoration.source:
        terminal.say(f"Note: {restoration.source}")
    troubles = restore.restore(restoration, run.record)
    terminal.result(f"{restoration.said} from before run {run_id}")
    for trouble in troubles:
        terminal.warn(trouble)
    if lock_taken := restore_end.take_lock_away(live.once()):
        terminal.say(f"Note: {lock_taken}")
    try:
        require(restore.verify_restored(restoration.by(live), chosen))
        rest = run_commands.commands(Run(chosen, run.record)).get(Way.UNDO)
        stays = f" What else the run changed stays as it is; to undo that too: {rest}" if rest else ""
        terminal.result(f"Read back: AWS holds it.{stays}")
    finally:
        # Only now, since each is a call: nothing is put off for it that somebody waits for.
        for not_kept in restore_end.keep(run, restoration.by(live)):
            terminal.say(f"Note: {not_kept}")
        if not_told := sealed_soon(run, left):
            terminal.say(f"Note: {not_told}")
    return 0


def break_left(live: Live, run_id: str) -> None:
    """Take away the lock that a run left behind, where it left one."""
    held = run_lock.read_lock(live)
    terminal.say(f"Lock broken: {run_lock.break_lock(live, run_id).said}" if held else "Nobody held the lock.")


def with_its_lock(chosen: Settings, run_id: str) -> list[str]:
    """`--break-lock` where the run could not give its lock back, or nobody can tell: with a token that expired, say."""
    try:
        held = run_lock.read_lock(connect(chosen))
    except RunbookError:
        return ["--break-lock"]
    ours = held and held.opened_by(os.environ.get(run_lock.TOKEN, ""))  # and so is given back when this command ends
    return ["--break-lock"] if held and held.run_id == run_id and not ours else []
