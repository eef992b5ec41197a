"""The commands that only look: plan, status, verify, open, review. They write to records alone."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from lib.aws import Live
from lib.changes import approval, kept_plans, loss_guard, plan_data, second_person
from lib.changes.plans import Plan
from lib.checks import require
from lib.cli import notebooks, runner
from lib.cli.app import exit_code, exits_with_code, main, parameters, takes_json
from lib.cli.lab import command as lab_command
from lib.display import plan_table, run_commands, run_table, terminal
from lib.errors import BadParameters, NotAsWanted, Refused
from lib.phases import session
from lib.phases.review import request
from lib.phases.tuning import proposal_file
from lib.phases.tuning.proposal_file import Proposal
from lib.record import command_lines, records, run_phases, sealing
from lib.record.change_rows import Action
from lib.record.records import Record, Run
from lib.record.run_phases import Phase
from lib.record.seals import manifest
from lib.record.seals.manifest import Binding
from lib.resources import record_stores
from lib.resources.existing import baseline_pieces, names
from lib.resources.resource_kinds import Subscription
from lib.resources.topics import CONFIRMED_BY_A_PERSON
from lib.settings import Settings, with_changes
from lib.values.check_registry import APPROVAL
from lib.values.modes import Approval, Mode
from lib.values.verdicts import Verdict

LAST_BEFORE_CONFIRMATION = "03"  # 05 does not pass before a person has confirmed the subscription


@main.command()
@parameters
@click.option("--thresholds", "proposal", type=click.Path(path_type=Path), help="A tuning's proposal, to be planned.")
@click.option(
    proposal_file.UNVERIFIED, is_flag=True, help="With --thresholds: also one of a run that is not on this machine."
)
@takes_json
@exits_with_code
def plan(given: Callable[..., Settings], proposal: Path | None, unverified: bool) -> int:
    """Show every change of every phase, what is most dangerous first; write nothing.

    \b
    Examples:
      runbook plan staging
      runbook plan prod --json > plan.json
      runbook plan prod --thresholds thresholds-proposal.yaml
    """
    if unverified and not proposal:
        raise BadParameters(f"{proposal_file.UNVERIFIED} goes with --thresholds, whose proposal is taken so")
    chosen, against = given(mode=Mode.PLAN), list[str]()
    taken = proposal_file.read(proposal) if proposal else None
    if taken:
        chosen, against = _with_proposal(chosen, taken, unverified)
    run = session.begin_with(chosen)
    record, live = run.record, run.live
    if taken:
        record.keep_text(proposal_file.GIVEN, taken.text)
    terminal.identity(live)
    require(baseline_pieces.pieces(live))
    if taken and (moved := _moved_on(taken, live)):
        terminal.doubts([moved])
        against.append(moved)
    plans = runner.plan_all(live)
    made = plan_data.plan_data(plans, run) | ({kept_plans.DOUBTS: against} if taken else {})
    record.keep_json(approval.PLAN, made)
    if people := second_person.two_persons(chosen, live.identity.caller):
        record.checked(APPROVAL, people)
    sealing.seal(record)
    plan_table.changes(plans)
    terminal.explain(plan_table.besides(run_phases.NOTEBOOKS, plans))
    terminal.two_persons(people)
    after = next_command(chosen, plans, made["fingerprint"], *run_commands.newest_left(chosen))
    data = plan_table.to_data(plans, run, made["fingerprint"]) | {kept_plans.DOUBTS: against}
    try:
        loss_guard.require_no_loss(plans, run)
    except Refused as error:
        terminal.data({**data, "refused": str(error), "next": None})
        raise
    terminal.data({**data, "refused": "", "next": after})
    terminal.result(f"Plan: {made['fingerprint']}")
    terminal.result(f"Record: {record.folder}")
    terminal.result(f"Next: {after}")
    return 0


def _with_proposal(chosen: Settings, taken: Proposal, unverified: bool) -> tuple[Settings, list[str]]:
    """The parameters with the five that are proposed, and what speaks against those."""
    proposed = proposal_file.proposed_parameters(taken, chosen, datetime.now(UTC))
    unmade = proposal_file.require_as_made(taken, chosen, unverified)
    against = [*filter(None, [unmade, *taken.doubts])]
    terminal.doubts(against)
    return with_changes(chosen, **proposed), against


def _moved_on(taken: Proposal, live: Live) -> str:
    """Why a proposal does not speak of what runs now, "" where it does."""
    try:
        return proposal_file.moved_on(taken, names.running_definition(live).definition)
    except NotAsWanted as error:
        return f"nobody can tell whether it was compared with what runs now: {error}"


def next_command(
    chosen: Settings, plans: Sequence[Plan], approved: str, run_id: str = "", left: Sequence[str] = ()
) -> str:
    """The command that comes after a plan that was reviewed: it carries that plan out, or drills where it is done.

    Where the newest run (`run_id`) did its part, and all that is planned is of the phases that it `left`, they go into
    its record.
    """
    pending = [change for plan in plans for change in plan.pending]
    if not {plan.phase for plan in plans if plan.pending} <= set(left):
        run_id = ""  # what that run did is not live any more, or is to become something else
    if not (pending or run_id):
        return command_lines.runbook(chosen, "drill")
    words = ["--approved-plan", approved, *run_commands.APPROVED] if chosen.approval == Approval.REQUIRED else []
    new = [one.resource for one in pending if one.action == Action.CREATE and isinstance(one.resource, Subscription)]
    if any(one.protocol in CONFIRMED_BY_A_PERSON for one in new):
        words += ["--to", LAST_BEFORE_CONFIRMATION]
    if run_id:
        words += run_commands.from_phase(left[0], run_id)
    return command_lines.runbook(chosen, "apply", *words)


@main.command()
@parameters
@click.argument("run_id", required=False, default="")
@takes_json
@exits_with_code
def status(given: Callable[..., Settings], run_id: str) -> int:
    """Show the runs of an environment, or one run's phases.

    \b
    Examples:
      runbook status prod
      runbook status prod RUN_ID --json
    """
    chosen = given()
    if run_id:
        run_table.one_run(Run(chosen, session.open_to_read(with_changes(chosen, run_id=run_id))))
    else:
        record_stores.copy_others(chosen)
        terminal.missing_runs(chosen)
        run_table.all_runs(chosen)
    return 0


@main.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--copy-of", default="", metavar="RUN_ID", help="The folder is a copy of this run's, of another name.")
@takes_json
@exits_with_code
def verify(run_dir: Path, copy_of: str) -> int:
    """Check that nothing in a run's folder was touched since it was sealed, and that it is that run's.

    \b
    Examples:
      runbook verify outputs/prod/RUN_ID
    """
    folder = Path(os.path.abspath(run_dir))  # noqa: PTH100 - resolve() would follow a link
    wrong = records.unsealed_differences(folder, Binding(copy_of) if copy_of else None)
    whose = manifest.read(folder)
    # Of one that was touched no word is taken but that it is open: somebody steps through it, a command writes to it,
    # or one that did was killed.
    open_yet = whose.open if not wrong else all(one.endswith(f": not sealed since {whose.since}") for one in wrong)
    about = {key: None if wrong else getattr(whose, key) for key in ("run_id", "environment", "account")}
    terminal.data({
        "folder": str(folder), **about, "as_sealed": not wrong, "open": open_yet, "differences": list(wrong)
    })  # fmt: skip
    if wrong:
        how = "is still open, and not sealed to its end" if open_yet else "is not as it was sealed"
        raise NotAsWanted(f"{run_dir.name} {how}: {'; '.join(wrong)}")
    place = f"environment {whose.environment or 'unknown'}, account {whose.account or 'unknown'}"
    still = f"; it is still open, since {whose.since}: more may come" if open_yet else ""
    terminal.result(f"{run_dir.name}: every file is as it was sealed, of run {whose.run_id} of {place}{still}")
    return 0


@main.command("open")
@parameters
@click.argument("number", metavar="PHASE")
@click.option("--run-id", default="", help="Step through within this run; a new one otherwise.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=Mode.PLAN.value, show_default=True)
@click.option("--no-browser", is_flag=True, help="Only prepare the notebook and say where it is.")
@exits_with_code
def open_notebook(given: Callable[..., Settings], number: str, run_id: str, mode: str, no_browser: bool) -> int:
    """Open one notebook of a run in JupyterLab: a copy in the run's folder, with its parameters in place.

    \b
    Examples:
      runbook open staging 03
      runbook open staging 03 --mode apply --run-id RUN_ID
    """
    notebook = {**run_phases.NOTEBOOKS, "90": run_phases.ROLLBACK}.get(number)
    if notebook is None:
        raise BadParameters(f"no phase {number!r}; expected one of {', '.join(run_phases.NOTEBOOKS)}, 90")
    return lab_command.open_phase(given(mode=mode, run_id=run_id), notebook, no_browser)


@main.command()
@parameters
@click.argument("run_id")
@click.option("--since", default="", metavar="TIME", help="Look from then on, as 2026-01-31T18:00 (UTC): the change.")
@click.option("--until", "end", default="", metavar="TIME", help="Look until then: now.")
@exits_with_code
def review(given: Callable[..., Settings], run_id: str, since: str, end: str) -> int:
    """Make the post-implementation review of a run again, for instance a day later.

    It looks from the change until now, and compares with the same hours of the week before it. A time may name its
    offset: 2026-01-31T18:00+01:00.

    \b
    Examples:
      runbook review prod RUN_ID
      runbook review prod RUN_ID --since 2026-01-31 --until 2026-02-01T12:00
    """
    asked = request.parse(since, end, datetime.now(UTC))
    chosen = given(mode=Mode.PLAN, run_id=run_id)
    return run_again(chosen, run_phases.REVIEW, lambda record: request.keep(record, asked))


def run_again(chosen: Settings, number: str, prepare: Callable[[Record], object] = bool) -> int:
    """Run one read-only notebook into a run's record, beside what is there and what `prepare` keeps for it."""
    run = session.reopen_with(chosen) if chosen.run_id else session.begin_with(chosen)
    record, notebook = run.record, run_phases.NOTEBOOKS[number]
    earlier = record.kept_as(records.CRITERIA)
    prepare(record)
    terminal.progress(Phase(number, notebook, Verdict.RUNNING))
    done = notebooks.execute(run, number, notebook)
    terminal.progress(done)
    sealing.seal(record, closing=run.may_close())
    terminal.criteria(record, [done], earlier)
    terminal.say(f"Record: {record.folder / done.output}")
    return exit_code([done])
