"""What an alarm says of datapoints, as CloudWatch documents it: dimensions, math, missing data, M of N. No AWS.

The periods are counted back from now, where CloudWatch's begin on whole ones; and it looks no further back than the
alarm's own periods, where CloudWatch takes some more into account before it fills what is missing.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from lib.definitions.alarm_lint import Missing

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
ADDED = {ast.Add: operator.add, ast.Sub: operator.sub}
# (namespace, metric, dimensions, statistic, start, end) -> the value of that period, None where there is none
Datapoint = Callable[[str, str, Mapping[str, str], str, float, float], float | None]


def state(alarm: Mapping[str, Any], datapoint: Datapoint, now: float) -> str:
    """The state of an alarm, as PutMetricAlarm takes one, at this time (seconds since the epoch).

    "" where it stays as it is. Raises ValueError for math that is none of ours.
    """
    periods, length = int(alarm["EvaluationPeriods"]), _length(alarm)
    values = [_value(alarm, datapoint, now - (number + 1) * length, now - number * length) for number in range(periods)]
    missing = alarm.get("TreatMissingData", "missing")
    if all(value is None for value in values) and missing in ("missing", "ignore"):
        return INSUFFICIENT if missing == "missing" else ""
    compared, threshold = COMPARED[alarm["ComparisonOperator"]], float(alarm["Threshold"])
    breaching = [missing == Missing.BREACHING if value is None else compared(value, threshold) for value in values]
    return ALARM if sum(breaching) >= int(alarm.get("DatapointsToAlarm", periods)) else OK


def metrics(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The metrics that an alarm watches, each as a MetricStat."""
    if "Metrics" in alarm:
        return [row["MetricStat"] for row in alarm["Metrics"] if "MetricStat" in row]
    metric = {key: alarm.get(key, []) for key in ("Namespace", "MetricName", "Dimensions")}
    return [{"Metric": metric, "Period": alarm["Period"], "Stat": alarm.get("ExtendedStatistic") or alarm["Statistic"]}]


def _length(alarm: Mapping[str, Any]) -> int:
    return int(metrics(alarm)[0]["Period"])


def _value(alarm: Mapping[str, Any], datapoint: Datapoint, start: float, end: float) -> float | None:
    rows = alarm.get("Metrics")
    if not rows:
        return _of_metric(metrics(alarm)[0], datapoint, start, end)
    values = {row["Id"]: _of_metric(row["MetricStat"], datapoint, start, end) for row in rows if "MetricStat" in row}
    (row,) = [row for row in rows if row.get("ReturnData", True)]
    if "Expression" not in row:
        return values[row["Id"]]
    return _calculated(ast.parse(row["Expression"], mode="eval").body, values)


def _of_metric(stat: Mapping[str, Any], datapoint: Datapoint, start: float, end: float) -> float | None:
    metric = stat["Metric"]
    dimensions = {row["Name"]: row["Value"] for row in metric.get("Dimensions", [])}
    return datapoint(metric["Namespace"], metric["MetricName"], dimensions, stat["Stat"], start, end)


def _calculated(part: ast.expr, values: Mapping[str, float | None]) -> float | None:
    match part:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in ADDED:
            sides = _calculated(left, values), _calculated(right, values)
            return None if None in sides else float(ADDED[type(sign)](*sides))
        case ast.Call(func=ast.Name(id="FILL"), args=[series, instead]):
            value = _calculated(series, values)
            return _calculated(instead, values) if value is None else value
        case ast.Call(func=ast.Name(id="MIN"), args=[ast.List(elts=several)]):
            known = [value for one in several if (value := _calculated(one, values)) is not None]
            return min(known, default=None)
    raise ValueError(f"metric math {ast.unparse(part)} is more than the rehearsal can calculate: sums, FILL and MIN")
