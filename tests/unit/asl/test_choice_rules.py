"""The rules of a Choice, as AWS decides them. No AWS."""

import pytest

from lib.asl import choice_rules
from lib.asl.payload_templates import MissingVariable
from lib.errors import BadParameters


def test_a_comparison_on_a_missing_variable_fails_as_on_aws() -> None:
    choice = {"Choices": [{"Variable": "$.a.b", "NumericGreaterThan": 1, "Next": "X"}], "Default": "Y"}
    assert choice_rules.choose(choice, {"a": {"b": 2}}) == "X"
    assert choice_rules.choose(choice, {"a": {"b": "2"}}) == "Y"
    for data in ({}, {"a": 1}, {"a": {}}):
        with pytest.raises(MissingVariable, match=r"\$\.a\.b"):
            choice_rules.choose(choice, data)


def test_rules_combine_and_stop_where_they_are_decided() -> None:
    guarded = [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "StringMatches": "drill-*"}]
    choice = {"Choices": [{"And": guarded, "Next": "X"}, {"Not": guarded[0], "Next": "N"}], "Default": "Y"}
    assert [choice_rules.choose(choice, data) for data in ({"a": "drill-[1]"}, {}, {"a": "real"})] == ["X", "N", "Y"]
    either = {"Choices": [{"Or": [guarded[0], guarded[1]], "Next": "X"}], "Default": "Y"}
    assert choice_rules.choose(either, {"a": 1}) == "X"
    by_name = {"Choices": [{"Variable": "$$.Execution.Name", "StringMatches": "d?[x]*", "Next": "X"}], "Default": "Y"}
    assert choice_rules.choose(by_name, {}, {"Execution": {"Name": "d?[x]1"}}) == "X"
    assert choice_rules.choose(by_name, {}, {"Execution": {"Name": "dax1"}}) == "Y"


def test_a_rule_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(BadParameters, match="StringMatchesPath"):
        choice_rules.choose({"Choices": [{"Variable": "$.a", "StringMatchesPath": "$.a", "Next": "X"}]}, {"a": "x"})
    with pytest.raises(BadParameters, match="NoChoiceMatched"):
        choice_rules.choose({"Choices": []}, {})
