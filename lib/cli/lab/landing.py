"""The landing notebook of a run: its phases in order, what became of each, and a link to each working copy. No AWS."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from lib.cli.lab import copies
from lib.display import phase_table
from lib.phases import parameters_cell
from lib.record.records import Run
from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.settings import path_of, said_by

NAME = "lab.by-hand.ipynb"
ASKS = """## What comes next?

**Run this cell again after each phase** (Shift+Enter): it reads the record alone. Take them from the top."""
PROSE = """## How to step through

- The rules (04) come before the workflow (03), so that no alert goes unheard.
- Each link opens this run's own copy of a notebook. The templates in `runbooks/` cannot be opened here.
- **Stop where a phase says `failed`:** the last section of its notebook says what to do."""
WHERE = ("outputs_dir", "record_store", "endpoint_url", "profile")  # what tells where a record is
DECLARED = "\n".join(f"{name} = None" for name in parameters_cell.ALWAYS)
CALLS = """from lib.display import show
from lib.phases import session
show.phases(session.run_to_read(globals()))"""


def notebook_of(run: Run, anew: bool) -> Path:
    """The landing notebook of a run, with a working copy of every phase and of the way back, each with a link to it.

    One that is there shows the run `anew` as it stands now: not while somebody may have it open, who would be asked
    which of the two to keep.
    """
    there = run.record.kept_as(NAME)
    path = copies.write_unless_worked_on(run, NAME, _made(run), shows=anew)
    for notebook in (*NOTEBOOKS.values(), ROLLBACK):
        copies.working_copy(run, notebook, path.name)
    # A new one was written before the copies to which it links.
    return copies.write_unless_worked_on(run, NAME, _made(run), shows=anew or path.name not in there)


def phase_notebook(run: Run, notebook: str, anew: bool) -> Path:
    """The working copy of one notebook, with those beside it to which it leads."""
    return copies.working_copy(run, notebook, notebook_of(run, anew).name)


def _made(run: Run) -> NotebookNode:
    values = parameters_cell.injected_values(run.settings, run.record.run_id, parameters_cell.ALWAYS)
    if said_by(path_of(run.settings.environment)):  # which says all else that is needed to read a record
        values = {key: value for key, value in values.items() if key in (*parameters_cell.ALWAYS, *WHERE)}
    cell = nbformat.v4.new_code_cell(f"{copies.fill_in(DECLARED, values)}\n{CALLS}", id="phases")
    for one in phase_table.outputs(run):
        cell.outputs.append(nbformat.v4.new_output("display_data", {"text/html": one.html, "text/plain": one.text}))
    asks, prose = nbformat.v4.new_markdown_cell(ASKS, id="next"), nbformat.v4.new_markdown_cell(PROSE, id="how")
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=[copies.banner_cell(run), asks, cell, prose], metadata=kernel)
