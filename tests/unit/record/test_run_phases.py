"""What became of the phases of a run, as its record tells."""

import json
from datetime import UTC, datetime

import pytest
from written_rows import wrote

from lib.cli.notebooks import RUNBOOKS
from lib.record import run_phases, run_verdict
from lib.record.records import Record, Run
from lib.record.run_phases import NOTEBOOKS, PLANNED_MINUTES, ROLLBACK, Phase, numbers, overall
from lib.settings import load


def test_all_phases_run_in_the_order_of_the_runbook():
    assert numbers() == list(NOTEBOOKS)
    assert sorted(NOTEBOOKS) == [f"{number:02}" for number in range(9)]


def test_every_phase_has_its_notebook():
    assert all((RUNBOOKS / f"{name}.ipynb").is_file() for name in [*NOTEBOOKS.values(), ROLLBACK])


def test_the_planned_minutes_are_the_plans():
    assert sum(PLANNED_MINUTES.values()) == 95


def test_a_part_of_the_phases_can_be_chosen():
    order = list(NOTEBOOKS)
    assert numbers(first=order[3]) == order[3:]
    assert numbers(last=order[2]) == order[:3]
    assert numbers(first=order[1], last=order[1]) == [order[1]]
    assert numbers(only="07") == ["07"]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["succeeded", "succeeded"], "succeeded"),
        (["succeeded", "failed", "not_run"], "failed"),
        (["succeeded", "interrupted", "not_run"], "interrupted"),
        (["failed", "interrupted"], "interrupted"),
        (["succeeded", "not_run"], "not_run"),
        (["not_run"], "not_run"),
        ([], "not_run"),
    ],
)
def test_the_runs_verdict_is_the_worst_of_its_phases(verdicts, expected):
    assert overall([Phase("00", "x", verdict) for verdict in verdicts]) == expected


def test_a_refused_run_says_so():
    assert overall([Phase("00", "x")], "not approved") == "refused"


def test_a_run_without_a_verdict_says_so(tmp_path):
    assert run_phases.status(Record(tmp_path, "r1")) == {"run_id": "r1", "verdict": "did not start", "phases": []}


def written(tmp_path, *phases_done, refused=""):
    record = Record(tmp_path, "r1")
    run_verdict.write_verdict(Run(load("local"), record), list(phases_done), datetime.now(UTC), None, refused)
    return record


def test_a_run_that_was_killed_does_not_look_as_if_nothing_had_happened(tmp_path):
    record = written(tmp_path, Phase("01", "01_infrastructure", "running"), Phase("02", "02_iam_permissions"))
    row = {"kind": "thing", "identity": {}, "name": "x", "phase": "01", "before": None, "after": 1}
    row |= {"time": "2026-01-01T00:00:00+00:00", "state": "applied", "undoes": False}
    record.append("changes.jsonl", row)
    record.append("changes.jsonl", {**row, "name": "a drill's listener", "temporary": True})
    assert run_phases.status(record)["verdict"] == "running, or killed: 1 changes applied"


def test_a_refusal_takes_nothing_from_what_ran_before(tmp_path):
    written(tmp_path, Phase("00", "00_preflight", "succeeded"), Phase("01", "01_infrastructure", "succeeded"))
    record = written(tmp_path, Phase("00", "00_preflight"), Phase("01", "01_infrastructure"), refused="not approved")
    found = run_phases.status(record)
    assert found["verdict"] == "succeeded (00, 01 alone)"
    assert found["refused"] == "not approved"
    assert [row["verdict"] for row in found["phases"]] == ["succeeded", "succeeded"]


def test_a_run_is_told_by_its_own_verdict(settings, record):
    record.write_json("run.json", {"run_id": record.run_id, "verdict": "failed", "phases": []})
    assert run_phases.status(record)["verdict"] == "failed"
    assert json.loads((record.folder / "run.json").read_text())["verdict"] == "failed"


def test_what_waits_for_a_person_is_as_it_was_asked_last_in_whichever_phase(settings, record):
    def asked(phase, check_id, status, subject="", minute=0):
        name, time = f"{check_id} {subject}".strip(), f"2026-01-01T00:0{minute}:00+00:00"
        record.append("checks.jsonl", {
            "phase": phase, "time": time, "id": check_id, "subject": subject, "name": name, "status": status,
            "found": f"as {phase} saw it", "expected": "",
        })  # fmt: skip

    asked("01", "operations.subscribers", "waiting")
    asked("04", "alarm.tells", "waiting", "a", 1)
    asked("05", "alarm.tells", "passed", "b", 2)
    asked("05", "validation.checklist", "waiting", "", 2)
    asked("07", "criterion.1", "waiting", "", 3)
    assert run_phases.waits_for_people(record) == []  # nothing was applied
    record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": []})
    assert [(one["check"], one["found"], one["phase"]) for one in run_phases.waits_for_people(record)] == [
        ("operations.subscribers", "as 01 saw it", "01"), ("alarm.tells a", "as 04 saw it", "04"),
    ]  # fmt: skip
    asked("05", "operations.subscribers", "passed", "", 4)
    assert [one["check"] for one in run_phases.waits_for_people(record)] == ["alarm.tells a"]


@pytest.mark.parametrize(
    ("undone", "rollback", "said"),
    [
        ("", None, "succeeded (00 alone)"),
        ("w", None, "succeeded (00 alone); undone since: w"),
        ("wa", {"verdict": "succeeded"}, "succeeded (00 alone); rollback succeeded; undone since: w, a"),
        ("wab", None, "succeeded (00 alone); undone since: 3 of 4 changes"),
        ("wabc", {"verdict": "succeeded"}, "succeeded (00 alone); rollback succeeded"),
    ],
)
def test_a_run_of_which_some_was_taken_back_says_so_beside_its_verdict(undone, rollback, said, record):
    back = rollback and Phase("90", ROLLBACK).to_row() | rollback
    phases = [Phase("00", NOTEBOOKS["00"], "succeeded").to_row()]
    record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": phases, "rollback": back})
    for name, undoes in [*((one, False) for one in "wabc"), *((one, True) for one in undone)]:
        record.append("changes.jsonl", wrote("queue", "applied", undoes=undoes) | {"name": name})
    assert run_phases.status(record)["verdict"] == said
