"""`runbook lab`, and what `runbook open` does with it: a run's notebooks in JupyterLab. It writes to records only."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lib.cli.app import exits_with_code, main, parameters
from lib.display import terminal
from lib.phases import session
from lib.record import records, sealing
from lib.record.records import Run
from lib.settings import Settings
from lib.values.modes import Mode

if TYPE_CHECKING:
    from lib.cli.lab import servers


@main.command()
@parameters
@click.option("--run", "--run-id", "run_id", default="", help="The run to step through; a new one otherwise.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=Mode.PLAN.value, show_default=True)
@click.option("--no-browser", is_flag=True, help="Only prepare the notebooks and say where they are.")
@exits_with_code
def lab(given: Callable[..., Settings], run_id: str, mode: str, no_browser: bool) -> int:
    """Open one run in JupyterLab: its phases in order, what became of each, and a notebook of each to step through.

    \b
    Examples:
      runbook lab staging
      runbook lab staging --run RUN_ID --mode apply
    """
    from lib.cli.lab import landing, servers  # what renders is loaded by no other command

    chosen = given(mode=mode, run_id=run_id)
    if chosen.run_id:
        session.open_to_read(chosen)  # a mistyped run is none, and begins no other
    anew = not servers.is_running(chosen)
    return _step_through(chosen, lambda run: landing.notebook_of(run, anew), no_browser)


def open_phase(chosen: Settings, notebook: str, no_browser: bool) -> int:
    """A copy of one notebook in JupyterLab; returns an exit code."""
    from lib.cli.lab import landing, servers

    anew = not servers.is_running(chosen)
    return _step_through(chosen, lambda run: landing.phase_notebook(run, notebook, anew), no_browser)


def _step_through(chosen: Settings, write: Callable[[Run], Path], no_browser: bool) -> int:
    """Write a notebook into a run's folder, and show it in JupyterLab until whoever works there has done so."""
    from lib.cli.lab import servers

    # A store is asked first for what another machine did; without one, no AWS is needed to open a notebook.
    connected = session.begin_with(chosen) if chosen.record_store else None
    run = connected or Run(chosen, records.open_run(chosen))
    records.open_to_write(run)
    with sealing.sealed_at_end(run.record, connected.may_close if connected else lambda: True):
        path = write(run)
        terminal.say(f"Run: {run.record.run_id}")
        terminal.say(f"Notebook: {path}")
        if no_browser:  # whoever opens it elsewhere begins the run again; until then nothing may come besides
            return 0
        with servers.running(chosen) as (server, started):
            _say_where(server, server.notebook_url(path, str(chosen.mode)), started)
            servers.stay(server)
    terminal.say(f"The record of run {run.record.run_id} is sealed.")
    return 0


def _say_where(server: "servers.Server", url: str, started: bool) -> None:
    """The notebook's own address, and how this ends."""
    from lib.cli.lab import servers

    terminal.say(f"JupyterLab: {url}")
    servers.show_in_browser(server, url)
    if servers.is_remote():
        there = f"{server.port}:{servers.ADDRESS}:{server.port}"
        terminal.say(f"From your own machine, first: ssh -L {there} THIS-MACHINE")
    if started:
        terminal.say("Ctrl-C, when you have saved, ends JupyterLab and its kernels, and seals the record.")
    else:
        terminal.say("That JupyterLab runs already, and goes on. Ctrl-C, when you have saved, seals the record.")
