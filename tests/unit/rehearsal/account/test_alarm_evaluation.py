"""What an alarm says of datapoints: dimensions, math, what is missing, and so many of so many periods."""

import pytest

from rehearsal.account.alarm_evaluation import ALARM, INSUFFICIENT, OK, metrics, state

NOW = 1000.0
BASE = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0, "EvaluationPeriods": 1}
METRIC = {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "Of", "Value": "ours"}]}
OURS = ("N", "M", "ours")
PLAIN = {**BASE, **METRIC, "Period": 60, "Statistic": "Sum"}


def stat(name):
    return {"Metric": {"Namespace": "N", "MetricName": name}, "Period": 60, "Stat": "Sum"}


def math(expression, **other):
    rows = [{"Id": name, "MetricStat": stat(name), "ReturnData": False} for name in ("sent", "carried")]
    return {**BASE, "Metrics": [*rows, {"Id": "lost", "Expression": expression, "ReturnData": True}], **other}


def seen(**points):
    """Datapoints by metric (and dimension): a list of (seconds ago, value)."""

    def datapoint(namespace, metric, dimensions, statistic, start, end):
        assert (namespace, statistic) == ("N", "Sum")
        name = "_".join([metric, *dimensions.values()])
        values = [value for ago, value in points.get(name, []) if start < NOW - ago <= end]
        return float(sum(values)) if values else None

    return datapoint


def test_only_a_metric_of_its_own_dimensions_counts():
    assert state(PLAIN, seen(M_ours=[(5, 1)]), NOW) == ALARM
    assert state(PLAIN, seen(M_theirs=[(5, 1)]), NOW) == INSUFFICIENT
    assert state(PLAIN, seen(M_ours=[(5, 0)]), NOW) == OK
    assert state(PLAIN, seen(M_ours=[(65, 1)]), NOW) == INSUFFICIENT  # in a period that is over


@pytest.mark.parametrize(
    ("missing", "said"), [("missing", INSUFFICIENT), ("ignore", ""), ("breaching", ALARM), ("notBreaching", OK)]
)
def test_what_is_missing_is_as_the_alarm_treats_it(missing, said):
    assert state({**PLAIN, "TreatMissingData": missing}, seen(), NOW) == said


def test_so_many_of_so_many_periods():
    two_of_three = {**PLAIN, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "notBreaching"}
    assert state(two_of_three, seen(M_ours=[(5, 1)]), NOW) == OK
    assert state(two_of_three, seen(M_ours=[(5, 1), (125, 1)]), NOW) == ALARM
    assert state({**two_of_three, "DatapointsToAlarm": 3}, seen(M_ours=[(5, 1), (125, 1)]), NOW) == OK


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ({}, OK),
        ({"sent": [(5, 1)]}, ALARM),
        ({"sent": [(5, 1)], "carried": [(4, 1)]}, OK),
        ({"sent": [(5, 2)], "carried": [(4, 1)]}, ALARM),
        ({"carried": [(4, 1)]}, OK),
    ],
)
def test_what_was_sent_and_not_carried(points, said):
    assert state(math("FILL(sent, 0) - FILL(carried, 0)"), seen(**points), NOW) == said


def test_math_without_a_datapoint_is_missing():
    assert state(math("sent + carried", TreatMissingData="breaching"), seen(sent=[(5, 1)]), NOW) == ALARM
    assert state(math("sent", TreatMissingData="notBreaching"), seen(), NOW) == OK


def test_math_that_it_cannot_calculate_is_an_error():
    with pytest.raises(ValueError, match="RATE"):
        state(math("RATE(sent)"), seen(), NOW)


def test_the_metrics_of_an_alarm():
    assert metrics(PLAIN) == [{"Metric": METRIC, "Period": 60, "Stat": "Sum"}]
    assert metrics(math("sent")) == [stat("sent"), stat("carried")]
