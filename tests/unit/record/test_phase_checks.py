"""Whether a phase ended well: by its registered checks as the record holds them, and by nothing that a cell shows."""

from dataclasses import replace

import pytest

from lib.checks import Check, Status, as_before_write, failures
from lib.display import show
from lib.errors import NotAsWanted
from lib.phases import post_implementation_review
from lib.record import run_phases
from lib.record.records import Record, Run
from lib.record.run_phases import NOTEBOOKS
from lib.settings import load
from lib.values.check_registry import Id, due


def good(phase, applies=True):
    return [Check(one, f"{one}, in words", Status.PASSED, "x", "x") for one in due(phase, applies)]


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path, "r1", attempt="first")


def test_a_phase_ends_well_where_each_registered_check_was_answered_and_none_failed(record):
    record.checked("05", good("05"))
    assert run_phases.unmet(record, "05", "apply") == []


@pytest.mark.parametrize("number", [*NOTEBOOKS, "90"])
def test_a_check_that_nobody_answered_is_a_failure(record, number):
    answers = good(number)
    for lacking in answers:
        alone = replace(record, attempt=lacking.id)
        alone.checked(number, [one for one in answers if one is not lacking])
        assert [one.id for one in run_phases.unmet(alone, number, "apply")] == [lacking.id]
        with pytest.raises(NotAsWanted, match="no answer"):
            run_phases.require_met(alone, number, "apply")


def test_without_any_answer_a_phase_has_failed(record):
    assert {one.id for one in run_phases.unmet(record, "05", "apply")} == set(due("05", applies=True))


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_a_failed_check_that_is_only_shown_stops_the_phase(record, mode):
    bad = Check(Id.NONE_SILENT, "x", Status.FAILED, "one", "none")
    show.points(record.checked("07", [*good("07"), replace(bad, id=Id.TOLD_IN_TIME)]))
    assert [one.id for one in run_phases.unmet(record, "07", mode)] == [Id.TOLD_IN_TIME]
    with pytest.raises(NotAsWanted, match="1 of the checks failed: x: found one"):
        show.ended_well(Run(load("local", {"mode": mode}), record), "07")


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.FAILED])
def test_what_is_open_stops_nothing(record, status):
    record.checked("07", [replace(one, status=status) for one in good("07")])
    assert run_phases.unmet(record, "07", "apply") == []


def test_what_drills_alone_can_answer_is_due_only_where_they_run(record):
    record.checked("05", good("05", applies=False))
    assert run_phases.unmet(record, "05", "plan") == []
    assert Id.NO_STRAY in {one.id for one in run_phases.unmet(record, "05", "apply")}


def test_another_attempt_answers_nothing_and_fails_nothing(record):
    record.checked("06", [replace(one, status=Status.FAILED) for one in good("06")])
    second = replace(record, attempt="second")
    assert {one.found for one in run_phases.unmet(second, "06", "apply")} == {"no answer"}
    second.checked("06", good("06"))
    assert run_phases.unmet(second, "06", "apply") == []
    assert len(run_phases.unmet(record, "06", "apply")) == len(good("06"))


def test_another_phase_answers_nothing(record):
    record.checked("00", good("00"))
    assert Id.STARTED in {one.id for one in run_phases.unmet(record, "03", "apply")}


def test_what_is_asked_again_counts_as_it_was_answered_last(record):
    asked = Check(Id.AS_WANTED, "x", Status.FAILED, "1", "2", "rule")
    record.checked("06", [*good("06"), asked])
    record.checked("06", [replace(asked, name="other words", status=Status.PASSED)])
    assert run_phases.unmet(record, "06", "apply") == []


def test_of_two_under_one_key_that_are_asked_at_once_none_replaces_the_other(record):
    record.checked("06", [*good("06"), *(Check(Id.AS_WANTED, "x", one, "", "", "a") for one in ("failed", "passed"))])
    assert len(run_phases.unmet(record, "06", "apply")) == 1


def test_an_answer_after_the_write_does_not_replace_the_one_before_it(record):
    key = Check(Id.KEY_OF_QUEUE, "key", Status.FAILED, "1", "2", "queue")
    record.checked("04", [*good("04"), *as_before_write([key])])
    record.checked("04", [replace(key, status=Status.PASSED)])
    assert [one.id for one in run_phases.unmet(record, "04", "apply")] == [Id.KEY_OF_QUEUE_BEFORE]


def test_a_check_is_recorded_by_no_phase_that_it_is_not_registered_with(record):
    with pytest.raises(ValueError, match="not registered with 06"):
        record.checked("06", [Check(Id.DRILL_STATUS, "x", Status.PASSED, "", "")])
    assert record.rows("checks.jsonl") == []


OLD = {"phase": "05", "name": "phase 03 is in place", "status": "waiting", "found": "x", "expected": "y"}


def test_a_row_of_an_earlier_version_has_no_id_and_is_shown_all_the_same(record):
    record.append("checks.jsonl", OLD)
    assert Check.from_row(OLD).id is Id.UNKNOWN
    assert [(row["open"], row["status"]) for row in post_implementation_review.open_points(record)] == [
        (OLD["name"], "waiting")
    ]
    assert OLD["name"] in {check.name for check in post_implementation_review.validation_answers(record)}
    assert failures(post_implementation_review.validation_answers(record)) == []
    assert {check.status for check in post_implementation_review.earlier(record)} == {"cannot tell"}


def test_the_review_rests_on_every_check_that_the_validation_had_to_answer(record):
    answers = [one for one in good("05") if one.id is not Id.NO_STRAY]
    record.checked("05", answers)
    assert [one.id for one in failures(post_implementation_review.validation_answers(record))] == [Id.NO_STRAY]


def test_the_review_chooses_what_it_rests_on_by_id(record):
    for phase, one in (("03", Id.ACROSS), ("05", Id.SAME_EVENT)):
        record.checked(phase, [Check(one, "other words than ever", Status.PASSED, "", "")])
    assert [check.status for check in post_implementation_review.earlier(record)] == ["passed", "passed"]
