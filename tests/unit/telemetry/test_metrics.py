"""CloudWatch metrics and the workflow's log, read from stubs of our own; the embedded account is in functional/."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from lib import settings as parameters
from lib.aws import Identity, Live
from lib.display.charts import alert_charts, chart_answers
from lib.errors import BadParameters, NotAsWanted
from lib.phases import post_implementation_review
from lib.telemetry import metrics, workflow_log
from lib.telemetry.metrics import DrillLatency, Query

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=1)
LOCAL = parameters.load("local")
MACHINE = LOCAL.state_machine_arn.replace("stateMachine", "execution")


class Pages:
    """A client whose every paginator answers the pages that it was given, and which remembers what it was asked."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []
        self.put: list[dict[str, Any]] = []

    def get_paginator(self, _operation: str) -> "Pages":
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(asked)
        yield from self.pages

    def put_metric_data(self, **given: Any) -> None:
        self.put.append(given)


def live_with(service: str, client: Any) -> Live:
    return Live(LOCAL, Identity("000000000000", "us-east-1", "me", "here"), None, {service: client})  # type: ignore[arg-type]


def result(name: str, *points: tuple[int, float], status: str = "Complete") -> dict[str, Any]:
    moments = [START + timedelta(seconds=seconds) for seconds, _ in points]
    return {"Id": name, "Timestamps": moments, "Values": [value for _, value in points], "StatusCode": status}


def test_series_joins_pages_and_invents_no_datapoint() -> None:
    pages = Pages(
        {"MetricDataResults": [result("q0", (60, 2), status="PartialData")]},
        {"MetricDataResults": [result("q0", (0, 1)), result("q1")]},
    )
    queries = [Query("one", "N", "M", "Sum", (("D", "d"),)), Query("two", "N", "M", "p95")]
    frame = metrics.series(live_with("cloudwatch", pages), queries, START, END, 60)
    assert frame.to_dict("list") == {
        "time": [pd.Timestamp(START), pd.Timestamp(START + timedelta(seconds=60))],
        "metric": ["one", "one"],
        "value": [1.0, 2.0],
    }
    assert str(frame["time"].dtype).endswith("UTC]")
    (asked,) = pages.asked
    assert asked["MetricDataQueries"][0] == {
        "Id": "q0",
        "MetricStat": {
            "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "D", "Value": "d"}]},
            "Period": 60,
            "Stat": "Sum",
        },
        "ReturnData": True,
    }
    assert frame.attrs["period_seconds"] == 60


def test_series_of_nothing_is_an_empty_frame_of_the_same_shape() -> None:
    frame = metrics.series(
        live_with("cloudwatch", Pages({"MetricDataResults": [result("q0")]})),
        [Query("a", "N", "M", "Sum")],
        START,
        END,
        60,
    )
    assert frame.empty
    assert list(frame.columns) == ["time", "metric", "value"]
    assert str(frame["time"].dtype).endswith("UTC]")
    assert metrics.series(live_with("cloudwatch", Pages()), [], START, END, 60).empty


def test_queries_are_asked_five_hundred_at_a_time() -> None:
    pages = Pages({"MetricDataResults": []})
    queries = [Query(str(number), "N", "M", "Sum") for number in range(1001)]
    metrics.series(live_with("cloudwatch", pages), queries, START, END, 60)
    assert [len(asked["MetricDataQueries"]) for asked in pages.asked] == [500, 500, 1]


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_metric_that_cannot_be_read_is_no_empty_one(status: str) -> None:
    pages = Pages({"MetricDataResults": [result("q0", status=status)]})
    with pytest.raises(NotAsWanted, match=f"{status} for ExecutionsStarted"):
        metrics.executions(live_with("cloudwatch", pages), START, END)


@pytest.mark.parametrize(
    ("back", "asked", "used"),
    [
        (timedelta(hours=2), 10, 10),
        (timedelta(hours=4), 10, 60),
        (timedelta(days=16), 60, 300),
        (timedelta(days=90), 300, 3600),
        (timedelta(days=90), 3600, 3600),
    ],
)
def test_the_period_is_one_that_cloudwatch_still_has(back: timedelta, asked: int, used: int) -> None:
    assert metrics.usable_period(END - back, END, asked) == used


@pytest.mark.parametrize(("start", "end"), [(END, START), (START, START), (START.replace(tzinfo=None), END)])
def test_a_window_that_is_none_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(BadParameters, match="expected an end after the start"):
        metrics.usable_period(start, end, 60)


def test_executions_and_execution_time_ask_for_this_state_machine() -> None:
    pages = Pages({"MetricDataResults": [result("q1", (0, 3))]})
    live = live_with("cloudwatch", pages)
    assert metrics.executions(live, START, END)["metric"].tolist() == ["ExecutionsSucceeded"]
    assert metrics.execution_time(live, START, END)["metric"].tolist() == ["p95"]
    stats = [[query["MetricStat"] for query in asked["MetricDataQueries"]] for asked in pages.asked]
    assert {stat["Stat"] for stat in stats[0]} == {"Sum"}
    assert [stat["Stat"] for stat in stats[1]] == ["p50", "p95", "p99"]
    dimension = [{"Name": "StateMachineArn", "Value": LOCAL.state_machine_arn}]
    assert all(stat["Metric"]["Dimensions"] == dimension for stat in stats[0] + stats[1])


def test_publish_writes_what_was_measured_and_counts_what_never_came() -> None:
    pages = Pages()
    rows = [
        DrillLatency("crisis", "crisis", "trusted", 0.5, START),
        DrillLatency("crisis", "crisis", "operations", None, START),
    ]
    assert metrics.publish_drill(live_with("cloudwatch", pages), rows) == 2
    (put,) = pages.put
    assert put["Namespace"] == "Your6/Workflow"
    lost = {datum["Dimensions"][1]["Value"]: datum["Value"] for datum in put["MetricData"][1:]}
    assert {datum["MetricName"] for datum in put["MetricData"][1:]} == {"DrillAlertsLost"}
    assert lost == {"trusted": 0.0, "operations": 1.0}
    assert put["MetricData"][:1] == [
        {
            "MetricName": "DrillAlertLatency",
            "Dimensions": [{"Name": "Route", "Value": "crisis"}, {"Name": "Topic", "Value": "trusted"}],
            "Timestamp": START,
            "Value": 0.5,
            "Unit": "Seconds",
        }
    ]


def test_publish_goes_a_thousand_at_a_time_and_nothing_makes_no_call() -> None:
    pages = Pages()
    live = live_with("cloudwatch", pages)
    assert metrics.publish_drill(live, []) == 0
    assert pages.put == []
    metrics.publish_drill(live, [DrillLatency("s", "high", "trusted", None, START)] * 2001)
    assert [len(put["MetricData"]) for put in pages.put] == [1000, 1000, 1]


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_publish_refuses_what_is_no_measurement_before_it_writes_any(seconds: float) -> None:
    pages = Pages()
    rows = [DrillLatency("a", "high", "trusted", 1.0, START), DrillLatency("b", "high", "trusted", seconds, START)]
    with pytest.raises(BadParameters, match="drill b took"):
        metrics.publish_drill(live_with("cloudwatch", pages), rows)
    assert pages.put == []


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
        ("crisis", 3, "3%"),
        ("no route", 97, "97%"),
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
    ],
)
def test_lines_that_are_no_events_are_counted(message: str) -> None:
    log = log_of({"timestamp": 1, "message": message}, *CRISIS)
    assert log.attrs["unreadable"] == 1
    assert workflow_log.routes(log).attrs["unreadable"] == 1
    assert len(workflow_log.routes(log)) == 1


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
