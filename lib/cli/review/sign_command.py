"""The command `runbook sign`: a reviewer's decision on a run's review. It writes to the run's record alone."""

from collections.abc import Callable

import click

from lib.cli import runner
from lib.cli.app import exits_with_code, main, parameters, takes_json
from lib.display import terminal
from lib.phases import session
from lib.phases.review import signature
from lib.phases.review.signature import Decision, Signature
from lib.settings import Settings
from lib.values.modes import Mode


@main.command()
@parameters
@click.argument("run_id")
@click.option("--by", required=True, help="The reviewer's name; no address or number.")
@click.option("--decision", required=True, type=click.Choice([one.value for one in Decision]), help="What you decide.")
@click.option("--comment", default="", help="Why; a rejection needs it, and so does what is accepted unmet.")
@takes_json
@exits_with_code
def sign(given: Callable[..., Settings], run_id: str, by: str, decision: str, comment: str) -> int:
    """Sign the newest review of a run: accept or reject the change. Kept and sealed in the run's record.

    \b
    Examples:
      runbook sign prod RUN_ID --by "Jane Doe" --decision accept
      runbook sign prod RUN_ID --by "Jane Doe" --decision reject --comment "criterion 2 rests on ten drills"
    """
    run = session.reopen_with(given(mode=Mode.PLAN, run_id=run_id))
    given_by = Signature(by, Decision(decision), comment, run.live.identity.caller)
    with runner.sealed_run(run):
        row = signature.sign(run, given_by)
    terminal.data({"run_id": run.record.run_id, **row})
    terminal.result(f"Run {run.record.run_id}: {signature.latest(run.record)}")
    terminal.say(f"Record: {run.record.folder / signature.LOG}")
    return 0
