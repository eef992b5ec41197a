"""The commands that put back what a run changed: rollback, all of it; restore, at once, the workflow alone."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import click

from lib import audit, changes, emergency, kept_plans, locks, recorded_parameters, records, run, settings, terminal
from lib import rollback as rollbacks
from lib.account_guards import AccountGuards
from lib.aws import NOT_TOLD, Live, connect
from lib.checks import require
from lib.command import exit_code, main, parameters, told
from lib.display import commands
from lib.errors import Altered, BadParameters, NotAsWanted, Refused, RunbookError, Unreachable, Unrecorded
from lib.phases import Phase
from lib.records import Record
from lib.settings import Settings, changed

UNVERIFIED = (
    "EMERGENCY: believe the record as it lies there, although it is not as it was sealed, or the account does not keep "
    "that the run wrote what it tells. Said, and recorded in the run."
)
SOON_SECONDS = 5  # as long as an emergency waits for one answer


@main.command()
@partial(parameters, load=partial(settings.load, strict=False))
@click.argument("run_id")
@click.option("--dry-run", is_flag=True, help="Show what would be undone; write nothing.")
@click.option("--to-phase", default="", metavar="PHASE", help="Undo this phase and what runs after it; keep the rest.")
@click.option("--overwrite", is_flag=True, help="Also undo what somebody else changed since the run.")
@click.option("--break-lock", is_flag=True, help="Take away the lock that this run left behind.")
@click.option("--unverified", is_flag=True, help=UNVERIFIED)
@told
def rollback(
    given: Callable[..., Settings],
    run_id: str,
    dry_run: bool,
    to_phase: str,
    overwrite: bool,
    break_lock: bool,
    unverified: bool,
) -> int:
    """Return everything that a run changed to its value before."""
    more = {"rollback_foreign": "overwrite"} if overwrite else {}
    if to_phase:
        more["rollback_to_phase"] = to_phase
    chosen = given(mode="plan" if dry_run else "apply", run_id=run_id, **more)
    tell_unread()
    why = loudly("rollback", run_id) if unverified else ""
    record, live = audit.reopen(chosen, why, lambda found: bool(found.rows(changes.LOG)))
    if records.unverified(record) and not unverified:
        raise Refused(
            f"another command has run {run_id} open with --unverified, and the notebook of this one would believe what "
            "that one does; nothing was written. Wait until it has ended, then roll back again"
        )
    terminal.identity(live)
    with run.sealed(record):
        rows = record.changes()
        rollbacks.within(rows, to_phase)
        if break_lock:  # also of a run that was killed before it changed anything
            break_left(live, run_id)
        if not rows:
            raise BadParameters(f"run {run_id} changed nothing (its record has no {changes.LOG}): nothing is to undo")
        return exit_code([undone(chosen, record)])


def undone(chosen: Settings, record: Record) -> Phase:
    """Roll a run back, and show what became of each thing."""
    terminal.say(f"Rolling back run {record.run_id} of {chosen.environment}")
    before = record.latest(rollbacks.LEDGER)
    done = run.roll_back(chosen, record, terminal.progress)
    if record.latest(rollbacks.LEDGER) != before or done.verdict == "succeeded":
        terminal.ledger(record)
    terminal.say(f"Record: {record.folder}")
    return done


@main.command()
@partial(parameters, load=recorded_parameters.load)
@click.argument("run_id")
@click.option("--unverified", is_flag=True, help=UNVERIFIED)
@told
def restore(given: Callable[..., tuple[Settings, str]], run_id: str, unverified: bool) -> int:
    """EMERGENCY: put the workflow alone, and the aliases that check-ins start, back to the run's backup, at once."""
    chosen, wrong = given(mode="apply", run_id=run_id)
    if wrong:
        terminal.complain(BadParameters(f"{wrong}; this run recorded what is used instead"))
    tell_unread()
    why = loudly("restore", run_id) if unverified else ""
    record, live = at_once(chosen, why)
    terminal.identity(live)
    found = emergency.planned(live, record, why)
    if found.unconfirmed and not why:
        terminal.complain(NotAsWanted(found.unconfirmed))
    troubles = emergency.restore(found, record)
    terminal.say(f"{found.said} of before run {run_id}")
    for trouble in troubles:
        terminal.complain(NotAsWanted(trouble))
    if lock_taken := emergency.take_lock_away(live.once()):
        terminal.say(f"Note: {lock_taken}")
    try:
        require(emergency.verified(found, chosen))
        terminal.say(f"AWS holds it. The rest of the run stays: {commands.runbook(chosen, 'rollback', run_id)}")
    finally:
        # Only now, since each is a call: nothing is put off for it that somebody waits for.
        for not_kept in (emergency.keep(found, record), kept_plans.keep_undone(run_id, AccountGuards(live))):
            if not_kept:
                terminal.say(f"Note: {not_kept}")
        with suppress(RunbookError):
            records.seal(audit.attached(chosen, record)[0])
    return 0


def at_once(chosen: Settings, unverified: str) -> tuple[Record, Live]:
    """The record of this machine, which needs no store: that may be as unwell as the rest. Without one here, any."""
    record = Record(chosen.run_folder, chosen.run_id, at_once=True)
    if not emergency.has_backup(record):
        return audit.reopen(chosen, unverified, emergency.has_backup)
    records.verified(chosen, record, unverified)
    try:
        records.opened(chosen, record, unverified)
    except Unrecorded as error:
        terminal.complain(error)  # a full disk keeps nobody from being helped
    soon = changed(chosen, answer_timeout_seconds=min(chosen.answer_timeout_seconds, SOON_SECONDS))
    live = connect(soon, record.log_call, at_once=True)
    if live.identity.caller == NOT_TOLD:
        terminal.complain(
            Unreachable(
                "STS does not tell whose credentials these are. It was not waited for: AWS gives the workflow of "
                f"account {chosen.account_id} to no other account's"
            )
        )
    return record, live


def tell_unread() -> None:
    """Say which parameters files nobody could read, and an undo does not wait for."""
    for why in settings.unread_files():
        terminal.say(f"Note: {why}. It was left aside")


def loudly(command: str, run_id: str) -> str:
    """Say that a record is used unread, and how the record will say so."""
    terminal.complain(Altered(f"--unverified: the record of run {run_id} is used as it lies there, sealed or not"))
    return f"{command} --unverified"


def break_left(live: Live, run_id: str) -> None:
    """Take away the lock that a run left behind, where it left one."""
    held = locks.found(live)
    terminal.say(f"Lock broken: {locks.break_lock(live, run_id).said}" if held else "Nobody held the lock.")
