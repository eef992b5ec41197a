"""The commands that only look: status, verify, open, review, tune. They write to records, never to the account."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from lib.cli import notebooks
from lib.cli.app import exit_code, exits_with_code, main, parameters
from lib.cli.lab import command as lab_command
from lib.display import terminal
from lib.errors import BadParameters, NotAsWanted
from lib.phases import session
from lib.record import manifest, records, run_phases
from lib.record.manifest import Binding
from lib.record.run_phases import Phase
from lib.resources import record_stores
from lib.settings import Settings, with_changes
from lib.values.modes import Mode
from lib.values.verdicts import Verdict


@main.command()
@parameters
@click.argument("run_id", required=False, default="")
@exits_with_code
def status(given: Callable[..., Settings], run_id: str) -> int:
    """Show the runs of an environment, or one run's phases."""
    chosen = given()
    if run_id:
        terminal.status(session.open_to_read(with_changes(chosen, run_id=run_id)))
    else:
        record_stores.copy_others(chosen)
        terminal.statuses(chosen)
    return 0


@main.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--copy-of", default="", metavar="RUN_ID", help="The folder is a copy of this run's, of another name.")
@exits_with_code
def verify(run_dir: Path, copy_of: str) -> int:
    """Check that nothing in a run's folder was touched since it was sealed, and that it is that run's."""
    folder = Path(os.path.abspath(run_dir))  # noqa: PTH100 - resolve() would follow a link
    wrong = records.unsealed_differences(folder, Binding(copy_of) if copy_of else None)
    if wrong:
        raise NotAsWanted(f"{run_dir.name} is not as it was sealed: {'; '.join(wrong)}")
    whose = manifest.read(folder)
    place = f"environment {whose.environment or 'unknown'}, account {whose.account or 'unknown'}"
    terminal.say(f"{run_dir.name}: every file is as it was sealed, of run {whose.run_id} of {place}")
    return 0


@main.command("open")
@parameters
@click.argument("number", metavar="PHASE")
@click.option("--run-id", default="", help="Step through within this run; a new one otherwise.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=Mode.PLAN.value, show_default=True)
@click.option("--no-browser", is_flag=True, help="Only prepare the notebook and say where it is.")
@exits_with_code
def open_notebook(given: Callable[..., Settings], number: str, run_id: str, mode: str, no_browser: bool) -> int:
    """Open one notebook of a run in JupyterLab: a copy in the run's folder, with its parameters in place."""
    notebook = {**run_phases.NOTEBOOKS, "90": run_phases.ROLLBACK}.get(number)
    if notebook is None:
        raise BadParameters(f"no phase {number!r}; expected one of {', '.join(run_phases.NOTEBOOKS)}, 90")
    return lab_command.open_phase(given(mode=mode, run_id=run_id), notebook, no_browser)


@main.command()
@parameters
@click.argument("run_id")
@exits_with_code
def review(given: Callable[..., Settings], run_id: str) -> int:
    """Make the post-implementation review of a run again, for instance a day later."""
    return run_again(given(mode=Mode.PLAN, run_id=run_id), run_phases.REVIEW)


@main.command()
@parameters
@click.option("--run-id", default="", help="Keep the result in this run; a new one otherwise.")
@exits_with_code
def tune(given: Callable[..., Settings], run_id: str) -> int:
    """Look at the thresholds against recorded check-ins."""
    return run_again(given(mode=Mode.PLAN, run_id=run_id), run_phases.TUNING)


def run_again(chosen: Settings, number: str) -> int:
    """Run one read-only notebook into a run's record, beside what is there."""
    run = session.reopen_with(chosen) if chosen.run_id else session.begin_with(chosen)
    record, notebook = run.record, run_phases.NOTEBOOKS[number]
    earlier = record.kept_as(records.CRITERIA)
    terminal.progress(Phase(number, notebook, Verdict.RUNNING))
    done = notebooks.execute(run, number, notebook)
    terminal.progress(done)
    # Where another machine may still write, this one does not say that all is there.
    records.seal(record, closing=record.store is None or not records.taken_over(record))
    terminal.criteria(record, [done], earlier)
    terminal.say(f"Record: {record.folder / done.output}")
    return exit_code([done])
