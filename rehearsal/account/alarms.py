"""Alarms as on AWS, put in the place of ministack's in its own process: math is kept, and dimensions count. No AWS.

Ministack forgets `Metrics` of an alarm and what suppresses one, gives each a statistic, looks at a metric of that name
whatever its dimensions, and never at what is missing. An alarm is evaluated when a datapoint is put, and when it is put
itself only where a metric of it has a datapoint: what is missing alone sets none off here, where AWS would in minutes.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from math import ceil
from typing import Any

from ministack.services import cloudwatch

from rehearsal.account import alarm_evaluation

MATH, ONE = ("Metrics", "ThresholdMetricId"), ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period")
SUPPRESSED = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
PUT, PUT_COMPOSITE, EVALUATE = "_put_metric_alarm", "_put_composite_alarm", "_evaluate_alarm"
LATEST_SECONDS = 3600.0  # after its time a datapoint may come; what comes of weeks ago comes before all others
Put = Callable[..., Any]


def behave_as_on_aws() -> None:
    """Let alarms be kept and evaluated so. Raises AttributeError where a version of ministack has none of a name."""
    setattr(cloudwatch, PUT, _kept_whole(getattr(cloudwatch, PUT)))
    setattr(cloudwatch, PUT_COMPOSITE, _kept_with_suppressor(getattr(cloudwatch, PUT_COMPOSITE)))
    getattr(cloudwatch, EVALUATE)
    setattr(cloudwatch, EVALUATE, _evaluate)


def _kept_whole(put: Put) -> Put:
    def inner(params: object, data: Mapping[str, Any], *how: object) -> object:
        answer = put(params, data, *how)
        alarm = cloudwatch._alarms.get((data or {}).get("AlarmName"))
        if alarm is not None:
            alarm |= {key: data[key] for key in (*MATH, "EvaluateLowSampleCountPercentile") if key in data}
            for key in [key for key, value in alarm.items() if value is None or ("Metrics" in alarm and key in ONE)]:
                del alarm[key]
            _evaluate(alarm)
        return answer

    return inner


def _kept_with_suppressor(put: Put) -> Put:
    def inner(params: object, data: Mapping[str, Any], *how: object) -> object:
        answer = put(params, data, *how)
        alarm = cloudwatch._composite_alarms.get((data or {}).get("AlarmName"))
        if alarm is not None:
            alarm |= {key: data[key] for key in SUPPRESSED if key in data}
        return answer

    return inner


def _evaluate(alarm: dict[str, Any]) -> None:
    if not (alarm.get("MetricName") or "Metrics" in alarm) or not _has_datapoints(alarm):
        return
    before, now = alarm["StateValue"], time.time()
    after = alarm_evaluation.state(alarm, _datapoint, now)
    if not after or after == before:
        return
    reason = f"Threshold Crossed: {alarm['ComparisonOperator']} {alarm['Threshold']:g}"
    at = ceil(now)  # whole seconds are all it keeps; rounded down they may lie before what set it off
    alarm |= {"StateValue": after, "StateReason": reason, "StateUpdatedTimestamp": at}
    cloudwatch._record_history(alarm["AlarmName"], before, after, reason)
    cloudwatch._history_entries()[-1]["Timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    cloudwatch._dispatch_alarm_actions(alarm, before, after, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _has_datapoints(alarm: Mapping[str, Any]) -> bool:
    return any(_points(stat["Metric"]) for stat in alarm_evaluation.metrics(alarm))


def _points(metric: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    dimensions = cloudwatch._dims_key({row["Name"]: row["Value"] for row in metric.get("Dimensions", [])})
    return cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], dimensions)) or []


def _datapoint(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, start: float, end: float
) -> float | None:
    rows = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    points = _points({"Namespace": namespace, "MetricName": name, "Dimensions": rows})
    # From the newest back: there may be weeks of them. None came later than LATEST_SECONDS after its time.
    newest = takewhile(lambda point: point["Timestamp"] > start - LATEST_SECONDS, reversed(points))
    within = [point for point in newest if start < point["Timestamp"] <= end]
    return float(cloudwatch._stat_value(cloudwatch._calc_stats(within), statistic, within)) if within else None
