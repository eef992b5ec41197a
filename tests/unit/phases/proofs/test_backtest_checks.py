"""What a backtest passes: nothing that it did not read, and a lower alert waits for people."""

import pytest
from backtested import found, statuses

from lib.display.charts import backtest_charts, style
from lib.phases.proofs import backtest, backtest_checks


def test_a_comparison_with_what_not_all_check_ins_run_passes_nothing_about_today_and_says_the_share():
    test = found(["none"] * 3, ["crisis"] * 3, split="Only 70 % of check-ins run it")
    assert [statuses(test)[name] for name in ("the new definition fails on no check-in",
        "nobody would get a LOWER alert than today")] == ["cannot tell"] * 2  # fmt: skip
    said = {check.name: check.found for check in backtest_checks.checks(test)}
    assert sum("Only 70 % of check-ins run it" in one for one in said.values()) == 2
    assert {"what": "today's definition", "count": "Only 70 % of check-ins run it"} in backtest.totals(test)
    assert (test.part, found(["none"], ["none"]).part) == ("today's definition is not that of all", "")


def test_a_lower_alert_and_what_could_not_be_read_wait_for_people():
    assert set(statuses(found(["none"] * 3, ["crisis"] * 3)).values()) == {"passed"}
    assert statuses(found(["standard"], ["none"]))["nobody would get a LOWER alert than today"] == "waiting"
    unread = found(["none"], ["none"], unreadable=2)
    assert statuses(unread)["every recorded object is readable"] == "waiting"
    # Who has to look at them is told what to look for.
    assert "2 could not be read, so nobody knows their route: 2 not JSON" in [
        check.found for check in backtest_checks.checks(unread)
    ]


def test_a_new_definition_that_fails_on_a_past_check_in_has_failed():
    assert (
        statuses(found(["none"] * 3, ["none", "none", "failed"]))["the new definition fails on no check-in"] == "failed"
    )
    same = statuses(found(["failed"] * 3, ["failed"] * 3))
    assert same["the new definition fails on no check-in"] == "passed"  # as today


def test_many_more_executions_than_check_ins_wait_for_people():
    assert statuses(found(["none"] * 2, ["none"] * 2))["the bucket tells of every execution"] == "waiting"


@pytest.mark.parametrize(
    ("executions", "more", "status"),
    [
        (0, {}, "waiting"),
        (0, {"whole": False}, "waiting"),  # of what was not listed there are only more
        (0, {"unread": 900, "share": 0.1}, "waiting"),
        (79, {}, "waiting"),
        (80, {}, "passed"),
        (80, {"whole": False}, "cannot tell"),
        (40, {"drills": 40}, "passed"),  # the bucket records those as well
        (40, {"drills": 39}, "waiting"),
        (None, {}, "cannot tell"),
        (125, {}, "passed"),
        (126, {}, "waiting"),
    ],
)
def test_far_more_check_ins_than_executions_run_elsewhere_and_wait_for_people(executions, more, status):
    test = found(["none"] * 100, ["none"] * 100, executions=executions, **more)
    assert statuses(test)["the bucket tells of every execution"] == status


def test_what_was_not_listed_is_said_beside_the_executions():
    test = found(["none"] * 100, ["none"] * 100, executions=100, whole=False)
    said = {check.name: check.found for check in backtest_checks.checks(test)}[
        "backtest: the bucket tells of every execution"
    ]
    assert said == "100 check-ins, and more that were not listed, 100 executions (listed)"


def test_executions_that_nobody_can_count_pass_nothing():
    test = found(["none"], ["none"], executions=None)
    assert statuses(test)["the bucket tells of every execution"] == "cannot tell"
    rows = {row["what"]: row["count"] for row in backtest.totals(test)}
    assert rows["executions"] == "nobody knows: listed"


@pytest.mark.parametrize(
    ("more", "open_ones"),
    [
        ({"unread": 1, "share": 0.75}, {"fails", "readable", "LOWER"}),
        ({"unread": 97, "share": 0.0}, {"fails", "readable", "LOWER"}),
        ({"whole": False}, {"fails", "tells", "readable", "LOWER"}),
        ({"unreadable": 1}, {"fails", "LOWER"}),
    ],
)
def test_what_was_not_read_passes_nothing_that_it_could_decide(more, open_ones):
    stood = statuses(found(["none"] * 3, ["none"] * 3, **more))
    assert {name for name, status in stood.items() if status == "cannot tell"} == {
        name for name in stood if any(word in name for word in open_ones)
    }
    assert "failed" not in stood.values()


def test_a_part_that_was_read_says_what_it_can_show():
    test = found(["none"] * 240_000, ["none"] * 240_000, unread=660_000, share=0.2666)
    (said,) = [check.found for check in backtest_checks.checks(test) if "LOWER" in check.name]
    assert said == (
        "0 of 240,000 would; 240,000 of 900,000 were read, evenly over the days: of all at most 9 (1e-05), 95 % sure"
    )
    assert test.part == "240,000 of 900,000 read"
    assert test.part in style.describe(backtest_charts.moves(test.moves, part=test.part))
    waiting = found(["standard"] + ["none"] * 99, ["none"] * 100, unread=100, share=0.5)
    (check,) = [check for check in backtest_checks.checks(waiting) if "LOWER" in check.name]
    assert check.status == "waiting" and "1 from standard to none" in check.found and "at most 7 " in check.found
