"""What is said of the change's disturbance from what was found: the old event's shape, the rate of success. No AWS."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from continued import CHANGE, GOOD, LOCAL, NOW, answers, listed

from lib.record.records import Record
from lib.resources import connected_run
from lib.telemetry import continuity, executions, outcomes
from lib.telemetry.review_window import Cutover, Window


def test_check_ins_of_which_nobody_knows_what_they_ran_pass_nothing_and_are_counted():
    """An alias that somebody edited 20 minutes after the run: moved away and back, or only described anew?"""
    groups = (GOOD, ("b", "SUCCEEDED", 1000, 9, 1), ("unknown", "FAILED", 40, 25, 1))
    change = Cutover(CHANGE, CHANGE, CHANGE + timedelta(minutes=20), ("v2",), "somebody edited it at 00:50")
    live = listed(*groups)
    seen = continuity.outcomes_since(live, NOW - timedelta(days=1), NOW, change)
    checks = continuity.checkins_undisturbed(seen, continuity.kinds_of_failure(live, seen), LOCAL)
    assert "passed" not in {check.status for check in checks}
    said = "of 40 check-ins nobody can tell which definition they ran: somebody edited it at 00:50"
    assert all(said in check.found for check in checks)
    counted = outcomes.table(seen).set_index(["who", "when"])
    assert counted.loc[("check-ins", "not known"), "failed"] == 40


def test_what_still_runs_of_a_time_that_ended_long_ago_ran_too_long_and_did_not_begin_just_now():
    """It began a minute before that end, and has hung for two hours since."""
    live, hour = listed(GOOD, ("stuck", "RUNNING", 3, 121, None)), timedelta(hours=1)
    window = Window(NOW - 4 * hour, NOW - 2 * hour, None)
    counted = outcomes.table(continuity.outcomes_of(live, window, NOW)).set_index("who").loc["check-ins"]
    assert (counted["too long"], counted["still running"]) == (3, 0)


def statuses(*groups, **more):
    found = answers(*groups, **more)
    return tuple(found[name].status for name in (continuity.RATE, continuity.NO_WORSE_PART, continuity.NO_NEW_KIND))


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        ([GOOD, ("b", "SUCCEEDED", 200, 20, 1)], ("passed", "passed", "passed")),
        ([("a", "SUCCEEDED", 3, 60, 1), ("b", "FAILED", 3, 20, 1)], ("failed", "cannot tell", "waiting")),
        ([GOOD, ("b", "SUCCEEDED", 1000, 20, 1), ("c", "FAILED", 30, 10, 1)], ("passed", "failed", "waiting")),
        ([GOOD, ("b", "RUNNING", 500, 20, None)], ("failed", "failed", "waiting")),
        ([GOOD, ("b", "SUCCEEDED", 200, 20, 900)], ("failed", "failed", "waiting")),
        ([GOOD], ("cannot tell", "cannot tell", "cannot tell")),
        ([("b", "SUCCEEDED", 200, 20, 1)], ("cannot tell", "cannot tell", "passed")),
        ([GOOD, ("drill-", "SUCCEEDED", 300, 20, 1)], ("cannot tell", "cannot tell", "cannot tell")),
        ([GOOD, ("b", "SUCCEEDED", 200, 20, 1), ("drill-", "FAILED", 300, 20, 1)], ("passed", "passed", "passed")),
        ([GOOD, ("b", "SUCCEEDED", 2, 20, 1)], ("cannot tell", "cannot tell", "passed")),
    ],
)
def test_real_checkins_succeed_as_before_in_every_part_and_fail_in_no_new_way(groups, found):
    assert statuses(*groups) == found


STUCK = ("stuck", "RUNNING", 500, 0.45, None)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([GOOD, ("b", "SUCCEEDED", 1100, 20, 1), ("c", "RUNNING", 500, 2.9, None)], "500 more in doubt"),
        ([GOOD, ("b", "SUCCEEDED", 1100, 20, 1), STUCK], "500 more in doubt"),
        ([GOOD, ("b", "SUCCEEDED", 1100, 20, 1), ("c", "RUNNING", 500, 0.05, None)], "500 more in doubt"),
        ([GOOD, ("b", "SUCCEEDED", 1100, 20, 179)], "1,100 more in doubt"),
        ([GOOD, ("b", "SUCCEEDED", 1100, 20, 1), ("c", "SUCCEEDED", 400, 10, 40)], "400 more in doubt"),
    ],
)
def test_what_is_slower_than_before_is_no_success_while_it_runs_and_is_named(groups, said):
    found = answers(*groups)
    assert statuses(*groups) == ("cannot tell",) * 3
    assert said in found[continuity.RATE].found


def test_a_few_that_run_at_the_end_and_a_slow_one_take_no_pass_away():
    groups = (GOOD, ("b", "SUCCEEDED", 1100, 20, 1), ("c", "SUCCEEDED", 2, 25, 60), ("d", "RUNNING", 4, 0.05, None))
    assert {check.status for check in answers(*groups).values()} == {"passed"}
    assert "; 2 more in doubt, " in answers(*groups)[continuity.RATE].found
    assert "; 4 began just now" in answers(*groups)[continuity.RATE].found


def test_what_ran_too_long_is_said_with_its_number():
    found = answers(GOOD, ("b", "RUNNING", 500, 20, None))
    assert "after the change 500 ran too long" in found[continuity.RATE].found
    assert "RUNNING for over 180 s: 500" in found[continuity.NO_NEW_KIND].found


def test_the_part_that_is_worse_is_said_with_its_time():
    found = answers(GOOD, ("b", "SUCCEEDED", 1000, 20, 1), ("c", "FAILED", 30, 10, 1))[continuity.NO_WORSE_PART].found
    assert re.search(r"the newest \d+: .*; started 2026-01-01 23:40:00 to 23:50:00 UTC", found)


def test_one_failure_of_a_new_kind_waits_for_a_person_and_is_named():
    groups = (GOOD, ("b", "SUCCEEDED", 500, 20, 1), ("c", "FAILED", 1, 19, 1))
    found = answers(*groups)
    assert found[continuity.RATE].status == "passed"
    assert found[continuity.NO_NEW_KIND].status == "waiting"
    assert "FAILED CheckinProcessorFailed: 1, such as c0" in found[continuity.NO_NEW_KIND].found


@pytest.mark.parametrize(("error", "status"), [("CheckinProcessorFailed", "passed"), ("NewlyBroken", "waiting")])
def test_a_kind_is_the_status_and_the_errors_name(error, status):
    groups = (GOOD, ("old", "FAILED", 2, 60, 1), ("b", "SUCCEEDED", 500, 20, 1), ("new", "FAILED", 1, 19, 1))
    assert answers(*groups, failing={"new": error})[continuity.NO_NEW_KIND].status == status


def test_failures_whose_error_nobody_looked_at_are_no_known_kind():
    groups = (("a", "SUCCEEDED", 9000, 60, 1), ("old", "FAILED", 600, 60, 1), ("b", "SUCCEEDED", 9000, 20, 1))
    found = answers(*groups, ("new", "FAILED", 501, 19, 1))[continuity.NO_NEW_KIND]
    assert found.status == "cannot tell"
    assert "of 1 more the error was not looked at, only of the newest 500" in found.found


def test_twenty_thousand_five_hundred_a_day_are_all_read():
    found = answers(("a", "SUCCEEDED", 20_500, 600, 1), ("b", "SUCCEEDED", 20_500, 20, 1))[continuity.RATE]
    assert found.status == "passed"
    assert "before 20,500 of 20,500 (100.0%), after 20,500 of 20,500 (100.0%)" in found.found


def test_a_list_that_was_cut_passes_nothing_and_says_where():
    live = listed(GOOD, ("b", "SUCCEEDED", 200, 20, 1))
    cut = executions.list_executions(live, NOW - timedelta(days=1), most=900)
    assert (bool(cut.cut), len(cut.rows)) == (True, 900)
    assert cut.cut.startswith("only the newest 900 executions were read, back to 2026-01-01 23:00:01 UTC instead of")
    assert executions.list_executions(live, NOW - timedelta(days=1), most=1200).cut == ""
    seen = continuity.outcomes_since(live, NOW - timedelta(days=1), NOW, Cutover(CHANGE, CHANGE, CHANGE))
    seen.attrs["cut"] = cut.cut
    found = continuity.checkins_undisturbed(seen, continuity.kinds_of_failure(live, seen), LOCAL)
    assert {check.status for check in found} == {"cannot tell"}
    assert all(cut.cut in check.found for check in found)


def test_an_execution_that_began_long_before_the_update_and_still_runs_is_looked_at():
    live = listed(("hours", "RUNNING", 1, 300, None), ("minutes", "SUCCEEDED", 3, 31, 120))
    found, cut = continuity._running_at(live, CHANGE)
    assert ([row["name"] for row in found], cut) == (["minutes2", "minutes1", "minutes0", "hours0"], "")


def across(live, monkeypatch, folder, moment=CHANGE, entered=("A", "B")):
    """Of a workflow of the states A and B, by one of A and C."""
    monkeypatch.setattr(continuity, "updated_at", lambda _: moment)
    monkeypatch.setattr(executions, "wait_until_ended", lambda live, arn, *_, **__: executions.describe(live, arn))
    monkeypatch.setattr(executions, "path", lambda *_: [*entered])
    live.settings = LOCAL.model_copy(update={"mode": "apply"})
    before, after = (
        {"definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": last}, last: {"Type": "Succeed"}}}}
        for last in ("B", "C")
    )
    change = SimpleNamespace(resource=SimpleNamespace(kind="state machine"), before=before, after=after)
    outcome = SimpleNamespace(results=[SimpleNamespace(change=change, state="applied")])
    (check,) = continuity.executions_across(connected_run.of(live, Record(folder, "r1")), outcome)
    return check


@pytest.mark.parametrize(
    ("groups", "status", "found"),
    [
        ([("a", "SUCCEEDED", 3, 31, 120)], "passed", "3 of 3"),
        (
            [("a", "SUCCEEDED", continuity.ASKED + 1, 31, 120)],
            "cannot tell", "500 of 501; only the newest 500 were looked at",
        ),
        ([("a", "SUCCEEDED", 3, 31, 120), ("b", "RUNNING", 2, 31, None)], "waiting", "5 of 5; 2 still run"),
        (
            [("a", "SUCCEEDED", 3, 31, 120), ("hung", "RUNNING", 2, 9000, None)],
            "passed", "5 of 5; 2 that began over an hour before still run",
        ),
    ],
)  # fmt: skip
def test_executions_across_the_update_are_all_looked_at_or_it_is_no_pass(monkeypatch, tmp_path, groups, status, found):
    check = across(listed(*groups), monkeypatch, tmp_path)
    assert (check.status, check.found) == (status, found)


@pytest.mark.parametrize(
    ("entered", "status", "found"),
    [
        (["A", "B"], "passed", "3 of 3"),
        (["A"], "cannot tell", "0 of 3; 3 entered only states that both have"),
        ([], "cannot tell", "0 of 3; 3 entered only states that both have"),
        (["A", "C"], "failed", "0 of 3; a2: SUCCEEDED, new states: C"),
    ],
)
def test_an_execution_tells_by_what_only_one_of_the_definitions_has(monkeypatch, tmp_path, entered, status, found):
    check = across(listed(("a", "SUCCEEDED", 3, 31, 120)), monkeypatch, tmp_path, entered=entered)
    assert (check.status, check.found) == (status, found)


def test_where_nothing_tells_when_the_update_came_nobody_can_tell_what_ran_then(monkeypatch, tmp_path):
    check = across(listed(("a", "SUCCEEDED", 3, 31, 120)), monkeypatch, tmp_path, moment=None)
    assert (check.status, check.found) == ("cannot tell", continuity.MOMENT_UNKNOWN)
