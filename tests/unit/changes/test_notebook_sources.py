"""Looking through notebooks: what a reader saves changes no approval, `make lab` changes no file of the checkout."""

import json
import os
import subprocess

import pytest

from lib.changes import notebook_sources
from lib.changes.plan_data import made_from
from lib.settings import ROOT, load

NOTEBOOK = "03_state_machine"


@pytest.fixture
def runbooks(tmp_path):
    """A copy of the notebooks."""
    for path in (ROOT / "runbooks").glob("*.ipynb"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def saved(folder, change):
    """The digests after a change of a notebook that was saved as JupyterLab does."""
    path = folder / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return notebook_sources.digests(folder)


def executed(notebook):
    for count, cell in enumerate(notebook["cells"], 1):
        cell["id"] = f"cell-{count}"
        cell["metadata"] |= {"execution": {"iopub.status.busy": "now"}, "trusted": True, "collapsed": False}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": count, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
    notebook["metadata"] |= {"kernelspec": {"name": "another", "display_name": "mine"}, "widgets": {}}
    notebook["nbformat_minor"] = 5


def one_text(notebook):
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])


def test_executing_and_saving_a_notebook_changes_no_digest(runbooks):
    before = notebook_sources.digests(runbooks)
    assert saved(runbooks, executed) == before
    assert saved(runbooks, one_text) == before


CHANGES = {
    "a word of code": lambda notebook: notebook["cells"][-1]["source"].append("\nx"),
    "a tag": lambda notebook: notebook["cells"][3]["metadata"].update(tags=["raises-exception"]),
    "the parameters' tag": lambda notebook: [cell["metadata"].pop("tags", None) for cell in notebook["cells"]],
    "a cell less": lambda notebook: notebook["cells"].pop(),
    "two cells in another order": lambda notebook: notebook["cells"].reverse(),
    "code made prose": lambda notebook: [cell.update(cell_type="markdown") for cell in notebook["cells"]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_decides_what_it_does_changes_its_digest(change, runbooks):
    before = notebook_sources.digests(runbooks)
    after = saved(runbooks, CHANGES[change])
    assert [name for name in before if before[name] != after[name]] == [NOTEBOOK]


def test_what_is_no_notebook_any_more_has_another_digest(runbooks):
    before = notebook_sources.digests(runbooks)
    (runbooks / f"{NOTEBOOK}.ipynb").write_text("[]", encoding="utf-8")
    assert notebook_sources.digests(runbooks)[NOTEBOOK] != before[NOTEBOOK]
    (runbooks / f"{NOTEBOOK}.ipynb").unlink()
    assert NOTEBOOK not in notebook_sources.digests(runbooks)


def test_an_approval_rests_on_these_digests():
    assert made_from(load("local"))["notebooks"] == notebook_sources.digests(ROOT / "runbooks")


def test_make_lab_opens_no_notebook_of_the_checkout(tmp_path):
    # The command writes copies into a run's folder (cli/lab/test_copies.py); nothing else is opened, and so saved.
    command = tmp_path / "bin" / "runbook"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\necho "opens: $*"\n')
    command.chmod(0o755)
    for name in ("Makefile", "requirements.txt", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(command.parent)
    (tmp_path / ".venv" / "ready").touch()
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "ENV"))}
    for more, words in (((), "lab local"), (("ENV=staging", "ARGS=--run r1"), "lab staging --run r1")):
        line = ["make", "lab", *more]
        made = subprocess.run(line, cwd=tmp_path, env=clean, capture_output=True, text=True, check=True)
        assert [said for said in made.stdout.splitlines() if said.startswith("opens")] == [f"opens: {words}"]
