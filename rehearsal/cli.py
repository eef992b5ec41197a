"""`runbook rehearse`: the whole plan on an embedded AWS account, from nothing. Touches loopback addresses only."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from lib import settings
from lib.cli.app import Command
from lib.cli.change_commands import carry_out, exits_with_code
from lib.display.terminal import say
from lib.drills import broken_tasks
from lib.errors import BadParameters
from lib.record import command_lines, records, run_phases
from lib.settings import ROOT, Settings
from rehearsal import approval_procedure
from rehearsal.account import baseline, bridge, server, traffic
from rehearsal.past import checkins, entry, reviews, rhythm
from rehearsal.single_failures import report, trials

STOP = command_lines.without_parameters("rehearse", "--stop")
STATE = ROOT / ".rehearsal"
# Where parameters/local.yaml looks; where it is taken, a kept account is elsewhere, and its commands say so.
PORT = 4566
CHECKINS_BEFORE = 60
SEED = 30  # a mix in which every route occurs
# Of this one every hundred check-ins in a row have a crisis, and no route far from its share: a short time after the
# change is then like the weeks before it, as far as so few can be.
SEED_AFTER = 14
TRAFFIC_EVERY = 0.5  # so many come after the change, in a minute, that the review can tell how often they succeed


@click.command(cls=Command)
@click.option("--keep", is_flag=True, help="Leave the account running afterwards, for a step-through.")
@click.option("--stop", "stopping", is_flag=True, help="Stop the account that --keep left running.")
@click.option("--outputs-dir", default="outputs", show_default=True, help="Where the record goes.")
@click.option(
    "--approval", is_flag=True, help="As for real: two persons, who plan, approve, confirm, go on and review."
)
@exits_with_code
def rehearse(keep: bool, stopping: bool, outputs_dir: str, approval: bool = False) -> int:
    """Carry the whole plan out on an embedded AWS account.

    \b
    Examples:
      runbook rehearse
      runbook rehearse --keep
      runbook rehearse --stop
      runbook rehearse --approval
    """
    if approval:
        return _approved(outputs_dir, alone=not (keep or stopping))
    if stopping:
        return _stop()
    kept = keep or server.kept_account(STATE) is not None
    with _account(kept) as endpoint:
        given = {"endpoint_url": endpoint, "outputs_dir": outputs_dir, "run_id": records.new_run_id(), "mode": "apply"}
        chosen = settings.load("local", given)
        code = _run_rehearsal(chosen, lasting=kept)
    if kept:
        say("")
        say(f"The account stays at {endpoint}. Step through: {command_lines.runbook(chosen, 'open', '03')}")
        say(f"Stop it: {STOP}")
    return code


def _approved(outputs_dir: str, alone: bool) -> int:
    """Walk the procedure of an account that needs approval, on one of its own."""
    if not alone:
        raise BadParameters("--approval has an account of its own, which ends with it; leave --keep and --stop out")
    with approval_procedure.account_to_walk_on(outputs_dir) as procedure:
        procedure.walk()
    say("The account is gone now, and its parameters file with it. The records stay.")
    return 0


def _stop() -> int:
    """End the kept account."""
    stopped = server.stop_kept(STATE)
    if not stopped:
        raise BadParameters("no kept account is running; expected one that a rehearsal kept")
    say(f"Stopped: {', '.join(map(str, stopped))}")
    return 0


@contextmanager
def _account(kept: bool) -> Iterator[str]:
    """The endpoint of an account as the plan finds it, its metric bridge, and the application's checkout.

    A kept one that runs already is taken as it is, with what earlier runs did to it.
    """
    with ExitStack() as stack:
        if kept:
            if server.kept_account(STATE) is None:
                shutil.rmtree(STATE / "application", ignore_errors=True)
            endpoint = server.start_detached(STATE, PORT).endpoint
            bridge.start_kept(STATE, _ready(endpoint))
        else:
            shutil.rmtree(STATE / "application", ignore_errors=True)
            temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary))
            endpoint = stack.enter_context(server.running_account(folder=folder / "server")).endpoint
            stack.enter_context(bridge.running_bridge(folder / "bridge", _ready(endpoint)))
        yield endpoint


def _ready(endpoint: str) -> Settings:
    say(f"Embedded AWS account at {endpoint}")
    chosen = settings.load("local", {"endpoint_url": endpoint})
    baseline.build(chosen)
    baseline.application(chosen)
    return chosen


def _with_weeks_before(chosen: Settings) -> Settings:
    """The settings by which phase 08 reads the weeks before that were entered, and judges by their reviews.

    An account that has recorded check-ins already keeps those, and its settings are as they were.
    """
    past = checkins.of_weeks(SEED, datetime.now(UTC))
    if not entry.enter(chosen, past):
        say("The account has recorded check-ins already; no weeks before were entered.")
        return chosen
    say(f"Entered {len(past):,} synthetic check-ins of the {rhythm.DAYS} days before.")
    reviewed = reviews.keep(chosen, past)
    return settings.with_changes(chosen, tuning_from=f"{past[0].moment:%Y-%m-%d}", outcomes_file=str(reviewed))


def _run_rehearsal(chosen: Settings, lasting: bool) -> int:
    """Check-ins of the weeks before, then some just before, during and after; then every phase.

    Meanwhile tasks are broken on an account of their own. What that shows is in the record before the review reads it,
    and one that is silent or late fails the rehearsal.
    """
    chosen = _with_weeks_before(chosen)
    with tempfile.TemporaryDirectory(prefix="traffic-", ignore_cleanup_errors=True) as folder:
        with trials.running_trials(Path(folder) / "failures") as tried:
            say(f"Playing {CHECKINS_BEFORE} synthetic check-ins before the change ...")
            traffic.play(chosen, CHECKINS_BEFORE, seed=SEED)
            rows = tried()
        say(report.summary(rows))
        records.open_run(chosen).keep_json(broken_tasks.EVIDENCE, rows)
        with traffic.playing_checkins(Path(folder), chosen, TRAFFIC_EVERY, seed=SEED_AFTER):
            return max(carry_out(chosen, run_phases.numbers(), lasting), report.code(rows))
