"""A part of the fault matrix: every kind of fault, at calls of every kind; and that the matrix can tell what is lost.

`make faults` tries every fault at every call.
"""

import dataclasses
import random
import types

import pytest
from click.testing import CliRunner

from lib.changes import approval, loss_guard
from lib.cli import resume, undo_commands
from lib.errors import Refused
from lib.phases import rollback
from lib.record.records import LOG, Record
from lib.resources.s3_record_store import RunStore
from rehearsal.account.calls import Call
from rehearsal.fault_matrix import kept_results, matrix, notebook_trial, testbed, trial_choice, trials
from rehearsal.fault_matrix.kept_results import Chosen, KeptResults
from rehearsal.fault_matrix.notebook_trial import KERNEL, NOTEBOOKS, RUNNER
from rehearsal.fault_matrix.operations import APPLY, STORED
from rehearsal.fault_matrix.trials import HEARD, KINDS, Result, Trial

RUNS = (
    "killed-after@1/rollback",  # the lock
    "drop@2/rollback",
    "refuse@3/resume",
    "throttle@4*/rollback",
    "delay@5/rollback",
    "freeze@7/resume",
    "killed-before@8/rollback",
    "bad-request@9/rollback",
    "killed-after@11/resume",
    "server-error@12/resume",
    "killed-in-flight@20/resume",
    "drop@22/resume",
    "killed-after@24/rollback",  # the candidate is made
    "refuse@52*/resume",  # and removed
    "killed-after-server-error@9/resume",
    "killed-after-throttle@15/rollback",
)
STORES = ("stored:drop@5/resume", "stored:killed-after@30/rollback", "stored:killed-before@41/resume")
DRILLS = (
    "drill:drop@4/resume",
    "drill:killed-after@10/rollback",
    "drill:killed-before@14/resume",
)
UNDOS = ("undo:drop@3/rollback", "undo:killed-after@12/rollback", "undo:refuse@20/resume")


@pytest.fixture(scope="module")
def stage():
    with testbed.stage() as found:
        yield found


def lost(stage, name):
    result = matrix.try_one(stage, trial_choice.trial_named(name))
    return result.lost and f"{result.call}: {result.ended}: {result.lost}"


def test_the_part_has_every_kind_of_fault():
    assert {trial_choice.trial_named(name).kind for name in RUNS} == {*KINDS, *HEARD}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_meets_a_fault_loses_nothing(stage, name):
    assert lost(stage, name) == ""


@pytest.mark.parametrize("name", STORES)
def test_a_run_whose_record_is_kept_in_s3_loses_nothing_there_either(stage, name):
    assert lost(stage, name) == ""


def test_of_a_record_in_s3_every_kind_is_tried_at_puts_and_elsewhere():
    puts = [Call("s3", "PutObject", "rest-xml", number) for number in range(1, 9)]
    found = list(
        trial_choice.stored_trials({STORED: [*puts, Call("sns", "CreateTopic", "query", 9)]}, random.Random(1))
    )
    assert {trial.kind for trial in found} == {*KINDS, *HEARD}
    assert [sum(trial.at == 9 for trial in found), len(found)] == [12, 48]
    assert all(trial_choice.trial_named(trial.name) == trial for trial in found)


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_that_meets_a_fault_leaves_nothing_behind(stage, name):
    assert lost(stage, name) == ""


@pytest.mark.parametrize("name", UNDOS)
def test_a_rollback_that_meets_a_fault_is_completed_or_taken_back(stage, name):
    assert lost(stage, name) == ""


@pytest.mark.parametrize(
    ("kind", "at", "then", "call"),
    [
        (KERNEL, 3, "resume", "iam PutRolePolicy"),
        (KERNEL, 1, "rollback", "ssm PutParameter"),  # the first is the runner's own, while no kernel lives
        (RUNNER, 3, "rollback", "iam PutRolePolicy"),
        (RUNNER, 2, "rollback", "ssm PutParameter"),  # of what the account keeps of a run: nothing is changed yet
    ],
)
def test_whole_notebooks_lose_nothing(stage, kind, at, then, call):
    result = notebook_trial.carry_out_trial(stage, Trial(kind, at, then, NOTEBOOKS), ("02", "02"))
    assert (result.call, result.lost) == (call, "")
    assert "--resume" in result.ended if kind == KERNEL else "exit code -9" in result.ended


def test_every_fault_is_tried_at_every_change_of_a_run_and_of_a_drill(stage):
    every = trial_choice.single_trials(stage.calls)
    assert len(every) == len(KINDS) * (2 * len(stage.calls["apply"]) + len(stage.calls["drill"]))
    drilled = {(trial.kind, trial.at): trial.then for trial in every if trial.story == "drill"}
    assert len(drilled) == len(KINDS) * len(stage.calls["drill"])
    assert {then for (kind, _), then in drilled.items() if kind == "drop"} == {"resume", "rollback"}
    said = {call.said for calls in stage.calls.values() for call in calls}
    assert {"ssm PutParameter", "stepfunctions UpdateStateMachine", "stepfunctions StartExecution"} <= said
    assert all(trial_choice.trial_named(trial.name) == trial for trial in every)


# What each of these breaks, and a trial that must notice.


def unwritten(monkeypatch):
    """No record of how to undo."""
    append = Record.append
    monkeypatch.setattr(
        Record,
        "append",
        lambda self, name, row: None if name == LOG and row["phase"] == "01" else append(self, name, row),
    )


def believed(monkeypatch):
    """What got no answer is taken for not done, and so is not undone."""
    rows = rollback.rows

    def believing(run):
        found = rows(run)
        done = {row["name"] for row in found if row["state"] == "applied"}
        return [row for row in found if row["name"] in done]

    monkeypatch.setattr(rollback, "rows", believing)


def untold(monkeypatch):
    """The account is not told what is about to be written, so that nothing of it is believed."""
    monkeypatch.setattr(loss_guard, "keep", lambda *_: None)


def given_back(monkeypatch):
    """A lock that was left behind is not taken away."""
    monkeypatch.setattr(undo_commands, "break_left", lambda live, run_id: None)


def refusing(monkeypatch):
    """A run that stopped may not be gone on with."""

    def refused(run, plans, caller):
        raise Refused("not this one")

    monkeypatch.setattr(approval, "require_resumable", refused)


def complete(monkeypatch):
    """A run that stopped is taken for complete."""
    monkeypatch.setattr(resume, "remaining_phases", lambda run, valid: [])


def forgotten(monkeypatch):
    """A row of what was called stays on this machine."""
    monkeypatch.setattr(RunStore, "put_all", lambda self, files: None)


def unclosed(monkeypatch):
    """The last seal of a rollback stays on this machine."""
    undone = undo_commands.undone

    def alone(*given):
        found = undone(*given)
        forgotten(monkeypatch)
        return found

    monkeypatch.setattr(undo_commands, "undone", alone)


@pytest.mark.parametrize(
    ("broken", "trial", "words"),
    [
        (unwritten, "killed-after@5/rollback", "rolled back, but not as before"),
        (believed, "killed-after@4/rollback", "rolled back, but not as before"),
        (untold, "killed-after@5/rollback", "could not be rolled back"),
        (given_back, "killed-after@5/resume", "could not be resumed: Superseded"),
        (refusing, "killed-after@5/resume", "could not be resumed: Refused: not this one"),
        (complete, "killed-after@5/resume", "resumed, but not as after a clean run"),
        (forgotten, "stored:killed-after@30/rollback", "could not be rolled back: Altered"),
        (unclosed, "stored:killed-after@30/rollback", "the record is not the one in its store: MANIFEST.json (both)"),
    ],
)
def test_the_matrix_notices_what_is_lost(stage, monkeypatch, capsys, broken, trial, words):
    stage.enter(APPLY)
    with monkeypatch.context() as breaking:
        broken(breaking)
        result = matrix.try_one(stage, trial_choice.trial_named(trial))
    assert words in result.lost
    assert matrix.report([result], seed=3, chosen=1) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "0 survived, 1 lost; seed 3" in said
    assert f"--only '{trial}'" in said
    assert stage.look() == stage.before  # and the next trial stands on firm ground again


def test_a_fault_that_never_strikes_is_no_survival(stage):
    assert "never struck" in matrix.try_one(stage, trial_choice.trial_named("drop@99/resume")).lost


def test_a_process_that_nobody_killed_has_not_survived_a_kill(stage, monkeypatch):
    monkeypatch.setattr(trials, "os", types.SimpleNamespace(kill=lambda pid, signal: None))
    result = matrix.try_one(stage, trial_choice.trial_named("killed-after@5/rollback"))
    assert (bool(result.call), result.lost) == (True, "nobody was killed; the process ended: well")


def test_a_call_that_stays_under_way_is_no_survival(stage, monkeypatch):
    with monkeypatch.context() as breaking:
        breaking.setattr(stage.proxy, "quiet", lambda: False)
        result = matrix.try_one(stage, trial_choice.trial_named("drop@2/rollback"))
    assert result.lost.startswith("could not be tried: Unreachable: 0 calls are under way still after 60 s")


def test_the_table_counts_by_kind():
    trial = trial_choice.trial_named("drop@3/resume")
    survived = Result(trial, "sqs CreateQueue", "killed", "", 1.0)
    gone = dataclasses.replace(survived, trial=trial_choice.trial_named("drill:drop@3/rollback"), lost="a queue")
    assert matrix.rows([survived, survived, gone]) == [
        ["drop", "2", "2", "0", "0"],
        ["drill, drop", "1", "0", "0", "1"],
        ["total", "3", "2", "0", "1"],
    ]
    assert matrix.report([], seed=1, chosen=0) == 1


def test_what_was_not_tried_is_no_survival(capsys):
    survived = Result(trial_choice.trial_named("drop@3/resume"), "sqs CreateQueue", "killed", "", 1.0)
    assert [matrix.report([survived], seed=1, chosen=number) for number in (1, 2)] == [0, 1]
    said = " ".join(capsys.readouterr().out.split())
    assert "1 of 2 were not tried. Go on: python -m rehearsal.fault_matrix --go-on" in said


def test_a_matrix_that_was_ended_goes_on_with_what_is_left(monkeypatch, tmp_path):
    monkeypatch.setattr(matrix, "LOST", tmp_path)
    chosen = [trial_choice.trial_named(name) for name in ("drop@3/resume", "delay@4/rollback", "drop@99/resume")]
    monkeypatch.setattr(matrix, "_chosen", lambda by: [*chosen] if by == Chosen(7, None, 0) else [])
    tried = []

    def carried_out(trials, workers, minutes):
        for trial in trials[:2]:  # and then somebody ends it
            tried.append(trial.name)
            yield Result(trial, "sqs CreateQueue", "killed", "a queue" if trial.at == 4 else "", 1.0)

    monkeypatch.setattr(matrix, "_carried_out", carried_out)
    runner = CliRunner()
    assert runner.invoke(matrix.faults, ["--seed", "7", "--whole", "0"]).exit_code == 1
    with next(tmp_path.glob("tried-7.jsonl")).open("a", encoding="utf-8") as file:
        file.write('{"trial": {"kind": "dro')  # killed while it wrote
    gone_on = runner.invoke(matrix.faults, ["--go-on"])
    assert tried == [trial.name for trial in chosen]
    assert (gone_on.exit_code, "3 faults to try, 2 tried before" in gone_on.output) == (1, True)
    assert "3 faults tried, 2 survived, 1 lost; seed 7" in gone_on.output


@pytest.mark.parametrize("also", [["--seed", "3"], ["--sample", "4"], ["--only", "drop@3/resume"]])
def test_what_goes_on_chooses_nothing_anew(also):
    ended = CliRunner().invoke(matrix.faults, ["--go-on", *also])
    assert (ended.exit_code, "expected no other choice" in ended.stderr) == (2, True)


def test_there_is_nothing_to_go_on_with_where_nothing_was_tried_or_other_code_was(monkeypatch, tmp_path):
    monkeypatch.setattr(matrix, "LOST", tmp_path)
    nothing = CliRunner().invoke(matrix.faults, ["--go-on"])
    assert (nothing.exit_code, "nothing to go on with" in nothing.stderr) == (2, True)
    KeptResults.begin(tmp_path, Chosen(7, None, 8))
    monkeypatch.setattr(kept_results, "_code", lambda: "0" * 64)
    other = CliRunner().invoke(matrix.faults, ["--go-on"])
    assert (other.exit_code, "holds what other code survived than this, 000000000000" in other.stderr) == (2, True)


def test_a_matrix_that_is_out_of_time_begins_no_trial(monkeypatch, tmp_path):
    monkeypatch.setattr(matrix, "LOST", tmp_path)
    monkeypatch.setattr(matrix, "_open", lambda kept: None)
    trials = [trial_choice.trial_named(f"drop@{number}/resume") for number in range(1, 9)]
    monkeypatch.setattr(matrix, "_in_worker", same)
    assert list(matrix._carried_out(trials, 2, 0)) == []
    assert sorted(matrix._carried_out(trials, 2, None), key=trials.index) == trials


def same(trial):
    return trial


def test_a_name_that_no_trial_has_is_refused():
    ended = CliRunner().invoke(matrix.faults, ["--only", "typhoon@3/resume"])
    assert (ended.exit_code, "drop@17/resume" in ended.stderr) == (2, True)
