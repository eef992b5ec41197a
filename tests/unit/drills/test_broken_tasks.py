"""What the review says of single failures, from a run's evidence or from none, and its chart."""

import pytest
from failures import WELL, row

from lib.display.charts import failure_chart
from lib.display.charts.style import describe
from lib.drills import broken_tasks
from lib.record.records import Record


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path, "run")


def test_without_evidence_nothing_passed_and_it_says_why(record):
    (check,) = broken_tasks.checks(record)
    assert check.status == "not exercised here"
    assert "not broken for a test" in check.found and "phase 03" in check.found
    assert broken_tasks.unreached_rows(record) == [] and broken_tasks.matrix(record).empty
    assert "no task was broken in this run" in describe(failure_chart.failures(broken_tasks.matrix(record), 30))


def test_what_only_a_queue_carries_and_what_nothing_does_is_never_passed(record):
    record.keep_json(broken_tasks.EVIDENCE, WELL)
    statuses = {check.status: check for check in broken_tasks.checks(record)}
    assert list(statuses) == ["passed", "not exercised here", "waiting"]
    said = "8 tried on 2 interpreters: 4 reached somebody, 1 failed visibly, 1 only a queue, 2 UNCARRIED, none silent"
    assert statuses["passed"].found == f"{said}; where and when they were tried, this record does not tell"
    assert statuses["not exercised here"].found == "SendHigh > dispatcher slow (high)"
    assert statuses["waiting"].found == "SendHigh > rule disabled (high)"


def test_where_and_when_tasks_were_broken_is_said(record):
    times = ["2026-03-01T10:00:07Z", "", "2026-03-01T10:02:00Z"]
    rows = [{**WELL[0], "account": "000000000000 at http://127.0.0.1:9", "began": began} for began in times]
    record.keep_json(broken_tasks.EVIDENCE, rows)
    (check,) = broken_tasks.checks(record)
    said = "tried in account 000000000000 at http://127.0.0.1:9, 2026-03-01T10:00:07Z to 2026-03-01T10:02:00Z"
    assert check.found.endswith(said)
    record.keep_json(broken_tasks.EVIDENCE, [{**rows[1], "account": "1"}])
    assert broken_tasks.checks(record)[0].found.endswith("tried in account 1, and none began")


def test_what_sets_an_alarm_off_is_counted_apart_and_stops_nothing(record):
    alarmed = row("SendHigh > rule", "disabled", "alarm", route="high")
    record.keep_json(broken_tasks.EVIDENCE, [WELL[0], alarmed])
    (check,) = broken_tasks.checks(record)
    said = "2 tried on 1 interpreters: 1 reached somebody, 0 failed visibly, 1 an alarm, none silent"
    assert (check.status, check.found.startswith(f"{said}; where and when")) == ("passed", True)
    (left,) = broken_tasks.unreached_rows(record)
    assert (left["what came of it"], left["does it stop?"]) == ("an alarm", "no stop")
    assert set(broken_tasks.matrix(record)["outcome"]) == {"contact", "alarm"}


def test_a_silent_failure_fails_and_is_named(record):
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, row("TellOperations", "denied", "failed")])
    check = broken_tasks.checks(record)[0]
    assert (check.status, "SILENT: TellOperations denied" in check.found) == ("failed", True)
    assert broken_tasks.unreached_rows(record)[-1]["why"] == "because of denied"


def late(why="LATE: contact after 31 s", **control):
    return row("TellOperations", "slow", "late", {"operations": 1.8, "contact": 31.0}) | {
        "why": why,
        **({"control": control} if control else {}),
    }


def test_late_is_no_pass_and_is_not_called_silent(record):
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, late()])
    found = {check.name: check for check in broken_tasks.checks(record)}
    assert (found[broken_tasks.NAME].status, found[broken_tasks.IN_TIME].status) == ("passed", "failed")
    assert "none silent" in found[broken_tasks.NAME].found
    assert found[broken_tasks.IN_TIME].found == "1 of 9 LATE: TellOperations slow"
    figure = failure_chart.failures(broken_tasks.matrix(record), 30)
    assert "LATE 31.0 s" in {text.get_text() for text in figure.axes[0].texts}
    assert "1 LATE" in describe(figure) and "none silent" in describe(figure)


def test_what_the_machine_made_late_is_said_to_be_the_machines_and_is_no_pass(record):
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, late(late=True), late(late=False)])
    check = {check.name: check for check in broken_tasks.checks(record)}[broken_tasks.IN_TIME]
    assert check.found == ("2 of 10 LATE: TellOperations slow; of 1 the unbroken control was late too: the machine's")
    assert check.status == "failed"


def test_what_was_silent_beside_a_late_control_still_fails_and_is_said_to_be_the_machines(record):
    rows = [row("TellOperations", "denied", "silent") | {"control": {"late": one}} for one in (True, True, False)]
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, *rows])
    check = broken_tasks.checks(record)[0]
    assert "SILENT: TellOperations denied; of 2 the unbroken control was late too: the machine's; " in check.found
    assert check.status == "failed"


@pytest.mark.parametrize(
    ("why", "seconds", "verdict"),
    [
        ("LATE: contact after 31 s; the limit is 30 s", {"operations": 1.8, "contact": 31.0}, "late"),
        ("SILENT: nobody was reached and the execution SUCCEEDED", {}, "silent"),
        ("NOBODY REACHED: failed visibly by AlertUndelivered, though this alone was broken", {}, "silent"),
        ("CUT OFF: ended by X, which is none of the definition's own errors", {}, "silent"),
        ("CUT OFF: ended by X, which is none of the definition's own errors", {"operations": 0.2}, "failed"),
        ("SILENT: the execution ended well, as if the check-in had been processed", {"operations": 0.2}, "failed"),
        ("FORGOTTEN: no input is known that reaches this task", {}, "failed"),
    ],
)
def test_a_record_of_before_two_words_is_told_apart_by_its_evidence(why, seconds, verdict):
    assert broken_tasks.verdict({"verdict": "failed", "why": why, "seconds": seconds}) == verdict


def test_the_latest_attempt_counts(record):
    record.keep_json(broken_tasks.EVIDENCE, [row("TellOperations", "denied", "failed")])
    record.keep_json(broken_tasks.EVIDENCE, WELL)
    assert broken_tasks.checks(record)[0].status == "passed"


def test_what_did_not_pass_is_listed_once_for_all_interpreters(record):
    record.keep_json(broken_tasks.EVIDENCE, WELL)
    assert [(line["broken"], line["interpreters"]) for line in broken_tasks.unreached_rows(record)] == [
        ("SendHigh > rule", "one, other"),
        ("SendHigh > dispatcher", "one"),
    ]


def test_of_all_interpreters_and_routes_the_worst_counts(record):
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, row("TellOperations", "slow", "failed", {"contact": 40.0})])
    found = {(line.task, line.fault): (line.outcome, line.seconds) for line in broken_tasks.matrix(record).itertuples()}
    assert found["TellOperations", "missing"] == ("contact", 4.0)
    assert found["AlertAll (+2)", "missing"][0] == "failed visibly"
    assert found["TellOperations", "slow"][0] == "failed"
    assert found["SendHigh > rule (high)", "disabled"][0] == "gap"


@pytest.mark.parametrize("effect", broken_tasks.Effect)
def test_whether_an_effect_stops_is_what_its_check_answers_and_it_has_one_word_everywhere(record, effect):
    record.keep_json(broken_tasks.EVIDENCE, [row("T > rule", "slow", str(effect), {"contact": 1.0})])
    found = {check.id: check.status for check in broken_tasks.checks(record)}
    ruling = effect.ruling
    assert found[ruling.check] == ruling.status
    assert ("failed" in found.values()) == ruling.stop.startswith("STOP")
    listed = broken_tasks.unreached_rows(record)
    told = {
        one.get_text().split(" 1")[0] for one in failure_chart.failures(broken_tasks.matrix(record), 30).axes[0].texts
    }
    if effect is not broken_tasks.Effect.PASSED:
        (line,) = listed
        assert (line["status"], line["what came of it"], line["does it stop?"]) == (
            ruling.status,
            ruling.word,
            ruling.stop,
        )
        assert told == {ruling.word}


def test_no_two_effects_share_a_word():
    assert len({effect.ruling.word for effect in broken_tasks.Effect}) == len(broken_tasks.Effect)
