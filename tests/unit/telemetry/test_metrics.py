"""CloudWatch metrics and the workflow's log, read from stubs of our own; the embedded account is in functional/."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from paged import END, LOCAL, START, Pages, live_with

from lib.errors import BadParameters, NotAsWanted
from lib.telemetry import metrics
from lib.telemetry.metrics import DrillLatency, Query


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
    assert (frame.attrs["period_seconds"], frame.attrs["window"]) == (60, (START, END))


class Answers(Pages):
    """Each time it is asked it answers the next of these lists of pages."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        super().__init__()
        self.answers = iter(answers)

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(asked)
        yield from next(self.answers)


def partial(*points: tuple[int, float]) -> list[dict[str, Any]]:
    return [{"MetricDataResults": [{**result("q0", *points, status="PartialData"), "Messages": [{"Value": "slow"}]}]}]


def test_what_is_partial_to_its_last_page_is_asked_for_once_more_and_then_no_answer() -> None:
    whole = [{"MetricDataResults": [result("q0", (0, 1), (60, 2))]}]
    twice = Answers(partial((0, 1)), whole)
    frame = metrics.series(live_with("cloudwatch", twice), [Query("one", "N", "M", "Sum")], START, END, 60)
    assert (frame["value"].tolist(), len(twice.asked)) == ([1.0, 2.0], 2)
    never = Answers(partial((0, 1)), partial((0, 1)))
    with pytest.raises(NotAsWanted, match=r"only a part of its data for M \(slow\)"):
        metrics.series(live_with("cloudwatch", never), [Query("one", "N", "M", "Sum")], START, END, 60)


def test_what_cloudwatch_says_of_the_whole_answer_is_no_answer() -> None:
    said = {"MetricDataResults": [result("q0", (0, 1))], "Messages": [{"Code": "Most", "Value": "too many metrics"}]}
    with pytest.raises(NotAsWanted, match=r"did not answer all .*Most: too many metrics"):
        metrics.series(live_with("cloudwatch", Pages(said)), [Query("one", "N", "M", "Sum")], START, END, 60)


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
