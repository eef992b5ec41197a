"""The plan's checklist and five success criteria: each one passing, each one failing, and no evidence is no success."""

import pandas as pd
import pytest

from lib.checks import WAITS_FOR, Check, Status, in_numbers, open_ones
from lib.phases import success_criteria
from lib.values.check_registry import Id, Point

# What carries a point: the id of a check, and its subject.
POINTS = {
    "All paths execute correctly": [(Id.DRILL_STATUS, "crisis"), (Id.DRILL_ROUTE, "high")],
    "Crisis alerts reach operations team": [(Id.DRILL_OPERATIONS, "crisis"), (Id.OPERATIONS_SUBSCRIBERS, "")],
    "DynamoDB updates for crisis interventions": [(Id.DRILL_INTERVENTION, "crisis")],
    "EventBridge events published correctly": [(Id.DRILL_EVENTS, "crisis")],
    "Error handling works as expected": [(Id.ERROR_IS_LOUD, "")],
}
EVERYTHING = [key for keys in POINTS.values() for key in keys]


def answered(*keys, status="passed"):
    """Every check passed, but for these; each under a name whose words say nothing."""
    return [
        Check(one, f"words {at}", status if (one, of) in keys else "passed", "x", "x", of)
        for at, (one, of) in enumerate(EVERYTHING)
    ]


def point(name, checks):
    return next(check for check in success_criteria.checklist(checks) if check.name == name)


def test_the_checklist_has_the_plans_five_points_in_its_order():
    assert [check.name for check in success_criteria.checklist([])] == list(Point) == list(POINTS)


def test_every_point_passes_when_every_check_passed():
    assert [check.status for check in success_criteria.checklist(answered())] == ["passed"] * 5


@pytest.mark.parametrize(("name", "carrying"), [(name, check) for name, checks in POINTS.items() for check in checks])
def test_a_point_fails_with_any_check_that_carries_it_and_names_it(name, carrying):
    checks = answered(carrying, status="failed")
    words = f"words {EVERYTHING.index(carrying)}"
    found = point(name, checks)
    assert found.status == "failed"
    assert words in found.found
    assert [check.name for check in success_criteria.checklist(checks) if check.status == "failed"] == [name]


def test_the_words_of_a_checks_name_choose_no_point():
    named = [Check(Id.IN_PLACE_01, name, "failed", "", "") for name in ("crisis: status", "unreadable: x", "a: events")]
    assert [check.status for check in success_criteria.checklist([*answered(), *named])] == ["passed"] * 5


def test_an_alert_of_another_drill_is_none_of_a_crisis():
    other = Check(Id.DRILL_OPERATIONS, "crisis: alerts to operations", "failed", "", "", "standard")
    assert point("Crisis alerts reach operations team", [*answered(), other]).status == "passed"


def test_whatever_is_asked_of_the_check_in_that_cannot_be_scored_carries_error_handling():
    other = Check(Id.DRILL_CONTACT, "x", "failed", "", "", "unreadable")
    assert point("Error handling works as expected", [*answered(), other]).status == "failed"


def test_a_plan_that_only_plans_applied_no_point():
    assert [check.status for check in success_criteria.checklist([], "plan")] == ["not applied"] * 5


@pytest.mark.parametrize("name", POINTS)
def test_a_point_that_no_check_carries_has_failed(name):
    checks = [check for check in answered() if (check.id, check.subject) not in POINTS[name]]
    assert point(name, checks).status == "failed"
    assert "no check ran" in point(name, checks).found


@pytest.mark.parametrize("status", ["not exercised here", "waiting", "not applied"])
@pytest.mark.parametrize(("name", "carrying"), [(name, check) for name, checks in POINTS.items() for check in checks])
def test_a_point_never_passes_on_what_was_not_answered(name, carrying, status):
    checks = answered(carrying, status=status)
    assert point(name, checks).status == status
    assert f"words {EVERYTHING.index(carrying)}" in point(name, checks).found


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "FAILED", "route": None, "operations_alerts": 1}, "passed"),
        ({"status": "SUCCEEDED", "route": "unscored", "operations_alerts": 2}, "passed"),
        ({"status": "SUCCEEDED", "route": "unscored", "operations_alerts": 0}, "failed"),
        ({"status": "FAILED", "route": None, "operations_alerts": 0}, "failed"),
        ({"status": "SUCCEEDED", "route": "none", "operations_alerts": 1}, "failed"),
    ],
)
def test_an_error_must_be_visible_and_told(row, status):
    assert success_criteria.error_is_loud(row).status == status


def drill(name="crisis", *statuses, **more):
    return {"scenario": name, "checks": [{"name": "c", "status": status} for status in statuses], **more}


ANSWERS = [
    Check(Id.AS_WANTED, "no stray alert", "passed", "none", ""),
    Check(Id.AS_WANTED, "revision", "not exercised here", "", ""),
]
EDGES = [drill("at", "passed"), drill("above", "passed")]


def test_criterion_1_passes_when_every_planned_scenario_passed():
    rows = [drill("crisis", "passed", "passed"), drill("high", "passed"), drill("unplanned", "failed")]
    check = success_criteria.scenarios_pass(rows, ["crisis", "high"], EDGES, ANSWERS)
    said = "2 of 2 scenarios and 2 of 2 boundary cases passed; checks: 1 passed, 1 open (1 not exercised here)"
    assert (check.status, check.found) == (
        "passed",
        f"{said}; open, and not counted: revision: not exercised here",
    )
    assert "only AWS can answer does not count" in check.expected


@pytest.mark.parametrize(
    ("one", "status", "held"),
    [
        (Id.OPERATIONS_SUBSCRIBERS, "waiting", "waiting"),
        (Id.OPERATIONS_SUBSCRIBERS, "cannot tell", "cannot tell"),
        (Id.DRILL_REVISION, "not exercised here", "passed"),
        (Id.ONLY_QUEUED, "not exercised here", "passed"),
        (Id.UNCARRIED, "waiting", "passed"),
        (Id.UNCARRIED, "cannot tell", "passed"),
    ],
)
def test_criterion_1_names_what_is_open_and_passes_only_beside_what_its_rule_does_not_count(one, status, held):
    open_one = Check(one, "something asked", status, "", "")
    check = success_criteria.scenarios_pass([drill("crisis", "passed")], ["crisis"], EDGES, [*ANSWERS[:1], open_one])
    assert check.status == held
    counts = "open, and not counted" if held == "passed" else "open"
    assert check.found.endswith(f"checks: 1 passed, 1 open (1 {status}); {counts}: something asked: {status}")
    # What decides stands first: a terminal says no more than that.
    first = "" if held == "passed" else f"held up by something asked: {status}; "
    assert check.found.startswith(f"{first}1 of 1 scenarios and")
    told = "1: does not count" if held == "passed" else "1: holds it up"
    assert success_criteria.under_criteria(open_one) == told


def test_criterion_1_is_unknown_before_it_waits():
    answers = [
        Check(Id.OPERATIONS_SUBSCRIBERS, "x", "waiting", "", ""),
        Check(Id.IN_PLACE_01, "y", "cannot tell", "", ""),
    ]
    check = success_criteria.scenarios_pass([drill("crisis", "passed")], ["crisis"], EDGES, answers)
    assert (check.status, "y: cannot tell" in check.found) == ("cannot tell", True)


def test_what_is_open_under_two_criteria_is_told_of_each():
    event = Check(Id.SAME_EVENT, "the same event", "not exercised here", "", "")
    assert success_criteria.under_criteria(event) == "1: does not count, 3: holds it up"
    assert success_criteria.under_criteria(Check(Id.PERMISSION, "x", "not exercised here", "", "")) == "none"


@pytest.mark.parametrize("edges", [[], [drill("at", "passed"), drill("above", "failed")], [drill("at")]])
def test_criterion_1_fails_with_a_boundary_case_and_without_any(edges):
    assert success_criteria.scenarios_pass([drill("crisis", "passed")], ["crisis"], edges, ANSWERS).status == "failed"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [drill("high", "passed")],
        [drill("crisis", "passed"), drill("high", "passed", "failed")],
        [drill("crisis", "passed"), drill("high")],
        [drill("crisis", "passed"), drill("high", "not exercised here")],
        [drill("crisis", "passed"), drill("high", "passed", "waiting")],
    ],
)
def test_criterion_1_fails_when_one_failed_was_not_judged_or_did_not_run(rows):
    assert success_criteria.scenarios_pass(rows, ["crisis", "high"], EDGES, ANSWERS).status == "failed"


def test_criterion_1_fails_where_nothing_was_planned():
    assert success_criteria.scenarios_pass([], [], EDGES, ANSWERS).status == "failed"


@pytest.mark.parametrize("answers", [[], [*ANSWERS, Check(Id.AS_WANTED, "phase 04 is in place", "failed", "", "")]])
def test_criterion_1_fails_with_any_other_check_of_the_validation_and_without_them(answers):
    check = success_criteria.scenarios_pass([drill("crisis", "passed")], ["crisis"], EDGES, answers)
    assert check.status == "failed"
    assert ("failed: phase 04 is in place" in check.found) == bool(answers)


def heard(trusted, operations, route="crisis"):
    due, started = int(route == "crisis"), "2026-01-01T12:00:00.000+00:00"
    times = {"trusted": trusted, "operations": operations}
    return {
        "scenario": "x", "route": route, "expected_route": route, "started": started,
        **{f"{topic}_seconds": seconds for topic, seconds in times.items()},
        **{f"{topic}_alerts": int(seconds is not None) for topic, seconds in times.items()},
        **{f"expected_{topic}_alerts": due for topic in times},
    }  # fmt: skip


FOUR = [heard(1.0, 1.0)] * 4


def test_criterion_2_passes_with_both_alerts_in_time():
    check = success_criteria.crisis_in_time([*FOUR, heard(1.5, 2.25), heard(None, None, "none")], 30)
    said = "slowest 2.25 s of 10 alerts of 5 crisis drills; 10 of 10 in time"
    assert (check.status, check.found) == ("passed", said)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [heard(1, 1, "high")],  # too few crises
        [heard(None, 1)],
        [heard(1, None)],
        [heard(1, 30)],
        [heard(31, 1)],
        [heard(1, 1), heard(1, 40)],
    ],
)
def test_criterion_2_fails_late_on_one_topic_or_without_evidence(rows):
    assert success_criteria.crisis_in_time([*FOUR, *rows], 30).status == "failed"


def test_criterion_2_counts_a_lost_alert_as_infinitely_late_among_all_that_were_due():
    found = success_criteria.crisis_in_time([*FOUR, heard(None, 1.0)], 30).found
    assert found.startswith("1 LOST, so infinitely late, of 10 alerts of 5 crisis drills; 9 of 10 in time")


def test_criterion_2_does_not_take_one_of_two_alerts_for_both():
    half = heard(1.0, 1.0) | {"expected_operations_alerts": 2}
    assert success_criteria.crisis_in_time([*FOUR, half], 30).status == "failed"


ORDINARY, BASELINE = drill("ordinary", "passed"), {"rule": {"State": "ENABLED"}, "target": "dispatcher"}


def test_criterion_3_passes_when_nothing_was_disturbed():
    check = success_criteria.nothing_disturbed(
        ORDINARY, BASELINE, {**BASELINE, "new": 1}, [Check(Id.AS_WANTED, "event", "passed", "same", "")]
    )
    assert check.status == "passed"
    assert "rule, target unchanged" in check.found
    assert "event: passed" in check.found


@pytest.mark.parametrize("status", ["failed", "not exercised here", "waiting", "not applied"])
def test_criterion_3_is_no_better_than_the_worst_it_rests_on(status):
    others = [
        Check(Id.AS_WANTED, "event", "passed", "same", ""),
        Check(Id.AS_WANTED, "crossing", status, "two of three", ""),
    ]
    check = success_criteria.nothing_disturbed(ORDINARY, BASELINE, BASELINE, others)
    assert (check.status, check.found.partition("; ")[0]) == (status, "crossing: two of three")


@pytest.mark.parametrize(
    ("ordinary", "before", "now", "why"),
    [
        (None, BASELINE, BASELINE, "ordinary check-in did not complete"),
        (drill("ordinary", "failed"), BASELINE, BASELINE, "ordinary check-in did not complete"),
        (drill("ordinary"), BASELINE, BASELINE, "ordinary check-in did not complete"),
        (ORDINARY, BASELINE, {**BASELINE, "rule": {"State": "DISABLED"}}, "rule changed"),
        (ORDINARY, BASELINE, {"rule": BASELINE["rule"]}, "target changed"),
        (ORDINARY, {}, BASELINE, "nothing to compare with"),
    ],
)
def test_criterion_3_fails_and_says_what_was_disturbed(ordinary, before, now, why):
    check = success_criteria.nothing_disturbed(ordinary, before, now, [])
    assert check.status == "failed"
    assert why in check.found


def counted(*values, metric="ExecutionsSucceeded"):
    return pd.DataFrame({"metric": [metric] * len(values), "value": list(values)}, columns=["metric", "value"])


def split(before=(100, 100), after=(100, 100), drills=(0, 0), newest=(), going=0):
    """A table of outcomes, the failures after the change spread evenly, and behind them the newest."""
    rows = [("check-ins", "before", before), ("check-ins", "after", after), ("drills", "after", drills)]
    table = [(who, when, good, of) for who, when, (good, of) in rows]
    found = pd.DataFrame(table, columns=["who", "when", "succeeded", "finished"])
    good, of = after
    spread = ["succeeded" if (at + 1) * good // of > at * good // of else "failed" for at in range(of)]
    ours = (found["who"] == "check-ins") & (found["when"] == "after")
    found["in doubt"] = ours * list(newest).count("in doubt")
    found["still running"] = ours * going
    found.loc[ours, "succeeded"] += list(newest).count("succeeded")
    found.loc[ours, "finished"] += len(newest) - list(newest).count("in doubt")
    found.attrs |= {"after": [*spread, *newest], "usual": "99% of 100 before took up to 1.0 s"}
    return found


def fourth(frame, counts):
    return success_criteria.successful_executions(frame, counts, 0.05, 0.05)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        (split(), "passed"),
        (split(before=(0, 0)), "passed"),
        (split(before=(80, 100), after=(95, 100)), "passed"),  # as this account ordinarily is
        (split(after=(1, 1000)), "failed"),
        (split(before=(1, 1000), after=(1, 1000)), "failed"),
        (split(before=(0, 0), after=(800, 1000)), "failed"),
        (split(after=(1230, 1230), newest=["failed"] * 20), "failed"),  # 98.4 %
        (split(before=(0, 0), after=(1230, 1230), newest=["failed"] * 20), "failed"),
        (split(after=(1230, 1230), newest=["failed", "succeeded"] * 10), "failed"),
        (split(after=(1230, 1230), newest=["in doubt"] * 500), "cannot tell"),
        (split(before=(0, 0), after=(1230, 1230), newest=["in doubt"] * 500), "cannot tell"),
        (split(after=(1230, 1230), newest=["in doubt"] * 2), "passed"),
        (split(after=(1230, 1230), going=3), "passed"),
        (split(after=(0, 12), drills=(300, 300)), "failed"),
        (split(after=(0, 0), drills=(300, 300)), "cannot tell"),
        (split(after=(3, 3)), "cannot tell"),
        (split(before=(0, 0), after=(20, 20)), "cannot tell"),
    ],
)
def test_criterion_4_rests_on_real_checkins_and_on_nearly_all_of_them(counts, status):
    assert fourth(counted(0, 300), counts).status == status


def test_criterion_4_counts_drills_apart_and_says_that_they_are_none():
    check = fourth(counted(0, 268), split(after=(0, 0), drills=(268, 269)))
    assert check.found.startswith(
        "268 executions of both succeeded since the change, as CloudWatch counts; by the list of executions"
    )
    assert "0 of 0 check-ins and 268 of 269 (99.6%) drills: no check-in yet, and drills are none" in check.found


@pytest.mark.parametrize(
    "frame", [counted(), pd.DataFrame(), counted(3, metric="ExecutionsFailed"), counted(float("nan"))]
)
def test_criterion_4_fails_without_a_datapoint_and_says_so(frame):
    check = fourth(frame, split())
    assert (check.status, check.found.partition(";")[0]) == ("failed", "no datapoint")


def test_criterion_4_fails_on_zero():
    assert fourth(counted(0, 0), split()).status == "failed"


def test_criterion_5_passes_when_every_metric_is_seen():
    assert success_criteria.metrics_visible({"one": True, "two": True}, whole=False).status == "passed"


def test_criterion_5_fails_and_names_the_dark_ones():
    check = success_criteria.metrics_visible({"one": True, "two": False, "three": False}, whole=True)
    assert check.status == "failed"
    assert check.found == "1 of 3 metrics have datapoints; without: two, three"


def test_criterion_5_fails_where_nothing_is_shown():
    assert success_criteria.metrics_visible({}, whole=True).status == "failed"


def test_of_a_time_in_which_nothing_took_place_nobody_can_tell_of_4_and_5():
    assert fourth(counted(0, 0), split(after=(0, 0))).status == "cannot tell"
    assert success_criteria.metrics_visible({"one": False}, whole=False).status == "cannot tell"


def test_checks_are_counted_by_what_became_of_them_and_none_is_left_out():
    assert {*WAITS_FOR, Status.PASSED, Status.FAILED} == set(Status)
    every = [Check(Id.DRILL_STATUS, f"{one}: status", one, "", "", one) for one in Status]
    said = "1 waiting, 1 cannot tell, 1 not exercised here, 1 not applied"
    assert in_numbers(every) == f"1 passed, 1 failed, 4 open ({said})"
    assert in_numbers([]) == "0 passed"
    twice = [Check(Id.DRILL_REVISION, f"{one}: revision", "waiting", "", "", one) for one in ("high", "crisis")]
    assert open_ones([*every[:2], *twice]) == "revision (high, crisis): waiting"


def test_what_aws_refused_to_tell_of_a_drill_holds_criteria_1_and_3_up_and_fails_neither():
    unread = drill("crisis", "passed", "cannot tell")
    assert [success_criteria.verdict(unread), success_criteria.good(unread)] == ["cannot tell", False]
    assert success_criteria.verdict(drill("crisis", "failed", "cannot tell", "passed")) == "failed"
    assert success_criteria.verdict(drill("crisis", "cannot tell")) == "failed"  # nothing of it passed
    for rows, edges in (
        ([unread], EDGES),
        ([drill("crisis", "passed")], [*EDGES, drill("at", "passed", "cannot tell")]),
    ):
        check = success_criteria.scenarios_pass(rows, ["crisis"], edges, ANSWERS)
        assert check.status == "cannot tell"
        assert success_criteria.scenarios_pass(rows, ["crisis", "high"], edges, ANSWERS).status == "failed"
    ordinary = success_criteria.nothing_disturbed(drill("ordinary", "passed", "cannot tell"), BASELINE, BASELINE, [])
    assert ordinary.status == "cannot tell"
    assert ordinary.found.startswith("of the ordinary check-in AWS refused to tell all; ordinary check-in completed")
