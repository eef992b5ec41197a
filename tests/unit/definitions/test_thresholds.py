"""The five numbers of a definition. No AWS."""

import json

import pytest

from lib import settings
from lib.asl.router import Router
from lib.definitions import templates, thresholds
from lib.errors import BadParameters

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)


def test_the_numbers_are_read_and_changed() -> None:
    assert thresholds.thresholds_of(PLAIN) == LOCAL.thresholds
    other = thresholds.with_thresholds(PLAIN, {"CrisisRiskAbove": 90, "SentimentBelow": -0.2})
    assert thresholds.thresholds_of(other) == {**LOCAL.thresholds, "CrisisRiskAbove": 90, "SentimentBelow": -0.2}
    assert Router(other).route({"risk_score": 91}) == "crisis"
    assert Router(PLAIN).route({"risk_score": 91}) == "high"
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


@pytest.mark.parametrize("number", [10**400, float("inf"), float("nan")])
def test_a_number_that_no_score_is_compared_with_is_not_ours(number) -> None:
    with pytest.raises(BadParameters, match="EvaluateRisk"):
        thresholds.thresholds_of(thresholds.with_thresholds(PLAIN, {"CrisisRiskAbove": number}))
