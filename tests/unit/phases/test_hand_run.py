"""A kernel in which somebody steps through a notebook, and what its record holds after each cell. No AWS."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from accounts import nowhere
from fakes import World

from lib.changes import approval, engine, kept_plans
from lib.changes.plans import Plan
from lib.display.interactive import drill_watch
from lib.errors import Refused
from lib.phases import hand_run
from lib.record import records, run_phases, run_verdict, writers
from lib.record.folder import ATTEMPT
from lib.record.records import Run
from lib.record.seals import manifest
from lib.resources import connected_run, desired
from lib.settings import ROOT, load

CELLS = {
    cell["id"]: "".join(cell["source"])
    for cell in json.loads((ROOT / "runbooks/08_threshold_tuning.ipynb").read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
}
FIRST, *_, LAST = CELLS
BEGIN = next(name for name, source in CELLS.items() if "session.begin" in source)
CONTACT = "+4917012345678"


class Shell:
    """IPython, which runs whatever a cell stands for here."""

    def __init__(self):
        self.called, self.ran = {"pre_run_cell": [], "post_run_cell": []}, [""]
        self.events = SimpleNamespace(register=lambda name, told: self.called[name].append(told))

    @property
    def names(self):
        return {"get_ipython": lambda: self, "In": self.ran}

    def run(self, source, does=lambda: None, cell_id=None, store_history=True):
        info = SimpleNamespace(raw_cell=source, cell_id=cell_id, store_history=store_history)
        for told in [*self.called["pre_run_cell"]]:
            told(info)
        self.ran += [f"{source}\n"] if store_history else []
        error = None
        try:
            does()
        except Exception as failed:  # noqa: BLE001
            error = failed
        count = len(self.ran) - 1
        result = SimpleNamespace(info=info, execution_count=count, error_before_exec=None, error_in_exec=error)
        for told in [*self.called["post_run_cell"]]:
            told(result)


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(hand_run, "_followed", [])
    monkeypatch.setattr("atexit.register", lambda told: None)
    monkeypatch.delenv(ATTEMPT, raising=False)
    return Shell()


def run_of(tmp_path, attempt="a1", **more):
    settings = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1", **more})
    record = records.open_run(settings)
    records.open_to_write(Run(settings, record))
    return connected_run.of(nowhere(settings), replace(record, attempt=attempt))


def begun(shell, run):
    """A person runs the cells up to the one that begins the run."""
    shell.run(CELLS[FIRST].replace('run_id = ""', f'run_id = "r1"  # {CONTACT}'))
    shell.run(CELLS[BEGIN], lambda: hand_run.follow(run, shell.names), BEGIN)


def rest(shell):
    for name in [*CELLS][2:]:
        shell.run(CELLS[name])


def phase(run):
    return run.record.read_json("run.json")["phases"][0]


def test_every_cell_is_a_row_and_the_phase_runs_until_its_last_cell(shell, tmp_path):
    run = run_of(tmp_path)
    begun(shell, run)
    assert (phase(run)["number"], phase(run)["verdict"]) == ("08", "running")
    assert manifest.read(run.record.folder).open
    rest(shell)
    assert (phase(run)["verdict"], phase(run)["cells_run"], phase(run)["cells_not_run"]) == ("succeeded", len(CELLS), 0)
    assert not manifest.read(run.record.folder).open
    rows = run.record.rows("cells.jsonl")
    assert [(row["cell"], row["order"]) for row in rows] == [(name, at) for at, name in enumerate(CELLS, 1)]
    assert [(row["ended"], row["edited"]) for row in rows] == [("", "yes"), *[("well", "no")] * (len(CELLS) - 1)]
    assert {(row["attempt"], row["phase"], row["mode"], row["caller"]) for row in rows} == {
        ("a1", "08", "plan", run.live.identity.caller)
    }
    assert rows[0]["sha256"] == "" and CONTACT not in (run.record.folder / "cells.jsonl").read_text()
    shell.run(CELLS[LAST])  # the record is opened again for it, and closed
    assert records.alterations(run, whole=True) == []
    assert run.record.rows("cells.jsonl")[-1]["before"] == 1
    assert "run again: " in phase(run)["by_hand"]


def test_a_silent_cell_is_none_and_an_error_is_told_without_a_contact(shell, tmp_path):
    run = run_of(tmp_path)
    begun(shell, run)
    before = len(run.record.rows("cells.jsonl"))
    shell.run("1 + 1", store_history=False)
    assert len(run.record.rows("cells.jsonl")) == before

    def fails():
        raise Refused(f"{CONTACT} was called")

    third = [*CELLS][2]
    shell.run(CELLS[third], fails)
    assert run.record.rows("cells.jsonl")[-1]["ended"] == "Refused"
    assert (phase(run)["verdict"], phase(run)["error_class"]) == ("failed", "Refused")
    assert "was called" in phase(run)["error"] and CONTACT not in json.dumps(phase(run))
    shell.run(CELLS[third])
    assert (phase(run)["verdict"], phase(run)["error"]) == ("running", "")


def test_what_runs_again_is_no_failure_and_one_that_its_kernel_cuts_off_is_interrupted(shell, tmp_path):
    run, third = run_of(tmp_path), [*CELLS][2]
    begun(shell, run)

    def fails(error):
        raise error

    shell.run(CELLS[third], lambda: fails(Refused("nobody may")))
    assert phase(run)["verdict"] == "failed"
    seen = []
    shell.run(CELLS[third], lambda: (seen.append(phase(run)), fails(Refused())))
    assert [(one["verdict"], one["error"], one["error_class"]) for one in seen] == [("running", "", "")]
    assert (phase(run)["verdict"], phase(run)["error"]) == ("failed", "Refused")
    shell.called["post_run_cell"].clear()  # the kernel ends within the cell
    shell.run(CELLS[third])
    hand_run._followed[0].end()
    assert (phase(run)["verdict"], phase(run)["error"]) == ("interrupted", "its kernel ended before its last cell")


def test_a_check_that_failed_fails_the_phase_whatever_its_last_cell_made_of_it(shell, tmp_path, monkeypatch):
    run = run_of(tmp_path)
    monkeypatch.setattr(run_phases, "due", lambda phase, applies: ["as_wanted"])
    monkeypatch.setattr(run_phases, "require_met", lambda *_: (_ for _ in ()).throw(Refused("no answer")))
    begun(shell, run)
    rest(shell)
    assert (phase(run)["verdict"], phase(run)["error"]) == ("failed", "Refused: no answer")


def test_an_edited_cell_is_told_by_its_id_and_no_other_is_taken_for_it(shell, tmp_path):
    run = run_of(tmp_path)
    begun(shell, run)
    third = [*CELLS][2]
    shell.run("x = 1", cell_id=third)
    shell.run("x = 2")
    told = [(row["cell"], row["edited"]) for row in run.record.rows("cells.jsonl")[-2:]]
    assert told == [(third, "yes"), ("", "cannot tell")]
    for name in [*CELLS][3:]:
        shell.run(CELLS[name])
    assert phase(run)["verdict"] == "failed" and f"{third} (edited)" in phase(run)["error"]


def test_begun_again_in_the_same_kernel_it_is_the_same_attempt_unless_the_parameters_are_others(shell, tmp_path):
    run = run_of(tmp_path)
    begun(shell, run)
    assert hand_run.attempt_at(run) == "a1"
    other = replace(run, settings=run.settings.model_copy(update={"poll_seconds": 7}))
    assert hand_run.attempt_at(other) == ""
    shell.run(CELLS[BEGIN], lambda: hand_run.follow(run, shell.names))
    rest(shell)
    assert phase(run)["verdict"] == "succeeded"
    assert [len(told) for told in shell.called.values()] == [1, 1]
    again = replace(run, record=replace(run.record, attempt="a2"))
    shell.run(CELLS[BEGIN], lambda: hand_run.follow(again, shell.names))
    assert phase(run)["verdict"] == "running"
    assert {row["attempt"] for row in run.record.rows("cells.jsonl")} == {"a1", "a2"}


def test_a_kernel_that_ends_leaves_the_phase_interrupted_and_the_record_closed(shell, tmp_path):
    run = run_of(tmp_path)
    begun(shell, run)
    hand_run._followed[0].end()
    assert phase(run)["verdict"] == "interrupted"
    assert not manifest.read(run.record.folder).open and not writers.has_joined(run.record.folder)


def test_what_a_command_made_of_the_phase_meanwhile_stays_when_the_kernel_ends(shell, tmp_path):
    run = run_of(tmp_path)
    begun(shell, run)
    done = run_phases.Phase("08", "08_threshold_tuning", "succeeded")
    run_verdict.write_verdict(run, [done], hand_run._followed[0].began, None)
    hand_run._followed[0].end()
    assert phase(run)["verdict"] == "succeeded"
    assert "begun_by_hand" not in run.record.read_json("run.json")  # a command went on with it


def test_a_kernel_of_the_runners_and_what_is_no_notebook_are_not_followed(shell, tmp_path, monkeypatch):
    run = run_of(tmp_path)
    assert hand_run.follow(run, {"environment": "local"}) is run
    monkeypatch.setenv(ATTEMPT, "b2")
    shell.run(CELLS[BEGIN], lambda: hand_run.follow(run, shell.names))
    assert run.record.rows("cells.jsonl") == [] and run.record.verdict() is None


def test_a_look_in_plan_mode_leaves_the_verdict_of_a_run_that_applies(shell, tmp_path):
    run = run_of(tmp_path)
    applied = replace(run, settings=run.settings.model_copy(update={"mode": "apply"}))
    now = hand_run.datetime.now(hand_run.UTC)
    run_verdict.write_verdict(applied, [run_phases.Phase("08", "x", "failed")], now, None)
    before = run.record.verdict()
    begun(shell, run)
    rest(shell)
    assert run.record.verdict() == before
    assert len(run.record.rows("cells.jsonl")) == len(CELLS)


def test_what_was_only_planned_does_not_pass_for_applied(shell, tmp_path):
    run = run_of(tmp_path)
    now = hand_run.datetime.now(hand_run.UTC)
    run_verdict.write_verdict(run, [run_phases.Phase("01", "01_infrastructure", "succeeded")], now, None)
    applied = replace(run, settings=run.settings.model_copy(update={"mode": "apply"}))
    run_verdict.write_verdict(applied, [run_phases.Phase("08", "x", "running")], now, None)
    assert [one["number"] for one in run.record.verdict()["phases"]] == ["08"]


@pytest.mark.parametrize(("asked", "kept"), [("none", True), ("required", False)])
def test_the_plan_is_kept_once_and_never_where_a_command_alone_begins_a_run(shell, tmp_path, monkeypatch, asked, kept):
    monkeypatch.setattr(desired, "plan_all", lambda live: [Plan("01", ())])
    gaps = {} if kept else {"not_exercised_here": []}
    run = run_of(tmp_path, mode="apply", approval=asked, **gaps)
    begun(shell, run)
    shell.run(CELLS[BEGIN], lambda: hand_run.follow(run, shell.names))
    assert len(kept_plans.load_plans(run.record)) == kept
    assert run.record.read_json("run.json")["begun_by_hand"] is True


def test_what_a_notebook_began_is_no_word_for_approval_none(shell, tmp_path, monkeypatch):
    settings = load("local", {"mode": "apply", "outputs_dir": str(tmp_path), "may_replace": 1})
    monkeypatch.setattr(approval, "waives_approval", lambda settings: False)
    record, world = records.open_run(settings), World({"a": 1})
    plan, run = engine.plan("01", world.wanted(a=2)), world.run(settings, record)
    now = hand_run.datetime.now(hand_run.UTC)
    run_verdict.write_verdict(run, [run_phases.Phase("01", "x", "running")], now, None, by_hand=True)
    with pytest.raises(Refused, match="no file in parameters/ says so"):
        engine.carry_out(plan, run)
    assert world.writes == []
    run_verdict.write_verdict(run, [run_phases.Phase("01", "x", "running")], now, None)  # a command goes on with it
    engine.carry_out(plan, run)
    assert world.writes == [("a", 2)]


# Who has the notebook open


def test_only_a_cell_of_an_open_notebook_of_this_run_is_watched(shell, tmp_path, monkeypatch):
    run, seen = run_of(tmp_path), []
    assert not hand_run.is_watched(run)
    begun(shell, run)
    shell.run("drill()", lambda: seen.append(hand_run.is_watched(run)), "05-27")
    shell.run("drill()", lambda: seen.append(hand_run.is_watched(run)))  # by papermill, or another program
    shell.run("drill()", lambda: seen.append(hand_run.is_watched(run_of(tmp_path, listen_seconds=9))), "05-27")
    assert seen == [True, False, False]


def test_what_the_runner_executes_is_watched_by_nobody(shell, tmp_path, monkeypatch):
    monkeypatch.setenv(ATTEMPT, "a2")
    run = run_of(tmp_path)
    begun(shell, run)
    assert not hand_run.is_watched(run)
    assert drill_watch.of(run) is None
