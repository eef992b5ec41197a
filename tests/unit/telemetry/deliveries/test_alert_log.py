"""Alerts out of the workflow's log: by which way each went, and after how long; what is not shown is not made up."""

from datetime import timedelta

import pandas as pd
import pytest
from paged import MACHINE, START

from lib.telemetry import workflow_log
from lib.telemetry.deliveries import alert_log

PASS, ENTERED, EXITED = "PassStateEntered", "TaskStateEntered", "TaskStateExited"


def log(*events):
    """(execution, seconds, kind, name of the state)"""
    rows = [
        (pd.Timestamp(START + timedelta(seconds=seconds)), f"{MACHINE}:{name}", state or kind, kind)
        for name, seconds, kind, state in events
    ]
    return pd.DataFrame(rows, columns=[*workflow_log.COLUMNS, workflow_log.KIND])


def high(name, *more):
    return [
        (name, 0, "ExecutionStarted", ""), (name, 1, PASS, "RouteHigh"), (name, 1, ENTERED, "SendHighRiskEvent"), *more,
    ]  # fmt: skip


def row(*events):
    (only,) = alert_log.alerts(log(*events)).to_dict("records")
    return only


def test_an_event_that_was_accepted():
    found = row(*high("a", ("a", 2.5, EXITED, "SendHighRiskEvent"), ("a", 3, "ExecutionSucceeded", "")))
    assert (found["way"], found["seconds"], found["at_most"], found["drill"]) == ("event", 2.5, False, False)
    assert found["sent"] == pd.Timestamp(START + timedelta(seconds=2.5))


def test_an_event_that_was_refused_and_told_directly():
    refused = [
        ("a", 2, EXITED, "SendHighRiskEvent"), ("a", 2, ENTERED, "TellContactsOfAlert"),
        ("a", 4, EXITED, "TellContactsOfAlert"), ("a", 5, "ExecutionSucceeded", ""),
    ]  # fmt: skip
    found = row(*high("a", *refused))
    assert (found["way"], found["seconds"]) == ("direct", 4.0)


def test_a_crisis_takes_as_long_as_its_slower_alert():
    crisis = [
        ("drill-crisis-1", 0, "ExecutionStarted", ""), ("drill-crisis-1", 1, PASS, "RouteCrisis"),
        ("drill-crisis-1", 2, EXITED, "SendCrisisEvent"), ("drill-crisis-1", 7, EXITED, "TellOperations"),
        ("drill-crisis-1", 9, EXITED, "RecordIntervention"),
        ("drill-crisis-1", 9, "ParallelStateExited", "CrisisProtocol"),
    ]  # fmt: skip
    found = row(*crisis)
    assert (found["way"], found["seconds"], found["drill"]) == ("event", 7.0, True)


def crisis(*more):
    begun = [("a", 0, "ExecutionStarted", ""), ("a", 1, PASS, "RouteCrisis")]
    return row(*begun, ("a", 1, ENTERED, "SendCrisisEvent"), ("a", 1, ENTERED, "TellOperations"), *more)


def caught(name, seconds, state, after, kind=ENTERED):
    """A task whose error was caught leaves its state like one that went well."""
    return [(name, seconds, "TaskFailed", ""), (name, seconds, EXITED, state), (name, seconds, kind, after)]


NOT_TOLD = [
    *caught("a", 3, "SendCrisisEvent", "TellContactsDirectly"),
    *caught("a", 4, "TellContactsDirectly", "ContactsNotReached", PASS),
]


@pytest.mark.parametrize(
    "more",
    [
        [*NOT_TOLD, ("a", 2, EXITED, "TellOperations")],
        [*caught("a", 3, "TellOperations", "TellContactsInstead"),
         *caught("a", 4, "TellContactsInstead", "OperationsNotReached", PASS), ("a", 2, EXITED, "SendCrisisEvent")],
        [*NOT_TOLD, *caught("a", 3, "TellOperations", "TellContactsInstead"),
         *caught("a", 4, "TellContactsInstead", "OperationsNotReached", PASS), ("a", 5, "ExecutionFailed", "")],
    ],
)  # fmt: skip
def test_an_alert_that_nobody_took_has_no_time_however_its_states_ended(more):
    found = crisis(*more, ("a", 6, "ParallelStateExited", "CrisisProtocol"))
    assert found["refused"] and pd.isna(found["seconds"]) and not found["at_most"]


def test_one_that_was_tried_again_and_then_taken_is_no_refusal():
    again = [("a", 2, "TaskFailed", ""), ("a", 4, EXITED, "SendCrisisEvent"), ("a", 3, EXITED, "TellOperations")]
    found = crisis(*again, ("a", 5, "ExecutionSucceeded", ""))
    assert (found["way"], found["seconds"], found["refused"]) == ("event", 4.0, False)


def test_one_whose_last_way_failed_too_is_refused():
    tried = [*caught("a", 2, "SendHighRiskEvent", "TellContactsOfAlert"),
             *caught("a", 3, "TellContactsOfAlert", "TellOperationsOfAlert"),
             *caught("a", 4, "TellOperationsOfAlert", "AlertUndelivered", "FailStateEntered")]  # fmt: skip
    found = row(*high("a", *tried, ("a", 4, "ExecutionFailed", "")))
    assert found["refused"] and pd.isna(found["seconds"])


def test_where_the_branches_are_not_in_the_log_it_took_at_most_all_of_it():
    crisis = [
        ("a", 0, "ExecutionStarted", ""), ("a", 1, PASS, "RouteCrisis"),
        ("a", 3, "ParallelStateExited", "CrisisProtocol"), ("a", 4, "ExecutionSucceeded", ""),
    ]  # fmt: skip
    found = row(*crisis)
    assert (found["way"], found["seconds"], found["at_most"]) == ("not shown", 3.0, True)


def test_one_that_has_not_ended_is_open_and_has_no_time():
    found = row(*high("a"))
    assert found["way"] == "still open" and pd.isna(found["seconds"])


@pytest.mark.parametrize(("route", "says", "tells"), [
    ("unprocessed", "NoteNotProcessed", "TellOperationsUnprocessed"),
    ("invalid", "NoteInvalidCheckin", "TellOperationsInvalid"),
])  # fmt: skip
def test_what_was_not_processed_is_an_alert_to_operations(route, says, tells):
    begun = [("a", 0, "ExecutionStarted", ""), ("a", 1, PASS, says), ("a", 1, ENTERED, tells)]
    found = row(*begun, ("a", 2, EXITED, tells), ("a", 3, "ExecutionFailed", ""))
    assert (found["route"], found["way"], found["seconds"], found["refused"]) == (route, "topic", 2.0, False)
    assert row(*begun)["way"] == "still open"
    assert row(*begun, ("a", 3, "ExecutionTimedOut", ""))["way"] == "not shown"
    others = high("b", ("b", 2.5, EXITED, "SendHighRiskEvent"), ("b", 3, "ExecutionSucceeded", ""))
    assert set(alert_log.alerts(log(*begun, *others))["route"]) == {route, "high"}


def test_who_needs_no_alert_is_none_of_them():
    calm = [("a", 0, "ExecutionStarted", ""), ("a", 1, PASS, "RouteNone"), ("a", 2, "ExecutionSucceeded", "")]
    found = alert_log.alerts(log(*calm))
    assert found.empty and list(found.columns) == alert_log.COLUMNS


def test_attempts_that_failed_are_counted_apart_for_drills():
    failed = [("a", 1, "TaskFailed", ""), ("a", 2, "TaskFailed", ""), ("drill-x-1", 1, "LambdaFunctionTimedOut", "")]
    found = alert_log.failed_attempts(log(*failed)).to_dict("records")
    assert found == [
        {"kind": "LambdaFunctionTimedOut", "drill": True, "count": 1, "executions": 1},
        {"kind": "TaskFailed", "drill": False, "count": 2, "executions": 1},
    ]
