"""Whether a run's validation still speaks of what is live: what is not known is no agreement. No AWS."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from lib.checks import Check
from lib.display import terminal
from lib.phases import validity
from lib.phases.validity import BEGUN, Validation, Validity
from lib.record import records
from lib.record.records import VALIDATED, Record
from lib.record.stored import run_copies
from lib.resources import connected_run
from lib.settings import load
from lib.telemetry.configuration import live_configuration
from lib.telemetry.configuration.facts import Difference, Fact, Meaning, Sense
from lib.telemetry.configuration.live_configuration import Configuration
from lib.values import run_names
from lib.values.check_registry import Id, due, of

THEN, NOW = "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"
FAILED = Difference("rule R: state", "12", Meaning.FAILED, "ENABLED -> DISABLED")
UNREAD = Difference("function F: code", "13", Meaning.CANNOT_TELL, "could not be read now", changed=False)
UNSEEN = Difference("function F: last update", "13", Meaning.CANNOT_TELL, "monday -> tuesday")
MORE = Difference("topic T: subscribers", "12", Meaning.TOLD, "also sqs abc")
UNKNOWN = Validity("r1", "", "", why=validity.NOT_KEPT)


def standing(*rows):
    return Validity("r1", THEN, NOW, rows)


def decided(status="passed", number="1"):
    return Check(of(f"criterion.{number}"), f"{number} All test scenarios pass", status, "6 of 6", "all")


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (standing(), "passed"),
        (standing(MORE), "passed"),
        (standing(MORE, UNREAD), "cannot tell"),
        (standing(UNSEEN), "cannot tell"),
        (standing(UNREAD, FAILED, MORE), "failed"),
        (UNKNOWN, "cannot tell"),
    ],
)
def test_the_worst_that_differs_decides_and_an_answer_says_as_of_when(found, status):
    (check,) = validity.evidence_answers(found, [decided()])
    assert (check.status, check.name) == (status, "1 All test scenarios pass")
    # What decides stands first.
    assert check.found.startswith("6 of 6; ") if status == "passed" else check.found.endswith("; 6 of 6")
    assert (THEN in check.found) is found.known
    assert validity.check(found).status == status
    assert found.holds is (status == "passed")
    for row in found.differences:
        assert row.sentence in validity.check(found).found
        # What took nothing away is in the table; beside what did, it would hide it.
        assert (row.sentence in check.found) is (row.meaning is not Meaning.TOLD or status == "passed")
    assert ("NOT AS validated" in check.found) is (found.known and status != "passed")


@pytest.mark.parametrize("number", "345")
def test_a_criterion_does_not_fail_by_what_it_does_not_rest_on(number):
    (check,) = validity.evidence_answers(standing(FAILED), [decided(number=number)])
    assert check.status == "passed"
    assert FAILED.name not in check.found


@pytest.mark.parametrize("status", ["failed", "waiting", "not exercised here", "not applied", "cannot tell"])
@pytest.mark.parametrize("found", [UNKNOWN, standing(), standing(MORE), standing(UNREAD)], ids=lambda f: f.since[:9])
def test_nothing_makes_an_answer_better(status, found):
    assert validity.evidence_answers(found, [decided(status)])[0].status == status


def test_of_answers_that_are_no_criteria_the_number_is_given():
    checks = validity.evidence_answers(
        standing(FAILED), [Check(Id.NONE_SILENT, "no single failure silences a crisis", "passed", "x", "")]
    )
    assert [check.status for check in checks] == ["failed"]


def settings(tmp_path, **more):
    return load("local", {"outputs_dir": str(tmp_path), "mode": "apply", **more})


def read_of(state, time=NOW):
    return Configuration(time, [Fact("rule R: state", "12", Sense.WHOLE, state)])


@pytest.fixture
def live(tmp_path, monkeypatch):
    """A connection whose rule is ENABLED."""
    monkeypatch.setattr(live_configuration, "read", lambda live: read_of(live.state))
    return SimpleNamespace(settings=settings(tmp_path), state="ENABLED")


def run_of(live, run_id, time=THEN, failed=(), state="ENABLED"):
    record = records.open_run(live.settings.model_copy(update={"run_id": run_id}))
    record.keep_json(BEGUN, {"time": time})
    answers = [Check(one, one, "passed", "", "") for one in due("05", applies=True)]
    record.checked("05", [*answers, *(Check(Id.DRILL_STATUS, name, "failed", "", "", name) for name in failed)])
    validity.keep(connected_run.of(live, record), Validation(read_of(state, time), read_of(state, time), []))
    return record


@pytest.mark.parametrize(
    ("differences", "status"),
    [([], "passed"), ([MORE], "passed"), ([UNREAD], "cannot tell"), ([UNSEEN], "failed"), ([FAILED, MORE], "failed")],
)
def test_what_changes_while_the_drills_run_fails_also_where_no_more_is_known_than_that(live, differences, status):
    (check,) = validity.system_unchanged(live, Validation(read_of("ENABLED"), read_of("ENABLED"), differences))
    assert check.status == status
    assert all(row.sentence in check.found for row in differences if status != "failed" or row.meaning != Meaning.TOLD)


def test_in_plan_mode_nothing_is_kept_and_nothing_is_said_to_be_unchanged(tmp_path, live):
    live.settings = settings(tmp_path, mode="plan")
    record = Record(tmp_path / "local" / "r1", "r1")
    found = validity.end(live, validity.begin_validation(connected_run.of(live, record)))
    validity.keep(connected_run.of(live, record), found)
    assert [check.status for check in validity.system_unchanged(live, found)] == ["not applied"]
    assert not record.folder.exists()


def test_a_run_that_kept_no_read_or_one_of_another_format_does_not_stand(live, tmp_path):
    record = Record(tmp_path / "local" / "r1", "r1")
    assert validity.of_run(connected_run.of(live, record)).why == validity.NOT_KEPT
    record.keep_json(VALIDATED, {"format": 99, "time": THEN, "failed": [], "facts": []})
    assert validity.of_run(connected_run.of(live, record)).why == validity.NOT_KEPT
    assert validity.latest(live).why == validity.NONE_KNOWN


def test_a_validation_that_did_not_end_is_not_the_one_before_it(live):
    record = run_of(live, "r1")
    assert validity.of_run(connected_run.of(live, record)).holds
    record.keep_json(BEGUN, {"time": NOW})  # and then it was killed
    assert validity.of_run(connected_run.of(live, record)).why == validity.NOT_ENDED


def test_what_differs_from_what_a_run_validated_is_named(live):
    record, live.state = run_of(live, "r1"), "DISABLED"
    found = validity.of_run(connected_run.of(live, record))
    assert validity.table(found) == [
        {"what": "rule R: state", "differs": "ENABLED -> DISABLED", "so": "failed", "criteria": "1, 2"}
    ]
    assert validity.data(found)["differences"] == validity.table(found)


def test_a_drill_is_told_of_the_latest_run_that_validated_with_success(live):
    run_of(live, "r1", "2026-01-01T00:00:00+00:00")
    run_of(live, "r2", "2026-01-03T00:00:00+00:00", state="DISABLED")
    run_of(live, "r3", "2026-01-02T00:00:00+00:00")
    run_of(live, "r4", "2026-01-04T00:00:00+00:00", failed=["crisis: alerts to operations"])
    found = validity.latest(live)
    assert (found.run_id, found.validated, found.holds) == ("r2", "2026-01-03T00:00:00+00:00", False)


@pytest.mark.parametrize("dated", ["2026-01-09T00:00:00+00:00", "2026-01-02T12:05:01+00:00", "some day", None])
def test_a_validation_that_is_dated_ahead_decides_nothing_and_is_named(live, capsys, dated):
    now = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
    run_of(live, "r1", dated, state="DISABLED")
    found = validity.latest(live, now)
    assert (found.known, validity.check(found).status) == (False, "cannot tell")
    run_of(live, "r2", "2026-01-02T11:00:00+00:00")
    run_of(live, "r3", "2026-01-02T10:00:00+00:00", state="DISABLED")
    found = validity.latest(live, now)
    assert (found.run_id, found.holds, validity.check(found).status) == ("r2", True, "passed")
    terminal.validity(found)
    for said in (validity.check(found).found, validity.data(found)["left out"], capsys.readouterr().out):
        assert f"left out: run r1 at {dated}, which lies ahead of 2026-01-02 12:00 UTC" in " ".join(said.split())


def test_one_without_a_date_decides_nothing_either_and_ends_nothing(live):
    record = run_of(live, "r1")
    undated = {key: value for key, value in record.latest(VALIDATED).items() if key != "time"}
    record.keep_json(VALIDATED, undated)
    assert validity.latest(live).run_id == "r1"
    assert "left out: run r1 at None, which lies ahead" in validity.check(validity.latest(live)).found


def test_of_two_that_were_dated_in_other_zones_the_later_one_counts_and_a_clock_may_be_a_little_ahead(live):
    run_of(live, "r1", "2026-01-02T13:00:00+02:00", state="DISABLED")
    run_of(live, "r2", "2026-01-02T12:04:00+00:00")
    assert validity.latest(live, datetime(2026, 1, 2, 12, 0, tzinfo=UTC)).run_id == "r2"
    assert "left out" not in validity.data(validity.latest(live))


def test_what_another_machine_validated_is_known_from_the_store(live, tmp_path):
    there = run_of(live, "r1")
    files = {str(path.relative_to(there.folder)): path for path in there.folder.rglob("*") if path.is_file()}
    copy = Record(tmp_path / "here" / "local" / run_names.COPIES / "r1", "r1")
    shelf = SimpleNamespace(read=lambda name: files[name].read_bytes())
    run_copies.copy_telling(copy, shelf, dict.fromkeys(files, "etag"))
    live.settings = settings(tmp_path, outputs_dir=str(tmp_path / "here"))
    assert validity.latest(live).run_id == "r1"
