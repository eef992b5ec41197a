"""What of a notebook really ran, and what is kept of it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lib.cli import notebooks
from lib.cli.notebooks import _verdict
from lib.record import writers
from lib.record.records import Record, Run
from lib.record.run_phases import Phase
from lib.settings import load, mask


def test_a_notebook_that_was_never_written_has_failed():
    found = _verdict(Phase("03", "03_state_machine"), None, False)
    assert (found.verdict, found.cells_run) == ("failed", 0)


@pytest.fixture
def left_running(tmp_path):
    """A notebook of a run that was killed, as papermill left it, and the run's record."""
    prod = load("prod", {"outputs_dir": str(tmp_path)})
    path = tmp_path / "00_preflight.running.ipynb"
    executed = new_notebook(cells=[new_code_cell(f'ops_subscription_endpoint = "{prod.ops_subscription_endpoint}"')])
    executed.metadata["papermill"] = {
        "input_path": str(tmp_path / "in" / "00_preflight.ipynb"),
        "output_path": str(path),
    }
    nbformat.write(executed, path)
    return prod, path, Record(tmp_path, "r1")


def test_an_executed_notebook_keeps_no_address(left_running):
    prod, path, record = left_running
    assert notebooks.adopt(Run(prod, record)) == ["00_preflight.ipynb"]
    assert not path.exists()
    kept = record.folder / "00_preflight.ipynb"
    cleaned = nbformat.read(kept, as_version=4)
    assert prod.ops_subscription_endpoint not in kept.read_text()
    assert cleaned.cells[0].source == f'ops_subscription_endpoint = "{mask(prod.ops_subscription_endpoint)}"'
    assert cleaned.metadata.papermill == {"input_path": "00_preflight.ipynb", "output_path": "00_preflight.ipynb"}


def test_of_a_run_to_which_another_process_writes_nothing_is_taken(left_running, monkeypatch):
    """It may be that one's notebook, half way through, and its draft."""
    prod, path, record = left_running
    draft = record.folder / ".draft-of-another"
    draft.touch()
    monkeypatch.setattr(writers, "others", lambda folder: True)
    assert notebooks.adopt(Run(prod, record)) == []
    assert path.exists() and draft.exists()


def test_one_that_ran_beside_another_is_kept_under_the_notebooks_name(left_running):
    prod, path, record = left_running
    beside = path.with_name("00_preflight.0a1b2c3d.running.ipynb")
    path.rename(beside)
    assert notebooks.adopt(Run(prod, record)) == ["00_preflight.ipynb"]
    assert not beside.exists()


def test_a_notebook_that_was_cut_in_the_middle_leaves_no_half_file(left_running):
    prod, path, record = left_running
    path.write_text(path.read_text()[:100])
    assert notebooks.adopt(Run(prod, record)) == []
    assert list(record.folder.iterdir()) == []
