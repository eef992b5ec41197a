"""What CloudWatch counted and timed, as DataFrames. Read-only, but for `publish_drill`, which records measurements.

Missing stays missing: a period without a datapoint has no row, and never becomes 0. Metrics arrive one to three minutes
late. There is no metric math here: pandas does the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from lib import routes
from lib.aws import Live
from lib.aws_answers import readable
from lib.definitions.alarm_lint import DRILL_PASSED
from lib.errors import BadParameters, NotAsWanted
from lib.telemetry.execution_status import Count
from lib.telemetry.libraries import pandas as pd

STATES = "AWS/States"
OURS = "Your6/Workflow"
THROTTLED = "ExecutionThrottled"
DRILL_LATENCY = "DrillAlertLatency"
DRILL_LOST = "DrillAlertsLost"
COUNTS = tuple(count.value for count in Count)
PERCENTILES = ("p50", "p95", "p99")
QUERIES_A_CALL = 500
DATA_A_CALL = 1000
COMPLETE, PARTIAL = "Complete", "PartialData"
ATTEMPTS = 2  # at an answer that is not whole
# CloudWatch keeps fine datapoints for a short time only: older than this -> at least this period, in seconds.
KEPT = ((timedelta(days=63), 3600), (timedelta(days=15), 300), (timedelta(hours=3), 60))
MOST_POINTS = 1_500  # of one metric in a chart 10 in wide: more than its pixels, and it takes minutes to draw
PERIODS = (1, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400)


@dataclass(frozen=True)
class Query:
    """One metric with one statistic (Sum, Maximum, p95 ...); `label` names its rows."""

    label: str
    namespace: str
    metric: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DrillLatency:
    """How long after a drill's start its alert reached a topic's subscriber; `seconds` is None where it was lost."""

    scenario: str
    route: str
    topic: str
    seconds: float | None
    at: datetime


def series(live: Live, queries: Sequence[Query], start: datetime, end: datetime, period: int) -> pd.DataFrame:
    """Datapoints in long form: time (UTC, begin of the period), metric (the label), value. Read-only.

    `attrs["period_seconds"]` is the period used: longer than asked for where CloudWatch keeps nothing finer that old;
    `attrs["window"]` is the time that was asked for.
    Raises NotAsWanted when CloudWatch answers a query with anything but data, or with a part of it.
    """
    period = usable_period(start, end, period)
    rows: list[tuple[datetime, str, float]] = []
    for first in range(0, len(queries), QUERIES_A_CALL):
        rows += _datapoints(live, queries[first : first + QUERIES_A_CALL], (start, end), period)
    frame = pd.DataFrame(rows, columns=["time", "metric", "value"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    frame["value"] = frame["value"].astype(float)
    frame = frame.sort_values(["time", "metric"], ignore_index=True)
    frame.attrs.update({"period_seconds": period, "window": (start, end)})
    return frame


def usable_period(start: datetime, now: datetime, period: int) -> int:
    """The period, or the shortest that CloudWatch still has for a window that begins at `start`."""
    if start.tzinfo is None or now.tzinfo is None or start >= now:
        raise BadParameters(f"window {start} to {now}: expected an end after the start, both with a time zone")
    least = next((seconds for age, seconds in KEPT if now - start > age), 1)
    return max(period, least)


def kept_period(start: datetime, now: datetime, shortest: int) -> int:
    """The shortest period from this on that CloudWatch still has, `now`, of all that began at `start`.

    A window that ended long ago is as old as its beginning, whatever its own length.
    """
    return usable_period(start, max(now, start + timedelta(seconds=1)), shortest)


def readable_period(start: datetime, end: datetime, now: datetime, shortest: int) -> int:
    """Like `kept_period`, and so long that a chart of the window has no more than MOST_POINTS of each metric."""
    enough = (end - start).total_seconds() / MOST_POINTS
    return kept_period(start, now, next((one for one in PERIODS if one >= max(enough, shortest)), PERIODS[-1]))


def executions(live: Live, start: datetime, end: datetime, period: int = 0) -> pd.DataFrame:
    """How many executions started and how they ended: time, metric (COUNTS), value. Read-only.

    `period` in seconds; 0 is as the parameters say.
    """
    queries = [Query(name, STATES, name, "Sum", _machine(live)) for name in COUNTS]
    return series(live, queries, start, end, period or live.settings.metric_period_seconds)


def execution_time(live: Live, start: datetime, end: datetime, period: int = 0) -> pd.DataFrame:
    """Percentiles of the execution time in milliseconds: time, metric (p50, p95, p99), value. Read-only.

    `period` in seconds; 0 is as the parameters say.
    """
    queries = [Query(name, STATES, "ExecutionTime", name, _machine(live)) for name in PERCENTILES]
    return series(live, queries, start, end, period or live.settings.metric_period_seconds)


def throttles(live: Live, start: datetime, end: datetime) -> float | None:
    """How often a state of the workflow was throttled; None where CloudWatch has no datapoint of it. Read-only."""
    points = series(live, [Query(THROTTLED, STATES, THROTTLED, "Sum", _machine(live))], start, end, 60)
    return None if points.empty else float(points["value"].sum())


def publish_drill(live: Live, rows: Sequence[DrillLatency]) -> int:
    """Write measured drill latencies to our own namespace, and of every alert whether it was lost; returns how many.

    A lost alert has no latency that CloudWatch could hold, so it is counted in a metric of its own, which also says
    of how many. A metric is neither plan nor resource: it is evidence, it cannot be taken back, nothing depends on it.
    """
    data = [_timed(row) for row in rows if row.seconds is not None]
    data += [_datum(row, DRILL_LOST, float(row.seconds is None), "Count") for row in rows]
    with readable(f"recording drill latencies in {OURS}"):
        for first in range(0, len(data), DATA_A_CALL):
            chunk = data[first : first + DATA_A_CALL]
            live.client("cloudwatch").put_metric_data(Namespace=OURS, MetricData=chunk)
    return len(rows)


def publish_passed(live: Live) -> None:
    """Write that a drill passed: where nobody does for seven days, an alarm goes off."""
    machine = [{"Name": name, "Value": value} for name, value in _machine(live)]
    datum = {"MetricName": DRILL_PASSED, "Dimensions": machine, "Value": 1.0, "Unit": "Count"}
    with readable(f"recording in {OURS} that a drill passed"):
        live.client("cloudwatch").put_metric_data(Namespace=OURS, MetricData=[datum])


def _datapoints(
    live: Live, queries: Sequence[Query], window: tuple[datetime, datetime], period: int
) -> list[tuple[datetime, str, float]]:
    """What is partial to its last page is asked for once more, and then no answer: what it lacks nobody says."""
    asked = {f"q{number}": query for number, query in enumerate(queries)}
    partial = ""
    for _ in range(ATTEMPTS):
        rows, partial = _answer(live, asked, window, period)
        if not partial:
            return rows
    raise NotAsWanted(f"CloudWatch answered only a part of its data for {partial}; expected all; try again later")


def _answer(
    live: Live, asked: Mapping[str, Query], window: tuple[datetime, datetime], period: int
) -> tuple[list[tuple[datetime, str, float]], str]:
    """The datapoints, and what of them is not whole, by metric and with what CloudWatch says of it; "" where all is."""
    request = [_request(name, query, period) for name, query in asked.items()]
    pages = live.client("cloudwatch").get_paginator("get_metric_data")
    rows: list[tuple[datetime, str, float]] = []
    partial: dict[str, str] = {}
    with readable("reading CloudWatch metrics"):
        for page in pages.paginate(MetricDataQueries=request, StartTime=window[0], EndTime=window[1]):
            # A page holds at most 100,800 datapoints; the paginator asks for the rest.
            if said := _messages(page):  # as much as possible is answered nevertheless, and that is not all
                raise NotAsWanted(f"CloudWatch did not answer all that it was asked for{said}; try again later")
            for result in page["MetricDataResults"]:
                query, code = asked[result["Id"]], result.get("StatusCode", COMPLETE)
                said = f"{query.metric}{_messages(result)}"
                if code not in (COMPLETE, PARTIAL):
                    raise NotAsWanted(f"CloudWatch answered {code} for {said}; try again later")
                partial.pop(result["Id"], None)
                partial |= {result["Id"]: said} if code == PARTIAL else {}  # a later page may go on with this metric
                points = zip(result["Timestamps"], result["Values"], strict=True)
                rows += [(moment, query.label, value) for moment, value in points]
    return rows, ", ".join(dict.fromkeys(partial.values()))


def _messages(answer: Mapping[str, Any]) -> str:
    said = "; ".join(": ".join(filter(None, (m.get("Code"), m.get("Value")))) for m in answer.get("Messages") or [])
    return f" ({said})" if said else ""


def _request(name: str, query: Query, period: int) -> dict[str, Any]:
    dimensions = [{"Name": key, "Value": value} for key, value in query.dimensions]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": query.statistic}, "ReturnData": True}


def _machine(live: Live) -> tuple[tuple[str, str], ...]:
    return (("StateMachineArn", live.settings.state_machine_arn),)


def _timed(row: DrillLatency) -> dict[str, Any]:
    if row.seconds is None or not isfinite(row.seconds) or row.seconds < 0:
        raise BadParameters(f"drill {row.scenario} took {row.seconds} s to {row.topic}; expected a measured time")
    return _datum(row, DRILL_LATENCY, float(row.seconds), "Seconds")


def _datum(row: DrillLatency, metric: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "MetricName": metric,
        "Dimensions": [
            {"Name": "Route", "Value": routes.route_named(row.route).value},
            {"Name": "Topic", "Value": row.topic},
        ],
        "Timestamp": row.at,
        "Value": value,
        "Unit": unit,
    }
