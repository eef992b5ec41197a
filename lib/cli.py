"""The `runbook` command. One clear sentence when it cannot do what was asked.

Exit codes: 0 all succeeded, 1 a phase failed, 2 bad parameters or usage, 3 refused, 130 interrupted.
"""

import functools
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import yaml

from lib import changes, notebooks, phases, preflight, records, run, settings, terminal
from lib import rollback as rollbacks
from lib.aws import connect
from lib.checks import require
from lib.errors import BadParameters, NotAsWanted, Refused, RunbookError
from lib.phases import Phase
from lib.plans import fingerprint
from lib.settings import Settings

INTERRUPTED = 130


def told(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turn our errors into one sentence and an exit code, and a returned number into an exit code."""

    @functools.wraps(command)
    def inner(*args: Any, **options: Any) -> None:  # noqa: ANN401 - click passes what the command declares
        try:
            code = command(*args, **options) or 0
        except RunbookError as error:
            terminal.complain(error)
            code = error.exit_code
        except KeyboardInterrupt:
            terminal.say("Interrupted.")
            code = INTERRUPTED
        sys.exit(code)

    return inner


def parameters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The ENV argument and `--set`, as one `Settings` argument named `given`."""

    @click.argument("environment", metavar="ENV")
    @click.option("overrides", "--set", multiple=True, metavar="KEY=VALUE", help="Another value for one parameter.")
    @functools.wraps(command)
    def inner(environment: str, overrides: Sequence[str], **options: Any) -> Any:  # noqa: ANN401
        return command(lambda **more: settings.load(environment, given_and_decided(overrides, more)), **options)

    return inner


def given_and_decided(pairs: Sequence[str], decided: dict[str, Any]) -> dict[str, Any]:
    """`--set` pairs and what the command itself decides. Raises BadParameters where the two differ."""
    values = overridden(pairs)
    for key in values.keys() & decided.keys():
        if values[key] != decided[key]:
            raise BadParameters(
                f"--set {key}={values[key]} does not go with this command, which takes {decided[key] or 'none'!r}; "
                "leave it out, or use the command or option that means it"
            )
    return {**values, **decided}


def overridden(pairs: Sequence[str]) -> dict[str, Any]:
    """`--set` pairs as parameters: numbers and lists as YAML has them, but text stays text."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise BadParameters(f"--set {pair!r}: expected KEY=VALUE")
        field = Settings.model_fields.get(key.strip())
        textual = field is not None and field.annotation is str
        try:
            values[key.strip()] = text if textual else yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise BadParameters(f"--set {pair!r}: {text!r} is not a YAML value") from error
    return values


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Carry the Your6 Phase 3 plan out, and prove that it worked."""


@main.command()
@parameters
@told
def plan(given: Callable[..., Settings]) -> int:
    """Show every change of every phase; write nothing."""
    chosen = given(mode="plan")
    record = records.open_run(chosen)
    live = connect(chosen, record.log_call)
    require(preflight.pieces(live))
    plans = run.plan_all(live)
    record.keep_json("plan.json", run.plan_data(plans, chosen))
    records.seal(record)
    terminal.plans(plans)
    terminal.say(f"Plan: {fingerprint(plans)}")
    terminal.say(f"Record: {record.folder}")
    return 0


@main.command()
@parameters
@click.option("--approved-plan", default="", help="Fingerprint of the reviewed plan.")
@click.option("first", "--from", default="", help="First phase, such as 03.")
@click.option("last", "--to", default="", help="Last phase.")
@click.option("--only", default="", help="This phase alone.")
@told
def apply(given: Callable[..., Settings], approved_plan: str, first: str, last: str, only: str) -> int:
    """Carry the plan out, phase by phase, and stop at the first failure."""
    more = {"approved_plan": approved_plan} if approved_plan else {}
    return carry_out(given(mode="apply", **more), phases.numbers(first, last, only))


def undo_command(chosen: Settings, run_id: str) -> str:
    """The rollback of a run, for the same environment file and with the same overrides as this command."""
    given = click.get_current_context().params
    pairs = (f" --set {shlex.quote(pair)}" for pair in given.get("overrides", ()))
    return f"runbook rollback {shlex.quote(given.get('environment', chosen.environment))} {run_id}{''.join(pairs)}"


def exit_code(done: Sequence[Phase]) -> int:
    """0, 130 for an interruption, 3 where a phase was refused, 1 for any other failure."""
    refused = any(phase.verdict == "failed" and phase.error.startswith("Refused:") for phase in done)
    return {"succeeded": 0, "interrupted": INTERRUPTED}.get(run.overall(done), Refused.exit_code if refused else 1)


def carry_out(chosen: Settings, numbers: Sequence[str], lasting: bool = True) -> int:
    """Run phases with a line each and a summary at the end; returns the exit code.

    An account that is not `lasting` is gone afterwards, so nothing is said about undoing.
    """
    record = records.open_run(chosen)
    terminal.say(f"Run {record.run_id} of {chosen.environment}, mode {chosen.mode}")
    done = run.phases(chosen, record, numbers, terminal.progress)
    terminal.summary(record, done)
    if lasting:
        terminal.say(f"Undo:   {undo_command(chosen, record.run_id)}")
    return exit_code(done)


@main.command()
@parameters
@click.argument("run_id")
@click.option("--dry-run", is_flag=True, help="Show what would be undone; write nothing.")
@click.option("--overwrite", is_flag=True, help="Also undo what somebody else changed since the run.")
@told
def rollback(given: Callable[..., Settings], run_id: str, dry_run: bool, overwrite: bool) -> int:
    """Return everything that a run changed to its value before."""
    chosen = given(mode="plan" if dry_run else "apply", run_id=run_id)
    record = records.existing(chosen, run_id)
    rows = record.rows(changes.LOG)
    if not rows:
        raise BadParameters(f"run {run_id} changed nothing (its record has no {changes.LOG}); there is nothing to undo")
    undo = rollbacks.plan(connect(chosen, record.log_call), rows)
    foreign = [change.resource.name for change in undo.changes if change.foreign]
    if foreign and not (dry_run or overwrite):
        raise Refused(
            f"somebody else changed {', '.join(foreign)} since run {run_id}, and their values would be lost; look with "
            "--dry-run, then roll back with --overwrite"
        )
    terminal.say(f"Rolling back run {run_id} of {chosen.environment}")
    terminal.progress(Phase("90", phases.ROLLBACK, "running"))
    done = notebooks.execute(chosen, record, "90", phases.ROLLBACK)
    terminal.progress(done)
    terminal.ledger(record)
    if dry_run:
        records.seal(record)
    else:
        run.write_rollback(record, done)
    terminal.say(f"Record: {record.folder}")
    return exit_code([done])


@main.command()
@parameters
@click.argument("run_id", required=False, default="")
@told
def status(given: Callable[..., Settings], run_id: str) -> int:
    """Show the runs of an environment, or one run's phases."""
    chosen = given()
    if run_id:
        terminal.status(records.existing(chosen, run_id))
    else:
        terminal.statuses(chosen)
    return 0


@main.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@told
def verify(run_dir: Path) -> int:
    """Check that nothing in a run's folder was touched since it was sealed."""
    wrong = records.unsealed(run_dir)
    if wrong:
        raise NotAsWanted(f"{run_dir.name} is not as it was sealed: {'; '.join(wrong)}")
    terminal.say(f"{run_dir.name}: every file is as it was sealed")
    return 0


@main.command("open")
@parameters
@click.argument("number", metavar="PHASE")
@click.option("--run-id", default="", help="Step through within this run; a new one otherwise.")
@click.option("--mode", type=click.Choice(["plan", "apply"]), default="plan", show_default=True)
@click.option("--no-browser", is_flag=True, help="Only prepare the notebook and say where it is.")
@told
def open_notebook(given: Callable[..., Settings], number: str, run_id: str, mode: str, no_browser: bool) -> int:
    """Put a parameterized copy of a notebook into the run's folder and open JupyterLab on it."""
    notebook = {**phases.NOTEBOOKS, "90": phases.ROLLBACK}.get(number)
    if notebook is None:
        raise BadParameters(f"no phase {number!r}; expected one of {', '.join(phases.NOTEBOOKS)}, 90")
    chosen = given(mode=mode, run_id=run_id)
    path = notebooks.parameterized(chosen, records.open_run(chosen), notebook)
    terminal.say(f"Notebook: {path}")
    if no_browser:
        return 0
    # Jupyter refuses to run as root unless told so; it listens on loopback only, and asks for its token.
    root = ["--allow-root"] if os.geteuid() == 0 else []
    lab = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={path.parent}",
        *root,
        str(path),
    ]
    return subprocess.run(lab, check=False, env=dict(os.environ)).returncode


@main.command()
@parameters
@click.argument("run_id")
@told
def review(given: Callable[..., Settings], run_id: str) -> int:
    """Make the post-implementation review of a run again, for instance a day later."""
    return again(given(mode="plan", run_id=run_id), "07")


@main.command()
@parameters
@click.option("--run-id", default="", help="Keep the result in this run; a new one otherwise.")
@told
def tune(given: Callable[..., Settings], run_id: str) -> int:
    """Look at the thresholds against recorded check-ins."""
    return again(given(mode="plan", run_id=run_id), "08")


def again(chosen: Settings, number: str) -> int:
    """Run one read-only notebook into a run's record, beside what is there."""
    record = records.existing(chosen, chosen.run_id) if chosen.run_id else records.open_run(chosen)
    connect(chosen, record.log_call)
    notebook = phases.NOTEBOOKS[number]
    terminal.progress(Phase(number, notebook, "running"))
    done = notebooks.execute(chosen, record, number, notebook)
    terminal.progress(done)
    records.seal(record)
    terminal.say(f"Record: {record.folder / done.output}")
    return exit_code([done])


for extension in entry_points(group="runbook.commands"):
    main.add_command(extension.load())

if __name__ == "__main__":
    main()
