"""The command `runbook watch`: looks at a run's account again and again, and ends with its review.

It writes to the run's record, and publishes to the operations topic where a criterion breaks; it changes nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from lib.cli import read_commands, runner
from lib.cli.app import exits_with_code, main, parameters, takes_json
from lib.display import terminal
from lib.display.interactive import watch_lines
from lib.errors import Refused, RunbookError, Unrecorded
from lib.phases import session
from lib.phases.review import request
from lib.phases.watch import summary
from lib.phases.watch.breaks import Row
from lib.phases.watch.checkpoint_journal import LOG, Journal
from lib.phases.watch.criteria import change_moment
from lib.phases.watch.loop import Clocks, Shown, Watch
from lib.phases.watch.pace import Pace, as_typed, duration, since_change, stamp
from lib.phases.watch.reader import Reader
from lib.record import command_lines, run_phases, writers
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings
from lib.values.modes import Mode


@main.command()
@parameters
@click.argument("run_id")
@click.option("--for", "length", default="24h", show_default=True, metavar="TIME", help="How long: 90s, 15m, 24h, 2d.")
@click.option("--every", default="15m", show_default=True, metavar="TIME", help="How often it is looked.")
@takes_json
@exits_with_code
def watch(given: Callable[..., Settings], run_id: str, length: str, every: str) -> int:
    """Watch what a run changed, and review it at the end. One that stopped goes on by the same command.

    Each look is a row of the run's record. Where a criterion breaks, the operations topic is told, and the command ends
    with 1. A time that nobody watched is said as one, and asked about afterwards.

    \b
    Examples:
      runbook watch prod RUN_ID
      runbook watch prod RUN_ID --for 48h --every 30m
    """
    times = duration(length, "--for"), duration(every, "--every")
    Pace(datetime.now(UTC), *times)  # refused before anything is asked of the account
    chosen = given(mode=Mode.PLAN, run_id=run_id)
    run = session.reopen_with(chosen)
    terminal.identity(run.live)
    terminal.say("The watch only reads, but for its record, and tells the operations topic where a criterion breaks.")
    rows: Sequence[Row] = ()
    try:
        with runner.sealed_run(run), _alone(run.record):
            rows = _watch(run, times)
    except Unrecorded as error:
        if not rows:
            raise
        terminal.complain(error)  # a store that does not answer at the end takes nothing from what was watched
    watched = summary.of_rows(rows)
    code, why = _review(chosen)
    terminal.result(f"Watch of run {run_id}: {watched.said if watched else summary.NOBODY}")
    terminal.say(f"Record: {run.record.folder / LOG}")
    terminal.data({"run_id": run_id, **(watched.to_row() if watched else {}), "review": why})
    summary.require_quiet(rows)
    return code


def _watch(run: ConnectedRun, times: tuple[timedelta, timedelta]) -> Sequence[Row]:
    """The rows of the whole watch, once its time is over. Stopped by hand, it says by what it goes on."""
    kept = Journal.of(run.record, terminal.complain)
    now = _now()
    pace = Pace(now, *times)
    since = stamp(now) if kept.rows else stamp(since_change(_change_moment(run), now, pace.every))
    reader = Reader(run)
    shown = Shown(watch_lines.row, watch_lines.countdown)
    going = Watch(kept, reader.read, reader.tell, Clocks(_now, run.live.clock, run.live.sleep), shown)
    try:
        return going.run(pace, since=since, caller=run.live.identity.caller)
    except KeyboardInterrupt:
        length, every = map(as_typed, times)
        way = command_lines.runbook(run.settings, "watch", run.record.run_id, "--for", length, "--every", every)
        terminal.result(f"Stopped: nobody watches from now on. Go on: {way}")
        raise


def _now() -> datetime:
    return datetime.now(UTC)


def _change_moment(run: ConnectedRun) -> datetime | None:
    try:
        return change_moment(run)
    except RunbookError as error:
        terminal.complain(error)
        return None


def _review(chosen: Settings) -> tuple[int, str]:
    """The review that ends a watch: its exit code, and what is said of it. One that is not possible is said, too."""
    # Of the whole time since the change, whatever somebody asked a review for that was never made.
    whole = request.parse("", "", _now())
    try:
        code = read_commands.run_again(chosen, run_phases.REVIEW, lambda record: request.keep(record, whole))
    except RunbookError as error:
        terminal.complain(error)
        way = command_lines.runbook(chosen, "review", chosen.run_id)
        terminal.result(f"The watch could not end with its review. Go on: {way}")
        return error.exit_code, f"not made: {type(error).__name__}"
    return code, "made" if code == 0 else "made, and it did not succeed"


@contextmanager
def _alone(record: Record) -> Iterator[None]:
    """Let no other process of this machine watch this run meanwhile: its rows would tell of two watches as of one."""
    place = record.folder.with_name(f"{record.run_id}.watch")  # no folder, but the name of a lock beside the records
    writers.join(place)
    try:
        if writers.others(place):
            raise Refused(
                f"another process of this machine watches run {record.run_id} already; only one may. Let it go on, or "
                "stop it first"
            )
        yield
    finally:
        writers.leave(place)
