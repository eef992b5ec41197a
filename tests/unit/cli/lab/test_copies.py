"""The copies of a run that is stepped through by hand: what they say first, and what somebody did in them stays."""

import subprocess
import sys

import nbformat
import pytest
from buckets import RUN
from lab_copies import read, run_of

from lib.cli.lab import copies
from lib.display import console
from lib.record import sealing
from lib.record.records import Run
from lib.record.stored import sync


def edited(path, at, **change):
    notebook = read(path)
    notebook.cells[at].update(change)
    nbformat.write(notebook, path)


def test_a_copy_says_first_where_it_works_and_has_one_parameters_cell(tmp_path):
    notebook = read(copies.working_copy(run_of(tmp_path, "apply", "prod"), "03_state_machine"))
    nbformat.validate(notebook)
    banner, *rest = notebook.cells
    assert [word for word in ("PROD", "205930636302", "APPLY", "us-east-1", "r1") if word not in banner.source] == []
    assert (banner.cell_type, banner.metadata["editable"]) == ("markdown", False)
    tagged = [
        cell.source for cell in rest if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", []))
    ]
    assert len(tagged) == 1
    assert 'mode = "apply"  # plan writes nothing; apply carries the plan out' in tagged[0]


def test_a_copy_is_made_once_and_what_somebody_did_in_it_stays(tmp_path):
    run = run_of(tmp_path)
    path = copies.working_copy(run, "01_infrastructure")
    edited(path, 3, execution_count=1)
    before = path.read_bytes()
    assert copies.working_copy(run, "01_infrastructure") == path
    assert path.read_bytes() == before
    other = copies.working_copy(run_of(tmp_path, "apply"), "01_infrastructure")
    assert (other.name, path.read_bytes()) == ("01_infrastructure.by-hand.attempt-2.ipynb", before)
    assert copies.working_copy(run, "01_infrastructure") == path  # and back in plan mode it is that one


def test_a_copy_leads_back_to_its_landing_and_is_the_same_copy_whichever_that_is(tmp_path):
    run = run_of(tmp_path)
    path = copies.working_copy(run, "01_infrastructure", "lab.by-hand.attempt-2.ipynb")
    back = read(path).cells[-1]
    assert "(./lab.by-hand.attempt-2.ipynb)" in back.source and not back.metadata["editable"]
    edited(path, 3, execution_count=1)
    for other in ("lab.by-hand.ipynb", ""):
        assert copies.working_copy(run, "01_infrastructure", other) == path
    older = copies.working_copy(run, "02_iam_permissions")
    assert copies.working_copy(run, "02_iam_permissions", "lab.by-hand.ipynb") == older


@pytest.mark.parametrize("change", [{"execution_count": 1}, {"source": "mode = 'apply'"}, {"outputs": ["x"]}])
def test_work_is_a_cell_that_ran_or_was_changed(tmp_path, change):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    if "outputs" in change:
        change = {"outputs": [nbformat.v4.new_output("stream", text="x")]}
    edited(path, 3, **change)
    assert copies.working_copy(run_of(tmp_path, "apply"), "01_infrastructure") != path


@pytest.mark.parametrize(("at", "source"), [(0, "PLAN: WRITES NOTHING"), (3, 'mode = "apply"')])
def test_a_copy_whose_banner_or_parameters_were_changed_is_opened_as_no_copy_for_these(tmp_path, at, source):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    edited(path, at, source=source)
    assert copies.working_copy(run_of(tmp_path), "01_infrastructure").name.endswith(".attempt-2.ipynb")


def test_a_copy_in_which_nobody_worked_is_made_anew_for_other_parameters(tmp_path):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    assert copies.working_copy(run_of(tmp_path, "apply"), "01_infrastructure") == path
    assert 'mode = "apply"' in path.read_text(encoding="utf-8").replace("\\", "")


def test_what_is_no_notebook_any_more_is_left_and_a_copy_comes_beside_it(tmp_path):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    path.write_text("{", encoding="utf-8")
    assert copies.working_copy(run_of(tmp_path), "01_infrastructure").name.endswith(".attempt-2.ipynb")
    assert path.read_text(encoding="utf-8") == "{"


# What somebody else put into it is not opened


def opened(run, notebook="01_infrastructure"):
    """Which copy is opened, and what is said of the others."""
    with console.errors.capture() as said:
        path = copies.working_copy(run, notebook)
    return path, " ".join(said.get().split())


def with_code(path, **metadata):
    notebook = read(path)
    added = nbformat.v4.new_code_cell("import os; os.system('x')", id=f"x{len(notebook.cells)}", metadata=metadata)
    notebook.cells.append(added)
    nbformat.write(notebook, path)


@pytest.mark.parametrize("metadata", [{}, copies.BACK], ids=["a cell", "one that says it only leads back"])
def test_a_copy_that_was_changed_since_it_was_sealed_is_kept_and_a_fresh_one_opened_beside_it(tmp_path, metadata):
    run = run_of(tmp_path)
    path = copies.working_copy(run, "01_infrastructure")
    sealing.seal(run.record)
    with_code(path, **metadata)
    before = path.read_bytes()
    fresh, said = opened(run_of(tmp_path))
    assert (fresh.name, path.read_bytes()) == ("01_infrastructure.by-hand.attempt-2.ipynb", before)
    assert f"{path.name} was changed since it was sealed" in said
    assert "os.system" not in fresh.read_text(encoding="utf-8")
    assert opened(run_of(tmp_path)) == (fresh, "")  # and that one is gone on with


def test_what_somebody_did_at_this_machine_and_sealed_or_still_does_is_gone_on_with(tmp_path):
    run = run_of(tmp_path)
    path = copies.working_copy(run, "01_infrastructure")
    with_code(path)
    writing = "import sys; from pathlib import Path; from lib.record import writers; writers.join(Path(sys.argv[1])); "
    line = [sys.executable, "-c", writing + "print(1, flush=True); input()", str(run.record.folder)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as lab:
        lab.stdout.readline()
        assert opened(run) == (path, "")
        lab.stdin.close()
    sealing.seal(run.record)
    assert opened(run_of(tmp_path)) == (path, "")


def test_a_copy_that_the_store_brought_is_not_opened_where_its_cells_are_not_the_runbooks(tmp_path, ours, theirs):
    """Whoever writes to the bucket would run code by the credentials of whoever opens it, sealed or not."""
    theirs.again()
    here = run_of(tmp_path / "ours", run_id=RUN)
    away = Run(here.settings, theirs.record)
    edited_there = copies.working_copy(away, "01_infrastructure")
    as_made_there = copies.working_copy(away, "02_iam_permissions")
    with_code(edited_there)
    sealing.seal(theirs.record)
    ours.again()
    sealing.seal(ours.record)  # which seals it here as well
    assert (ours.folder / edited_there.name).read_bytes() == edited_there.read_bytes()
    fresh, said = opened(here)
    assert (fresh.name, "came from the record's store" in said) == ("01_infrastructure.by-hand.attempt-2.ipynb", True)
    assert opened(here, "02_iam_permissions") == (ours.folder / as_made_there.name, "")
    with_code(ours.folder / edited_there.name)  # somebody here read it, went on with it all the same, and saved it
    fresh.unlink()
    sealing.seal(ours.record)
    sync.synchronise(ours.record, ours.shelf)
    assert opened(here) == (ours.folder / edited_there.name, "")
