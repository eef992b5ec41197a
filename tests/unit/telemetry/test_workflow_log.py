"""The workflow's log, read from stubs of our own: one route an execution, and nothing that was not read is said."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from paged import END, LOCAL, MACHINE, START, Pages, live_with

from lib.display.charts import alert_charts, chart_answers
from lib.phases import post_implementation_review
from lib.telemetry import workflow_log


def line(execution: str, number: int, kind: str, seconds: float, **details: str) -> dict[str, Any]:
    moment = round((START + timedelta(seconds=seconds)).timestamp() * 1000)
    event = {
        "id": str(number),
        "type": kind,
        "details": details,
        "execution_arn": f"{MACHINE}:{execution}",
        "event_timestamp": str(moment),
    }
    return {"timestamp": moment, "message": json.dumps(event)}


def log_of(*lines: dict[str, Any], **more: Any) -> pd.DataFrame:
    return workflow_log.read(live_with("logs", Pages({"events": list(lines), **more})), START, END)


CRISIS = [
    line("drill-crisis-1", 1, "ExecutionStarted", 0),
    line("drill-crisis-1", 2, "TaskSucceeded", 0.2, resourceType="lambda"),
    line("drill-crisis-1", 3, "PassStateEntered", 0.25, name="RouteCrisis"),
    line("drill-crisis-1", 4, "TaskSucceeded", 0.5, resourceType="events", resource="putEvents"),
    line("drill-crisis-1", 5, "TaskSucceeded", 0.9, resourceType="sns", resource="publish"),
    line("drill-crisis-1", 6, "TaskSucceeded", 2.0, resourceType="dynamodb"),
    line("drill-crisis-1", 7, "ExecutionSucceeded", 2.1),
]


def test_the_log_gives_one_route_an_execution() -> None:
    calm = [line("checkin-1", 1, "ExecutionStarted", 5), line("checkin-1", 2, "PassStateEntered", 6, name="RouteNone")]
    other = [
        line("checkin-2", 1, "ExecutionStarted", 7),
        line("checkin-2", 2, "PassStateEntered", 7, name="MarkReal"),
        line("checkin-2", 3, "ChoiceStateEntered", 7),
        line("checkin-2", 4, "ExecutionFailed", 8),
    ]
    frame = workflow_log.routes(log_of(*calm, *CRISIS, *other))
    assert frame.to_dict("records") == [
        {
            "time": pd.Timestamp(START + timedelta(seconds=0.25)),
            "route": "crisis",
            "execution": f"{MACHINE}:drill-crisis-1",
            "drill": True,
        },
        {
            "time": pd.Timestamp(START + timedelta(seconds=6)),
            "route": "none",
            "execution": f"{MACHINE}:checkin-1",
            "drill": False,
        },
        {
            "time": pd.Timestamp(START + timedelta(seconds=7)),
            "route": "no route",
            "execution": f"{MACHINE}:checkin-2",
            "drill": False,
        },
    ]


def test_what_began_and_reached_no_route_is_counted_among_those_that_began() -> None:
    lost = [
        one
        for n in range(97)
        for one in (line(f"lost-{n}", 1, "ExecutionStarted", n), line(f"lost-{n}", 2, "ExecutionTimedOut", n + 60))
    ]
    good = [
        one
        for n in range(3)
        for one in (
            line(f"good-{n}", 1, "ExecutionStarted", n),
            line(f"good-{n}", 2, "PassStateEntered", n + 1, name="RouteCrisis"),
        )
    ]
    frame = workflow_log.routes(log_of(*lost, *good))
    assert frame["route"].value_counts().to_dict() == {"no route": 97, "crisis": 3}
    said = chart_answers.alert_counts(frame, frame["drill"])
    assert said == "3 of 100 check-ins raised an alert, 3 of them crises, 97 REACHED NO ROUTE · no drill"
    table = post_implementation_review.by_route(frame)
    assert [(row["route"], row["check-ins"], row["share of check-ins"]) for row in table] == [
        ("crisis", 3, "3.0%"),
        ("no route", 97, "97.0%"),
    ]
    assert "no route" in [
        label.get_text() for label in alert_charts.alerts_by_route(frame, None).axes[0].get_yticklabels()
    ]


def test_what_ran_on_the_definition_before_or_has_not_ended_is_not_said_to_reach_no_route() -> None:
    before = [line("old", 1, "ExecutionStarted", 1), line("old", 2, "ExecutionSucceeded", 4)]
    across = [line("across", 9, "ExecutionSucceeded", 12)]  # its beginning was not logged
    going = [line("going", 1, "ExecutionStarted", 13), line("going", 2, "PassStateEntered", 13, name="MarkReal")]
    failed = [line("failed", 1, "ExecutionStarted", 14), line("failed", 2, "ExecutionFailed", 15)]
    log = log_of(*before, *across, *going, *failed)
    frame = workflow_log.routes(log, START + timedelta(seconds=10))
    assert [(row.route, row.execution.rpartition(":")[2]) for row in frame.itertuples()] == [("no route", "failed")]
    said = chart_answers.alert_counts(frame, frame["drill"])
    way = " · 1 under way without a route yet"
    assert said == f"0 of 1 check-in raised an alert, 0 of them crises, 1 REACHED NO ROUTE · no drill{way}"


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ({}, ""),  # kept for ever
        ({"retentionInDays": 30}, ""),
        ({"retentionInDays": 3}, "the log is kept for 3 days, so that nothing is left of before 2026-01-02 12:00 UTC"),
    ],
)
def test_what_the_log_has_lost_by_its_retention_is_no_quiet_time(group: dict[str, Any], said: str) -> None:
    groups = [{"logGroupName": LOCAL.log_group_name, **group}, {"logGroupName": "other", "retentionInDays": 1}]
    live = live_with("logs", Pages({"events": CRISIS, "logGroups": groups}))
    log = workflow_log.read(live, START, END, now=START + timedelta(days=4))
    assert log.attrs.get("cut", "") == said
    assert "cut" not in workflow_log.read(live, START, END, now=END).attrs
    assert log.attrs["window"] == (START, END)


def test_an_empty_log_gives_empty_frames_with_their_columns() -> None:
    log = log_of()
    assert log.attrs["unreadable"] == 0
    assert list(workflow_log.routes(log).columns) == ["time", "route", "execution", "drill"]
    assert workflow_log.routes(log).empty


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "[]",
        "7",
        "null",
        '{"type": "PassStateEntered"}',
        '{"type": "PassStateEntered", "details": 7, "id": 1, "execution_arn": "a", "event_timestamp": "1"}',
        '{"type": "PassStateEntered", "id": 1, "execution_arn": "a", "event_timestamp": "soon"}',
        '{"type": "PassStateEntered", "id": 1, "execution_arn": "a", "event_timestamp": 1e999}',
        f'{{"type": "PassStateEntered", "id": 1, "execution_arn": "a", "event_timestamp": {10**17}}}',
        f'{{"type": "PassStateEntered", "id": 1, "execution_arn": "a", "event_timestamp": {10**30}}}',
        '{"type": "PassStateEntered", "id": 1, "execution_arn": "a", "event_timestamp": -1}',
        '{"type": "PassStateEntered", "id": 1e999, "execution_arn": "a", "event_timestamp": 1}',
        '{"type": "PassStateEntered", "id": 1, "execution_arn": "\\ud800", "event_timestamp": 1}',
        '{"type": "PassStateEntered", "id": 1, "execution_arn": ["a"], "event_timestamp": 1}',
        f'{{"type": "TaskFailed", "details": {"[" * 50_000}{"]" * 50_000}}}',
        f'{{"type": "TaskFailed", "details": {"[" * 500}{"]" * 500}}}',
    ],
    ids=range(16),
)
def test_lines_that_are_no_events_are_counted(message: str) -> None:
    log = log_of({"timestamp": 1, "message": message}, *CRISIS)
    assert log.attrs["unreadable"] == 1
    assert workflow_log.routes(log).attrs["unreadable"] == 1
    assert len(workflow_log.routes(log)) == 1


def test_a_log_may_name_any_number_of_states() -> None:
    log = log_of(*(line(f"checkin-{n}", 1, "TaskStateEntered", 1, name=f"State{n}") for n in range(70_000)))
    assert log["name"].nunique() == 70_000


def test_a_line_that_comes_twice_counts_once() -> None:
    assert len(workflow_log.routes(log_of(*CRISIS, *CRISIS))) == 1
    assert len(log_of(*CRISIS, *CRISIS)) == len(log_of(*CRISIS)) == 3


def test_a_full_page_without_a_next_one_is_read_on_from_its_last_line() -> None:
    full = [line(f"checkin-{n}", 1, "PassStateEntered", n / 1000, name="RouteNone") for n in range(workflow_log.PAGE)]
    rest = [full[-1], line("late", 1, "PassStateEntered", 30, name="RouteHigh")]

    class TwoRounds(Pages):
        def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
            self.asked.append(asked)
            yield {"events": full if len(self.asked) == 1 else rest}

    pages = TwoRounds()
    frame = workflow_log.routes(workflow_log.read(live_with("logs", pages), START, END))
    assert len(frame) == workflow_log.PAGE + 1
    assert [asked["startTime"] for asked in pages.asked] == [round(START.timestamp() * 1000), full[-1]["timestamp"]]


def test_a_full_page_of_one_millisecond_does_not_go_on_for_ever() -> None:
    page = [line(f"checkin-{n}", 1, "PassStateEntered", 0, name="RouteNone") for n in range(workflow_log.PAGE)]
    pages = Pages({"events": page})
    log = workflow_log.read(live_with("logs", pages), START, END)
    assert [asked["startTime"] - page[0]["timestamp"] for asked in pages.asked] == [0, 1]
    assert "more than 10,000 lines in one millisecond" in workflow_log.routes(log).attrs["cut"]


def test_a_log_that_is_too_long_is_read_up_to_a_time_that_is_said(monkeypatch) -> None:
    monkeypatch.setattr(workflow_log, "MOST", 3)
    lines = [line(f"checkin-{n}", 1, "PassStateEntered", n, name="RouteNone") for n in range(5)]
    pages = Pages({"events": lines[:3]}, {"events": lines[3:]})
    log = workflow_log.routes(workflow_log.read(live_with("logs", pages), START, END))
    assert (len(log), log.attrs["cut"]) == (
        3,
        "the log was read up to 2026-01-01 12:00:02 UTC, 3 lines, and not further",
    )


def test_the_filter_is_short_enough_and_names_every_event_that_is_used() -> None:
    assert len(workflow_log.PATTERN) <= 1024
    assert all(f'"{kind}"' in workflow_log.PATTERN for kind in workflow_log.WANTED)
