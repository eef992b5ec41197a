"""The route as AWS would decide it, and the five numbers. No AWS."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import render, settings, thresholds
from lib.errors import BadParameters

LOCAL = settings.load("local")
PLAIN = render.definition(LOCAL)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-200, max_value=200)
ANYTHING = st.none() | st.booleans() | st.text() | NUMBERS | st.lists(st.integers(), max_size=2)


def decide(risk: object = 10, score: object = 0.5, trajectory: object = "stable") -> str:
    return thresholds.route(PLAIN, {"risk_score": risk, "score": score, "trajectory": trajectory})


def plainly(risk: object, score: object, trajectory: object) -> str:
    """The routing of the plan, written a second time and plainly."""
    if isinstance(risk, bool) or not isinstance(risk, int | float) or not 0 <= risk <= 100:
        return "unscored"
    felt = isinstance(score, int | float) and not isinstance(score, bool)
    if risk > 95:
        return "crisis"
    if risk > 85:
        return "high"
    if risk > 50 or (felt and score < -0.6):
        return "standard"
    if not felt or not -1 <= score <= 1:
        return "unscored"
    return "proactive" if trajectory == "declining" and risk > 30 else "none"


@pytest.mark.parametrize(
    ("fields", "route"),
    [
        ({"risk": 95}, "high"),
        ({"risk": 95.01}, "crisis"),
        ({"risk": 85}, "standard"),
        ({"risk": 85.01}, "high"),
        ({"risk": 50}, "none"),
        ({"risk": 50.01}, "standard"),
        ({"score": -0.6}, "none"),
        ({"score": -0.61}, "standard"),
        ({"risk": 30, "trajectory": "declining"}, "none"),
        ({"risk": 30.01, "trajectory": "declining"}, "proactive"),
        ({"risk": 100}, "crisis"),
        ({"risk": 100.01}, "unscored"),
        ({"risk": -0.01, "score": -0.9}, "unscored"),
        ({"risk": True}, "unscored"),
        ({"risk": "98"}, "unscored"),
        ({"risk": None}, "unscored"),
        ({"risk": math.nan}, "unscored"),
        ({"score": -1}, "standard"),
        ({"score": -5}, "standard"),
        ({"score": 1}, "none"),
        ({"score": 1.01}, "unscored"),
        ({"score": 5}, "unscored"),
        ({"score": None}, "unscored"),
        ({"score": "-0.9"}, "unscored"),
        ({"score": True}, "unscored"),
        ({"score": math.nan}, "unscored"),
        ({"risk": 0, "score": None}, "unscored"),
        ({"risk": 40, "score": None, "trajectory": "declining"}, "unscored"),
        ({"risk": 40, "score": 1.01, "trajectory": "declining"}, "unscored"),
        ({"risk": 50.01, "score": None}, "standard"),
        ({"risk": 85.01, "score": None}, "high"),
        ({"risk": 95.01, "score": 5}, "crisis"),
    ],
)
def test_each_side_of_each_threshold(fields: dict, route: str) -> None:
    assert decide(**fields) == route


def test_whatever_is_missing_is_never_no_risk() -> None:
    assert thresholds.route(PLAIN, {}) == "unscored"
    assert thresholds.route(PLAIN, {"score": 0.9, "trajectory": "improving"}) == "unscored"
    assert thresholds.route(PLAIN, {"risk_score": 0, "trajectory": "stable"}) == "unscored"
    assert thresholds.route(PLAIN, {"risk_score": 40, "trajectory": "declining"}) == "unscored"
    assert thresholds.route(PLAIN, {"risk_score": 60}) == "standard"


@given(ANYTHING, ANYTHING, ANYTHING | st.just("declining"))
def test_the_definition_decides_as_the_plan_says(risk: object, score: object, trajectory: object) -> None:
    assert decide(risk, score, trajectory) == plainly(risk, score, trajectory)


@given(ANYTHING, ANYTHING, ANYTHING | st.just("declining"))
def test_no_risk_is_only_said_with_a_usable_score_and_sentiment(
    risk: object, score: object, trajectory: object
) -> None:
    if decide(risk, score, trajectory) in ("none", "proactive"):
        assert 0 <= risk <= 100 and -1 <= score <= 1  # type: ignore[operator]


@given(NUMBERS, st.floats(0, 50), st.floats(-1, 1), st.sampled_from(["stable", "declining"]))
def test_more_risk_never_means_less_alarm(risk: float, more: float, score: float, trajectory: str) -> None:
    order = ["none", "proactive", "standard", "high", "crisis", "unscored"]
    if 0 <= risk <= 100 and risk + more <= 100:
        assert order.index(decide(risk, score, trajectory)) <= order.index(decide(risk + more, score, trajectory))


def test_a_comparison_on_a_missing_variable_fails_as_on_aws() -> None:
    choice = {"Choices": [{"Variable": "$.a.b", "NumericGreaterThan": 1, "Next": "X"}], "Default": "Y"}
    assert thresholds.choose(choice, {"a": {"b": 2}}) == "X"
    assert thresholds.choose(choice, {"a": {"b": "2"}}) == "Y"
    for data in ({}, {"a": 1}, {"a": {}}):
        with pytest.raises(thresholds.MissingVariable, match=r"\$\.a\.b"):
            thresholds.choose(choice, data)


def test_rules_combine_and_stop_where_they_are_decided() -> None:
    guarded = [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "StringMatches": "drill-*"}]
    choice = {"Choices": [{"And": guarded, "Next": "X"}, {"Not": guarded[0], "Next": "N"}], "Default": "Y"}
    assert [thresholds.choose(choice, data) for data in ({"a": "drill-[1]"}, {}, {"a": "real"})] == ["X", "N", "Y"]
    either = {"Choices": [{"Or": [guarded[0], guarded[1]], "Next": "X"}], "Default": "Y"}
    assert thresholds.choose(either, {"a": 1}) == "X"
    by_name = {"Choices": [{"Variable": "$$.Execution.Name", "StringMatches": "d?[x]*", "Next": "X"}], "Default": "Y"}
    assert thresholds.choose(by_name, {}, {"Execution": {"Name": "d?[x]1"}}) == "X"
    assert thresholds.choose(by_name, {}, {"Execution": {"Name": "dax1"}}) == "Y"


def test_a_rule_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(BadParameters, match="TimestampEquals"):
        thresholds.choose({"Choices": [{"Variable": "$.a", "TimestampEquals": "x", "Next": "X"}]}, {"a": "x"})
    with pytest.raises(BadParameters, match="NoChoiceMatched"):
        thresholds.choose({"Choices": []}, {})


def test_the_numbers_are_read_and_changed() -> None:
    assert thresholds.thresholds_of(PLAIN) == LOCAL.thresholds
    other = thresholds.with_thresholds(PLAIN, {"CrisisRiskAbove": 90, "SentimentBelow": -0.2})
    assert thresholds.thresholds_of(other) == {**LOCAL.thresholds, "CrisisRiskAbove": 90, "SentimentBelow": -0.2}
    assert thresholds.route(other, {"risk_score": 91}) == "crisis"
    assert thresholds.route(PLAIN, {"risk_score": 91}) == "high"
    assert thresholds.with_thresholds(other, LOCAL.thresholds) == PLAIN


def test_rules_that_are_not_ours_are_refused() -> None:
    other = json.loads(json.dumps(PLAIN))
    other["States"]["EvaluateRisk"]["Choices"].pop()
    with pytest.raises(BadParameters, match="EvaluateRisk"):
        thresholds.thresholds_of(other)
    uneven = json.loads(json.dumps(PLAIN))
    uneven["States"]["EvaluateRisk"]["Choices"][4]["And"][3]["NumericLessThanEquals"] = 49
    with pytest.raises(BadParameters, match="EvaluateRisk"):
        thresholds.with_thresholds(uneven, {})
    with pytest.raises(BadParameters, match="Crisis"):
        thresholds.with_thresholds(PLAIN, {"Crisis": 1})
