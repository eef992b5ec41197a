"""Paths, intrinsic functions and templates, as AWS reads them. No AWS."""

import pytest

from lib.asl import payload_templates
from lib.asl.payload_templates import FailsExecution, MissingVariable
from lib.errors import BadParameters

DATA = {"a": {"b": 2, "list": [{"c": 3}]}, "text": "it's {so}"}
CONTEXT = {"Execution": {"Name": "drill-1"}}


def said(text):
    return payload_templates.expression(text)(DATA, CONTEXT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$", DATA),
        ("$.a.b", 2),
        ("$.a.list[0].c", 3),
        ("$$.Execution.Name", "drill-1"),
        ("States.Format('{} of {}: {}', $$.Execution.Name, $.a.b, null)", "drill-1 of 2: null"),
        ("States.Format('{}', $.text)", "it's {so}"),
        (r"States.Format('a \{\} \'b\' {}', true)", "a {} 'b' true"),
        ("States.Format('no, (really) nothing')", "no, (really) nothing"),
        ("States.JsonToString(States.JsonMerge($.a, $.a.list[0], false))", '{"b":2,"list":[{"c":3}],"c":3}'),
    ],
)
def test_what_an_expression_says(text, value):
    assert said(text) == value


@pytest.mark.parametrize("text", ["$.missing", "$.a.b.c", "$.a.list[1]", "$$.Execution.Id", "States.Format('{}', $.x)"])
def test_what_is_not_there_fails_as_on_aws(text):
    with pytest.raises(MissingVariable, match="is not there"):
        said(text)


@pytest.mark.parametrize(
    "text", ["States.JsonMerge($.a, $.text, false)", "States.JsonMerge($.a, $.a, true)", "States.Format('{}{}', 1)"]
)
def test_what_aws_would_fail_fails(text):
    with pytest.raises(FailsExecution):
        said(text)


@pytest.mark.parametrize("text", ["States.Hash($.a, 'MD5')", "$.a.b trailing", "$..a", "plain", "States.Format('' 1)"])
def test_what_is_not_known_is_refused(text):
    with pytest.raises(BadParameters):
        said(text)


def test_a_template_is_filled_at_any_depth():
    template = {"a": {"b.$": "$.a.b"}, "list": [{"c.$": "$.text"}, 1], "plain": "$.a"}
    assert payload_templates.fill(template, DATA, {}) == {
        "a": {"b": 2},
        "list": [{"c": "it's {so}"}, 1],
        "plain": "$.a",
    }


def test_a_result_goes_to_its_place():
    assert payload_templates.place_result("$", DATA, 1) == 1
    assert payload_templates.place_result(None, DATA, 1) is DATA
    assert payload_templates.place_result("$.a.new", {"a": {"b": 2}}, 1) == {"a": {"b": 2, "new": 1}}
    assert payload_templates.place_result("$.x.y", {}, 1) == {"x": {"y": 1}}
    with pytest.raises(FailsExecution):
        payload_templates.place_result("$.a", "text", 1)
    with pytest.raises(BadParameters):
        payload_templates.place_result("$.a[0]", {}, 1)
