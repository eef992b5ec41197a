"""The landing page of a run that is stepped through by hand: its phases in their order, and what comes next."""

import pytest
from hostile import PLAIN_JSON, harmless
from lab_copies import read, run_of

from lib.cli.lab import landing
from lib.display import page
from lib.record import sealing
from lib.record.folder import CHECKS
from lib.record.run_phases import NOTEBOOKS, ROLLBACK


def test_the_landing_page_leads_to_a_copy_of_each_phase_in_their_order_and_says_what_comes_next(tmp_path, monkeypatch):
    run = run_of(tmp_path)
    run.record.write_json("run.json", {"mode": "plan", "verdict": "failed", "phases": [
        {"number": "00", "notebook": NOTEBOOKS["00"], "verdict": "succeeded"},
        {"number": "01", "notebook": NOTEBOOKS["01"], "verdict": "failed"},
    ]})  # fmt: skip
    run.record.append(CHECKS, {"phase": "02", "time": "2026-11-28T02:41:07+00:00"})
    sealing.seal(run.record)
    (cell,) = [cell for cell in read(landing.notebook_of(run, anew=True)).cells if cell.cell_type == "code"]
    assert cell.outputs[1].data["text/plain"].startswith("Next: 01 Infrastructure")
    table = cell.outputs[2].data["text/html"]
    places = [table.index(f'href="./{name}.by-hand.ipynb"') for name in (*NOTEBOOKS.values(), ROLLBACK)]
    assert places == sorted(places)
    assert all((run.record.folder / f"{name}.by-hand.ipynb").is_file() for name in (*NOTEBOOKS.values(), ROLLBACK))
    for name in (*NOTEBOOKS.values(), ROLLBACK):
        assert "(./lab.by-hand.ipynb)" in read(run.record.folder / f"{name}.by-hand.ipynb").cells[-1].source
    rows = table.split("<tr>")[2:]
    for row, word in zip(rows, ("✓ succeeded", "✗ failed", "▸ begun, no verdict", "○ not run"), strict=False):
        assert word in row
    assert ["NEXT" in row for row in rows] == [False, True, *[False] * 8]
    assert "2026\u201111\u201128\u00a002:41\u00a0UTC" in rows[2]  # on one line
    # And the cell that is to be run again shows the same.
    shown = []
    monkeypatch.setattr(page, "display", shown.append)
    exec(cell.source, {"In": ["", cell.source]} | (names := {}))
    assert names == {}
    assert [one.html for one in shown][2:] == [table]


def test_a_phase_that_failed_says_why_before_the_table(tmp_path):
    run, said = run_of(tmp_path), f"no topic {PLAIN_JSON} {'x' * 1999}"
    run.record.write_json("run.json", {"mode": "plan", "verdict": "failed", "phases": [
        {"number": "00", "notebook": NOTEBOOKS["00"], "verdict": "succeeded", "error": "none"},
        {"number": "01", "notebook": NOTEBOOKS["01"], "verdict": "failed", "error": said},
        {"number": "02", "notebook": NOTEBOOKS["02"], "verdict": "interrupted", "error": "its kernel ended"},
    ]})  # fmt: skip
    sealing.seal(run.record)
    (cell,) = [cell for cell in read(landing.notebook_of(run, anew=True)).cells if cell.cell_type == "code"]
    _, _, first, second, table = [output.data for output in cell.outputs]
    assert first["text/plain"].startswith("01 failed: no topic") and first["text/plain"].endswith("characters)")
    assert len(first["text/plain"]) < 1200
    harmless(first["text/html"])
    assert second["text/plain"] == "02 interrupted: its kernel ended" and "<table>" in table["text/html"]


def test_what_succeeded_in_plan_mode_is_still_to_come_in_apply_mode(tmp_path):
    plan = run_of(tmp_path)
    rows = [{"number": number, "notebook": name, "verdict": "succeeded"} for number, name in NOTEBOOKS.items()]
    plan.record.write_json("run.json", {"mode": "plan", "verdict": "succeeded", "phases": rows})
    sealing.seal(plan.record)
    text = read(landing.notebook_of(run_of(tmp_path, "apply"), anew=True)).cells[2].outputs[2].data["text/plain"]
    assert text.count("✓ succeeded in plan mode") == len(NOTEBOOKS)
    assert text.splitlines()[1].rstrip().endswith("NEXT")


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("local", "plan", "wrote nothing. To apply it, in a terminal: runbook lab local --run r1 --mode apply --set"),
        ("prod", "plan", "wrote nothing. What it would change somebody else approves: runbook plan prod"),
        ("local", "apply", "Every phase succeeded."),
    ],
)
def test_a_landing_page_on_which_nothing_is_left_says_how_to_apply_it(tmp_path, name, mode, said):
    run = run_of(tmp_path, mode, name)
    rows = [{"number": number, "notebook": one, "verdict": "succeeded"} for number, one in NOTEBOOKS.items()]
    run.record.write_json("run.json", {"mode": mode, "verdict": "succeeded", "phases": rows})
    run.record.append("cells.jsonl", {"phase": "08", "time": "2026-11-28T02:41:07+00:00"})
    sealing.seal(run.record)
    shown = read(landing.notebook_of(run, anew=True)).cells[2].outputs
    assert said in shown[1].data["text/plain"]
    assert "02:41" in shown[2].data["text/plain"].splitlines()[-2]  # a phase that only reads answers no check


@pytest.mark.parametrize(
    ("last", "state"),
    [
        ({}, "○ only looked at, in plan mode"),
        ({"file": "cells.jsonl", "attempt": "a", "mode": "apply"}, "▸ begun, no verdict"),
        ({"file": CHECKS, "attempt": "b"}, "▸ begun, no verdict"),  # of a command, which tells of no cells
        ({"file": "changes.jsonl", "state": "intended", "undoes": False}, "▸ begun, no verdict"),
    ],
)
def test_a_phase_that_was_looked_at_in_plan_mode_alone_is_not_begun_where_the_run_applies(tmp_path, last, state):
    run = run_of(tmp_path, "apply")
    applied = {"number": "00", "notebook": NOTEBOOKS["00"], "verdict": "succeeded"}
    run.record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": [applied]})
    told = {"phase": "01", "time": "2026-11-28T02:41:07+00:00"}
    run.record.append(CHECKS, {**told, "attempt": "a"})
    run.record.append("cells.jsonl", {**told, "attempt": "a", "mode": "plan"})
    if last:
        run.record.append(last["file"], {**told, **{key: value for key, value in last.items() if key != "file"}})
    sealing.seal(run.record)
    shown = read(landing.notebook_of(run, anew=True)).cells[2].outputs[2].data["text/html"]
    assert state in shown.split("<tr>")[3]


def test_the_cell_of_a_landing_page_is_short_whatever_its_run_is_given(tmp_path):
    run = run_of(tmp_path, crisis_risk_above=96, poll_seconds=1, listen_seconds=2, burst_drills=3)
    (cell,) = [cell for cell in read(landing.notebook_of(run, anew=True)).cells if cell.cell_type == "code"]
    assert [line.partition(" ")[0] for line in cell.source.splitlines()] == [
        "environment", "mode", "run_id", "outputs_dir", "from", "from", "show.phases(session.run_to_read(globals()))",
    ]  # fmt: skip


def test_a_landing_page_that_may_be_open_is_left_alone_and_else_shows_the_run_anew(tmp_path):
    run = run_of(tmp_path)
    path = landing.notebook_of(run, anew=True)
    before = path.read_bytes()
    run.record.append(CHECKS, {"phase": "00", "time": "2026-11-28T02:41:07+00:00"})
    assert (landing.notebook_of(run, anew=False), path.read_bytes()) == (path, before)
    assert landing.notebook_of(run, anew=True) == path
    assert "begun, no verdict" in path.read_text(encoding="utf-8")
