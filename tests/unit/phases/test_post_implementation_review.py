"""The review's tables: who took which route, and how long each phase took."""

import pandas as pd
import pytest

from lib.errors import NotAsWanted
from lib.phases import post_implementation_review
from lib.record.records import Record
from lib.telemetry import continuity
from lib.values.check_registry import Id


def routes(*rows: tuple[str, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["route", "drill"])


def test_drills_have_no_part_in_the_share_of_check_ins():
    found = post_implementation_review.by_route(
        routes(("none", False), ("none", False), ("standard", False), ("crisis", True))
    )
    assert found == [
        {"route": "crisis", "check-ins": 0, "share of check-ins": "0.0%", "drills": 1},
        {"route": "standard", "check-ins": 1, "share of check-ins": "33.3%", "drills": 0},
        {"route": "none", "check-ins": 2, "share of check-ins": "66.7%", "drills": 0},
    ]


def test_drills_alone_give_no_share():
    assert post_implementation_review.by_route(routes(("crisis", True)))[0]["share of check-ins"] == "no check-in"


def test_no_execution_gives_no_row():
    assert post_implementation_review.by_route(routes()) == []


def test_a_phase_that_still_runs_has_taken_no_time_yet(tmp_path):
    record = Record(tmp_path, "r1")
    rows = [
        ("05_validation", "succeeded", 30, 60.0),
        ("07_post_implementation_review", "running", None, 0.0),
        ("08_tuning", "not_run", None, 0.0),
    ]
    keys = ("notebook", "verdict", "planned_minutes", "seconds")
    record.write_json("run.json", {"phases": [dict(zip(keys, row, strict=True)) for row in rows]})
    found = post_implementation_review.phases(record)
    assert found["taken"].fillna(-1).tolist() == [1.0, -1, -1]
    assert found["instead"].tolist() == ["", "running: this phase", "not run yet"]


def test_the_review_never_tells_of_itself_what_an_earlier_attempt_at_it_took(tmp_path):
    record = Record(tmp_path, "r1")
    one = {"notebook": "07_post_implementation_review", "verdict": "succeeded", "planned_minutes": None, "seconds": 9.0}
    record.write_json("run.json", {"phases": [one]})
    (told,) = post_implementation_review.phases(record).to_dict("records")
    assert (told["taken"] != told["taken"], told["instead"]) == (True, "running: this phase")


def test_a_run_by_hand_has_no_phases_to_draw(tmp_path):
    assert post_implementation_review.phases(Record(tmp_path, "r1")).empty


def rows(*statuses):
    told = {"id": Id.SAME_EVENT, "name": "event", "expected": ""}
    return [told | {"status": status, "found": str(at)} for at, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "status", "found"),
    [
        (["passed"], "passed", "0"),
        (["passed", "failed"], "failed", "1"),
        (["failed", "passed"], "passed", "1"),
        (["passed", "not exercised here"], "not exercised here", "1"),
        ([], "failed", "this run has no answer"),
    ],
)
def test_the_latest_answer_of_a_run_counts(statuses, status, found):
    another = {"id": Id.ACROSS, "name": "event", "status": "failed"}
    check = post_implementation_review.latest_answer([*rows(*statuses), another], Id.SAME_EVENT)
    assert (check.status, check.found) == (status, found)


@pytest.mark.parametrize("idle", ["plan mode", continuity.NOT_UPDATED])
def test_a_phase_that_did_nothing_takes_no_answer_away(idle):
    later = {"id": Id.SAME_EVENT, "name": "event", "status": "not applied", "found": idle, "expected": ""}
    assert post_implementation_review.latest_answer([*rows("passed"), later, later], Id.SAME_EVENT).status == "passed"
    assert post_implementation_review.latest_answer([later], Id.SAME_EVENT).found == idle


@pytest.mark.parametrize("status", ["failed", "cannot tell", "waiting", "not exercised here"])
def test_a_look_that_finds_the_same_without_judging_it_takes_no_answer_away(tmp_path, status):
    record = Record(tmp_path, "r1")
    row = {"phase": "05", "name": "phase 03 is in place", "found": "not as wanted: workflow", "expected": ""}
    for one in ("passed", status, "not applied"):
        record.append("checks.jsonl", row | {"status": one})
    answers = [check for check in post_implementation_review.validation_answers(record) if check.name == row["name"]]
    assert [check.status for check in answers] == [status]


@pytest.mark.parametrize(
    ("statuses", "listed"),
    [
        (["cannot tell"], ["cannot tell"]),
        (["waiting"], ["waiting"]),
        (["not exercised here"], ["not exercised here"]),
        (["cannot tell", "passed"], []),
        (["passed", "cannot tell"], ["cannot tell"]),
        (["passed"], []),
        (["failed"], []),
    ],
)
def test_what_nobody_can_tell_is_an_open_point(tmp_path, statuses, listed):
    record = Record(tmp_path, "r1")
    for row in rows(*statuses):
        record.append("checks.jsonl", row | {"phase": "07"})
    found = post_implementation_review.open_points(record)
    assert [row["status"] for row in found] == listed
    assert all(row["waits for"] and row["under criterion"].endswith("3: holds it up") for row in found)


def asked(record, phase, one, status, subject=""):
    told = {"phase": phase, "id": one, "name": "words", "status": status, "found": "", "expected": ""}
    record.append("checks.jsonl", told | {"subject": subject})


def test_what_a_later_phase_answered_is_open_no_more(tmp_path):
    record = Record(tmp_path, "r1")
    asked(record, "00", Id.OPERATIONS_SUBSCRIBERS, "waiting")
    asked(record, "00", Id.KEY_OF_TOPIC, "cannot tell", "one topic")
    assert [row["phase"] for row in post_implementation_review.open_points(record)] == ["00", "00"]
    asked(record, "05", Id.OPERATIONS_SUBSCRIBERS, "passed")
    asked(record, "01", Id.KEY_OF_TOPIC, "passed", "another topic")
    assert [row["status"] for row in post_implementation_review.open_points(record)] == ["cannot tell"]


def test_a_point_of_the_checklist_is_no_check_that_is_open(tmp_path):
    record = Record(tmp_path, "r1")
    asked(record, "05", Id.CHECKLIST, "not exercised here")
    assert post_implementation_review.open_points(record) == []


@pytest.mark.parametrize("row", [{}, {"phase": "05"}, {"name": "a", "status": "passed"}])
@pytest.mark.parametrize("reads", ["open_points", "validation_answers"])
def test_a_row_that_is_no_answer_is_a_sentence_and_passes_nothing(reads, row, record):
    record.append("checks.jsonl", row)
    with pytest.raises(NotAsWanted, match="which is no answer to a check"):
        getattr(post_implementation_review, reads)(record)
