"""Working copies of the notebooks in a run's folder, to be stepped through by hand. No AWS.

A copy has one parameters cell, with the values that count, below a banner that says where it would work. What somebody
worked on is never written over: a copy for other parameters comes beside it.
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from nbformat import NotebookNode
from papermill.translators import PythonTranslator

from lib.cli import notebooks
from lib.display import signs, terminal
from lib.phases import parameters_cell
from lib.record import records, writers
from lib.record.records import Run
from lib.record.run_phases import READS_ONLY
from lib.record.stored import from_store

MADE_OF = "runbook_made_of"  # in a copy's metadata: the sum of its cells as they were written
BY_HAND = ".by-hand.ipynb"
NOT_TO_EDIT: dict[str, Any] = {"editable": False, "deletable": False, "tags": ["where-it-works"]}
BACK: dict[str, Any] = {**NOT_TO_EDIT, "tags": ["all-phases"]}
OTHER = "other than its environment's file says"


def working_copy(run: Run, notebook: str, landing: str = "") -> Path:
    """The copy of a notebook for these parameters: the one that is there, or a new one, which leads to its landing."""
    made = _copy(run, notebook)
    if landing:
        text = f"[All phases of this run, and which comes next](./{quote(landing)})"
        made.cells.append(nbformat.v4.new_markdown_cell(text, id="back", metadata=BACK))
    return write_unless_worked_on(run, f"{notebook}{BY_HAND}", made)


def write_unless_worked_on(run: Run, name: str, made: NotebookNode, shows: bool = False) -> Path:
    """Write a notebook under this name, or beside what somebody worked on there; returns where it is.

    One that was made alike is left as it is, whatever was done in it since; what only `shows` something, and in which
    nothing was changed, is shown anew.
    """
    made.metadata[MADE_OF] = _sum(made)
    there = {path: _read(path) for path in (run.record.folder / kept for kept in run.record.kept_as(name))}
    alike = [(path, one) for path, one in there.items() if one is not None and _is_alike(one, made)]
    for path, notebook in reversed(alike):
        if foreign := _why_foreign(run, path, notebook, made):
            terminal.warn(
                f"{path.name} {foreign}: its cells are not the runbook's, and it is not opened. It stays as it is, and "
                "a fresh copy comes beside it; read it before you run anything of it"
            )
        else:
            return _write(run, path, made) if shows and not _is_changed(notebook) else path
    newest = next(reversed(there), None)
    last = there[newest] if newest else None
    free = last is not None and not _is_changed(last) and (shows or not _has_run(last))
    return _write(run, newest if newest and free else run.record.new_path(name), made)


def _copy(run: Run, notebook: str) -> NotebookNode:
    """A notebook with its parameters in place, below a banner."""
    source = notebooks.RUNBOOKS / f"{notebook}.ipynb"
    declared = notebooks.declared_parameters(source)
    made = nbformat.read(source, as_version=4)
    (cell,) = [cell for cell in made.cells if "parameters" in cell.metadata.get("tags", [])]
    cell.source = fill_in(cell.source, parameters_cell.injected_values(run.settings, run.record.run_id, declared))
    made.cells.insert(0, banner_cell(run, notebook[:2] in READS_ONLY))
    return made


def banner_cell(run: Run, reads_only: bool = False) -> NotebookNode:
    """What stands first in a copy: which account, in which mode, of which run."""
    text = signs.banner(run.settings, run.record.run_id, reads_only)
    return nbformat.v4.new_markdown_cell(text, id="where", metadata=NOT_TO_EDIT)


def fill_in(source: str, values: dict[str, Any]) -> str:
    """A parameters cell with these values, each at its line and its explanation; those it does not declare follow."""
    left, lines = dict(values), list[str]()
    for line in source.splitlines():
        name = line.partition(" = ")[0]
        if name in left:
            line = _line(name, left.pop(name), line.partition("  # ")[2])
        lines.append(line)
    return "\n".join([*lines, *(_line(name, value, OTHER) for name, value in left.items())])


def _line(name: str, value: Any, said: str) -> str:  # noqa: ANN401 - whatever a parameter holds
    return f"{name} = {PythonTranslator.translate(value)}{'  # ' if said else ''}{said}"


def _sum(notebook: NotebookNode) -> str:
    """The sum of what stands in a notebook's cells, whatever they showed and whichever landing they lead to."""
    cells = [[c.cell_type, c.source] for c in notebook.cells if not _leads_back(c)]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _leads_back(cell: NotebookNode) -> bool:
    """Whether a cell leads to a landing. One that runs is none, whatever it is tagged."""
    return cell.cell_type == "markdown" and cell.metadata.get("tags") == BACK["tags"]


def _why_foreign(run: Run, path: Path, notebook: NotebookNode, made: NotebookNode) -> str:
    """Why nobody at this machine may have written what would run in a copy, in words; "" where they did, or we."""
    name = path.relative_to(run.record.folder).as_posix()
    if _sum(notebook) == made.metadata[MADE_OF]:
        return ""
    if from_store.is_brought(run.record, name):
        return "came from the record's store as another machine left it, or somebody who writes there"
    # Whoever works in it now saves it again and again, and seals it at the end.
    if writers.others(run.record.folder) or records.is_as_sealed(run, name):
        return ""
    return "was changed since it was sealed"


def _is_alike(there: NotebookNode, made: NotebookNode) -> bool:
    """Whether one was made like the other, and says of its account and its parameters what it said then."""

    def says(notebook: NotebookNode) -> list[str]:
        tags = {*NOT_TO_EDIT["tags"], "parameters"}
        return [cell.source for cell in notebook.cells if tags & {*cell.metadata.get("tags", [])}]

    return there.metadata.get(MADE_OF) == made.metadata[MADE_OF] and says(there) == says(made)


def _has_run(notebook: NotebookNode) -> bool:
    """Whether a cell ran, since it was written."""
    return any(cell.cell_type == "code" and (cell.execution_count or cell.outputs) for cell in notebook.cells)


def _is_changed(notebook: NotebookNode) -> bool:
    """Whether somebody changed a cell, since it was written."""
    return notebook.metadata.get(MADE_OF) != _sum(notebook)


def _read(path: Path) -> NotebookNode | None:
    """A notebook, or None of what is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None


def _write(run: Run, path: Path, made: NotebookNode) -> Path:
    """Whole or not at all, for its owner alone."""
    name = path.relative_to(run.record.folder).as_posix()
    return run.record.write_bytes(name, (nbformat.writes(made) + "\n").encode())
