"""What CloudWatch would refuse of an alarm, and what would never go off, is one sentence that names the file."""

import pytest

from lib.definitions import alarm_lint
from lib.errors import BadParameters

MACHINE = {"StateMachineArn": "arn"}
PASSED = {"namespace": alarm_lint.OURS, "metric": alarm_lint.DRILL_PASSED, "dimensions": MACHINE}
WORDS = {
    "missingBecause": "CloudWatch gets none then",
    "means": "Something is wrong.",
    "do": "Look at it, and mend it.",
}


def metric(**other):
    failed = {"id": "m", "namespace": "AWS/States", "metric": "ExecutionsFailed", "dimensions": MACHINE}
    return {**failed, "statistic": "Sum", **other}


def definition(**other):
    periods = {"period": 60, "evaluationPeriods": 1, "datapointsToAlarm": 1}
    above = {"threshold": 0, "comparison": "GreaterThanThreshold", "missing": "notBreaching"}
    return {"each": "workflow", "suffix": "made", "metrics": [metric()], **periods, **above, **WORDS, **other}


def refused(**other):
    with pytest.raises(BadParameters) as caught:
        alarm_lint.parse(definition(**other), "alarms/made.json")
    said = str(caught.value)
    assert said.startswith("lib/definitions/alarms/made.json: ")
    assert "\n" not in said
    return said


def test_a_definition_says_what_it_means_what_to_do_and_what_silence_is():
    parsed = alarm_lint.parse(definition(), "alarms/made.json")
    todo = f"Something is wrong. WHAT TO DO: Look at it, and mend it. {alarm_lint.FIRST_ONLY}"
    assert parsed.description == f"{todo} (Silence is none: CloudWatch gets none then)"
    silent = alarm_lint.parse(definition(missing="breaching"), "alarms/made.json")
    assert "and mend it. (Silence is an alarm: " in silent.description


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"metrics": [metric(metric="ExecutionsBroken")]}, "metric AWS/States ExecutionsBroken is unknown; expected"),
        ({"metrics": [metric(namespace="AWS/Nothing")]}, "namespace AWS/Nothing: nobody is known to publish it"),
        ({"metrics": [metric(dimensions={"Name": "x"})]}, "dimensions Name of AWS/States; expected StateMachineArn"),
        ({"metrics": [metric(dimensions={})]}, "dimensions none of AWS/States"),
        ({"threshold": -1}, "threshold -1.0: expected a number from 0"),
        ({"threshold": float("nan")}, "threshold nan"),
        ({"threshold": 2.0**60}, "expected a number from 0"),
        ({"comparison": "LessThanThreshold"}, "threshold 0: no count is below it"),
        ({"comparison": "Above"}, "comparison: "),
        ({"period": 45}, "period 45: CloudWatch takes a multiple of 60 seconds"),
        ({"period": 30}, "period 30: "),
        ({"period": 10, "metrics": [metric(**PASSED)]}, "period 10: CloudWatch takes a multiple of 60"),
        ({"period": 0}, "period 0: "),
        ({"period": 300, "evaluationPeriods": 289}, "289 periods of 300 s: CloudWatch looks back a day, and a week"),
        ({"period": 3600, "evaluationPeriods": 169}, "169 periods of 3600 s"),
        ({"datapointsToAlarm": 2}, "datapointsToAlarm 2 of 1 periods can never be reached"),
        ({"evaluationPeriods": 0}, "evaluationPeriods: "),
        ({"missing": "whatever"}, "missing: "),
        ({"means": "x" * 1000}, "characters: CloudWatch takes 1024"),
        ({"metrics": [metric(), metric(id="n")]}, "expression ''; expected one of m, n, each of them"),
        ({"expression": "FILL(other, 0)"}, "expression 'FILL(other, 0)'; expected one of m"),
        ({"surplus": 1}, "surplus: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cloudwatch_would_refuse_or_what_would_never_go_off(other, said):
    assert said in refused(**other)


@pytest.mark.parametrize(
    "other",
    [
        {"period": 60, "metrics": [metric(**PASSED)]},
        {"period": 86_400, "evaluationPeriods": 7},
        {"period": 300, "evaluationPeriods": 288},
        {"period": 3600, "evaluationPeriods": 168},
        {"threshold": 1, "comparison": "LessThanThreshold"},
        {"expression": "FILL(m, 0)"},
    ],
    ids=str,
)
def test_what_cloudwatch_takes(other):
    assert alarm_lint.parse(definition(**other), "alarms/made.json")
