"""When a way is taken, in words."""

import pytest

from lib.asl import condition_words

X = {"Variable": "$.x"}


Y = {"Variable": "$.y", "NumericLessThan": -0.6}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"Variable": "$.risk_score", "NumericGreaterThanEquals": 50}, "risk_score at least 50"),
        ({"Variable": "$.a.b", "StringEquals": ""}, 'b is ""'),
        ({"Variable": "$.a.b", "BooleanEquals": True}, "a.b is true"),
        ({"Variable": "$.a.b", "BooleanEquals": False}, "a.b is false"),
        ({"Variable": "$$.Execution.Name", "StringMatches": "drill-*"}, "Execution.Name is like drill-*"),
        ({**X, "IsPresent": True}, "x is given"),
        ({**X, "IsPresent": False}, "x is not given"),
        ({**X, "IsNumeric": False}, "x is not a number"),
        ({"Not": {**X, "StringEquals": "y"}}, "not (x is y)"),
        ({"Not": {**X, "IsNull": True}}, "not (x is null)"),
        ({**X, "NumericLessThanPath": "$.y"}, "x below $.y"),
        ({**X, "SomethingNew": 1}, "x SomethingNew 1"),
        ({"Condition": "{% $x > 1 %}"}, "{% $x > 1 %}"),
        ({"And": [{**X, "IsPresent": True}, {**X, "IsString": True}]}, "x is given"),
        ({"And": [{**X, "IsPresent": True}, {**X, "IsNumeric": True}, Y]}, "y below -0.6"),
        ({"And": [{"And": [{**X, "IsPresent": True}, {**X, "IsNumeric": True}]}, Y]}, "y below -0.6"),
        ({"And": [Y, {"Or": [{**X, "IsNull": True}, Y]}]}, "y below -0.6 and (x is null or y below -0.6)"),
        ({"Or": [{**X, "IsPresent": True}, {"And": [{**X, "IsNull": False}, Y]}]}, "x is given or y below -0.6"),
    ],
)
def test_conditions_in_words(rule: dict, said: str) -> None:
    assert condition_words.condition({**rule, "Next": "N"}) == said


@pytest.mark.parametrize(
    ("decides", "said"),
    [
        ({**X, "IsPresent": False}, "x is not given"),
        ({**X, "IsNull": True}, "x is null"),
        ({**X, "IsNumeric": False}, "x is not a number"),
        ({"Not": {**X, "IsPresent": True}}, "not (x is given)"),
    ],
)
def test_what_is_absent_decides_and_is_no_guard(decides: dict, said: str) -> None:
    assert condition_words.condition({"And": [decides, Y]}) == f"{said} and y below -0.6"


def test_what_decides_beside_a_comparison_in_an_or_is_said() -> None:
    assert condition_words.condition({"Or": [{**X, "IsPresent": True}, Y]}) == "x is given or y below -0.6"


def test_in_short_a_value_is_within_its_range_and_the_rest_is_said() -> None:
    ends = ({"NumericGreaterThanEquals": -1}, {"NumericLessThanEquals": 1})
    rule = {"And": [*({**X, **end} for end in ends), {"Or": [{**X, "NumericLessThan": -0.6}, {**X, "IsNull": True}]}]}
    assert condition_words.condition(rule, in_short=True) == "x below -0.6 or x is null"
    assert condition_words.condition(rule) == "x at least -1 and x at most 1 and (x below -0.6 or x is null)"
    assert (
        condition_words.condition({"And": [{**X, **end} for end in ends]}, in_short=True)
        == "x at least -1 and x at most 1"
    )
