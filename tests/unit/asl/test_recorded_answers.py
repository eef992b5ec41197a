"""What a walk says, against answers that were recorded on AWS or that its documentation gives. No AWS."""

import json
import re
from typing import Any

import pytest

from lib.asl import interpreter, interpreter_steps, payload_templates
from lib.asl.choice_rules import holds
from lib.asl.execution_errors import IntrinsicFails
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import Whole
from lib.asl.payload_templates import FailsExecution, MissingVariable
from lib.errors import BadParameters


def walked(machine: dict[str, Any], given: Any = None, name: str = "any") -> interpreter_steps.Way:
    return follow(machine, given or {}, interpreter.context_of(name, given or {}), Whole())


def one(**fields: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True, **fields}}}


@pytest.mark.parametrize("field", ["InputPath", "OutputPath"])
def test_the_context_object_is_as_an_execution_has_it(field: str) -> None:
    found = walked(one(**{field: "$$"}), {"input-value": 0}).output
    assert {key: sorted(value) for key, value in found.items()} == {
        "Execution": ["Id", "Input", "Name", "RedriveCount", "RoleArn", "StartTime"],
        "StateMachine": ["Id", "Name"],
        "State": ["EnteredTime", "Name"],
    }
    assert (found["Execution"]["RedriveCount"], found["State"]["Name"]) == (0, "Only")
    assert isinstance(found["Execution"]["RoleArn"], str)


def test_retries_are_counted_where_there_can_be_some_and_nothing_is_redriven() -> None:
    counted = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "End": True,
               "Parameters": {"TableName": "t"}, "ResultSelector": {"tried.$": "$$.State.RetryCount"}}  # fmt: skip
    assert walked({"StartAt": "A", "States": {"A": counted}}).output == {"tried": 0}
    for path in ("$$.State.RetryCount", "$$.Execution.RedriveTime", "$$.Task.Token", "$$.Map.Item.Value"):
        with pytest.raises(MissingVariable, match="Only: "):
            walked(one(Parameters={"a.$": path}))


FORMATTED = [
    ("", "."),
    (" ", " ."),
    ("HelloWorld", "HelloWorld."),
    (None, "null."),
    (1, "1."),
    (1.1, "1.1."),
    (True, "true."),
    ('{"Arg1": 1, "Arg2": []}', '{"Arg1": 1, "Arg2": []}.'),
    ({"Arg1": 1, "Arg2": []}, "{Arg1=1, Arg2=[]}."),
    ({"Id": "arn", "Name": {"a": None}}, "{Id=arn, Name={a=null}}."),
    (["a", 1, ["b"]], "[a, 1, [b]]."),
]


@pytest.mark.parametrize(("given", "said"), FORMATTED)
def test_a_format_of_anything(given: Any, said: str) -> None:
    assert payload_templates.expression("States.Format('{}.', $.x)")({"x": given}, {}) == said
    assert payload_templates.expression("States.Format($.t, $.x)")({"x": given, "t": "{}."}, {}) == said


NUMBERS = [
    (5.0, "5.0"),
    (0.0, "0.0"),
    (-0.25, "-0.25"),
    (0.001, "0.001"),
    (9999999.5, "9999999.5"),
    (10**30, "1" + "0" * 30),
]


@pytest.mark.parametrize(("number", "said"), NUMBERS)
def test_a_number_in_a_text_is_as_java_writes_it(number: float, said: str) -> None:
    assert payload_templates.expression("States.Format('{}', $.x)")({"x": number}, {}) == said
    assert payload_templates.expression("States.Format('{}', $.x)")({"x": {"a": [number]}}, {}) == f"{{a=[{said}]}}"
    assert payload_templates.expression("States.JsonToString($.x)")({"x": [{"a": number}]}, {}) == f'[{{"a":{said}}}]'


@pytest.mark.parametrize("number", [1e7, 1e22, 12345678.5, 0.0009, 1e-5, -1e-5, -0.0, 5e-324, float("inf")])
@pytest.mark.parametrize("inside", [lambda x: x, lambda x: [1, x], lambda x: {"a": {"b": [x]}}])
def test_a_number_that_java_writes_otherwise_is_refused_by_name(number: float, inside: Any) -> None:
    for function in ("States.Format('a {}', $.x)", "States.JsonToString($.x)"):
        with pytest.raises(BadParameters, match=re.escape(f"the number {number!r} in a text is not known here")):
            payload_templates.expression(function)({"x": inside(number)}, {})


@pytest.mark.parametrize("text", ["States.MathAdd($.x, 1)", "States.MathAdd(-1, $.y)", "States.ArrayRange($.x, 1, 1)"])
@pytest.mark.parametrize("number", [1e22, -1e22, 10**30])
def test_a_number_that_no_long_of_javas_holds_is_refused_by_name(text: str, number: float) -> None:
    with pytest.raises(BadParameters, match="no long of Java's holds"):
        payload_templates.expression(text)({"x": number, "y": -(2**63)}, {})


ANSWERS: list[tuple[str, Any]] = [
    ("States.MathAdd(-9, 3)", -6),
    ("States.MathAdd(1.49, 1.5)", 3),
    ("States.MathAdd(1.5, 1.51)", 4),
    ("States.MathAdd(-1.49, -1.5)", -2),
    ("States.MathAdd(-1.5, -1.51)", -3),
    ("States.StringToJson('')", None),
    ("States.StringToJson(' ')", None),
    ("States.StringToJson('null')", None),
    ("States.StringToJson('-0')", 0),
    ("States.StringToJson('[1, 2, \"HelloWorld\"]')", [1, 2, "HelloWorld"]),
    ("States.Array(1, 'a', null, $.list)", [1, "a", None, [1, 2, 3]]),
    ("States.Array()", []),
    ("States.ArrayPartition($.list, 2)", [[1, 2], [3]]),
    ("States.ArrayContains($.list, 2)", True),
    ("States.ArrayContains($.mixed, 1)", True),
    ("States.ArrayContains(States.Array(true), 'true')", False),
    ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
    ("States.ArrayRange(9, 1, 2)", []),
    ("States.ArrayGetItem($.list, 2)", 3),
    ("States.ArrayLength($.list)", 3),
    ("States.ArrayUnique($.mixed)", [1, "1", True, {"a": 1}]),
    ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
    ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
    ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
    ("States.StringSplit('This.is+a,test=string', '.+,=')", ["This", "is", "a", "test", "string"]),
    ("States.JsonMerge($.one, $.two, false)", {"a": {"a3": 1}, "b": 2, "c": 3}),
    (
        "States.Format('Hello, my name is {}.', States.ArrayGetItem(States.StringSplit('a b', ' '), 1))",
        "Hello, my name is b.",
    ),
]
DATA = {"list": [1, 2, 3], "mixed": [1, "1", True, 1, {"a": 1}, {"a": 1}], "one": {"a": {"a1": 1}, "b": 2},
        "two": {"a": {"a3": 1}, "c": 3}, "text": "x", "number": 1.5}  # fmt: skip


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_an_intrinsic_function_answers_as_on_aws(text: str, answer: Any) -> None:
    found = payload_templates.expression(text)(DATA, {})
    assert json.dumps(found) == json.dumps(answer)


@pytest.mark.parametrize(
    "text", ["States.MathAdd($.text, 1)", "States.ArrayGetItem($.list, 9)", "States.Format($.number)"]
)
def test_a_function_that_fails_may_be_caught_and_nobody_here_knows(text: str) -> None:
    with pytest.raises(IntrinsicFails, match="Only: "):
        walked(one(Parameters={"a.$": text}), DATA)
    caught = one(Parameters={"a.$": text}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Only"}])
    with pytest.raises(BadParameters, match="whether a Catch takes that is not known") as told:
        walked(caught, DATA)
    assert not isinstance(told.value, FailsExecution)


def parallel(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    within = [{"StartAt": "In", "States": {"In": branch}} for branch in branches]
    caught = [{"ErrorEquals": ["FailureType"], "Next": "Caught"}, {"ErrorEquals": ["States.ALL"], "Next": "Other"}]
    states = {"Caught": {"Type": "Pass", "End": True}, "Other": {"Type": "Pass", "End": True}}
    both = {"Type": "Parallel", "Branches": within, "Catch": caught, "End": True, **fields}
    return {"StartAt": "Both", "States": {"Both": both, **states}}


FAIL = {"Type": "Fail", "Error": "FailureType", "Cause": "Cause description"}


def test_a_parallels_catch_is_given_the_error_and_the_cause_of_its_branch() -> None:
    way = walked(parallel(FAIL, {"Type": "Succeed"}))
    assert (way.output, way.states[-1]) == ({"Error": "FailureType", "Cause": "Cause description"}, "Caught")
    put = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Other"}]
    assert walked(parallel(FAIL, Catch=put), {"a": 1}).output["error"]["Cause"] == "Cause description"


def test_a_cause_may_come_from_the_data_and_from_a_parallel_within() -> None:
    computed = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('of {}', $$.State.Name)"}
    assert walked(parallel(computed), {"e": "FailureType"}).output == {"Error": "FailureType", "Cause": "of In"}
    inner = parallel(FAIL)["States"]["Both"]
    del inner["Catch"]
    assert walked(parallel(inner)).output == {"Error": "FailureType", "Cause": "Cause description"}


def test_what_a_fail_lacks_is_an_empty_text_to_the_catch() -> None:
    assert walked(parallel({"Type": "Fail"})).output == {"Error": "", "Cause": ""}
    assert walked(parallel({"Type": "Fail", "Error": "FailureType"})).output == {"Error": "FailureType", "Cause": ""}


def test_of_two_errors_nobody_knows_the_first() -> None:
    with pytest.raises(BadParameters, match="Both: its branches fail with FailureType, Else"):
        walked(parallel(FAIL, {**FAIL, "Error": "Else"}))
    assert walked(parallel(FAIL, FAIL)).states[-1] == "Caught"


def test_a_branch_whose_choice_matches_nothing_is_caught() -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "In"}]}
    assert walked(parallel(choice)).output["Error"] == "States.NoChoiceMatched"
    with pytest.raises(FailsExecution, match="NoChoiceMatched"):
        walked({"StartAt": "A", "States": {"A": choice}})


@pytest.mark.parametrize("kind", ["Choice", "Wait", "Succeed"])
def test_every_state_sees_and_shows_by_its_paths(kind: str) -> None:
    rule = {"Variable": "$.b", "NumericEquals": 1, "Next": "End"}
    body = {"Type": kind, "InputPath": "$.a", "OutputPath": "$.b", "Next": "End", "Choices": [rule], "Seconds": 1}
    machine = {"StartAt": "A", "States": {"A": body, "End": {"Type": "Succeed"}}}
    assert walked(machine, {"a": {"b": 1}}).output == 1


VALUES = [None, 0, 0.0, 1, 1.1, "", " ", "HelloWorld", "2012-10-09T19:00:55", "2012-10-09T19:00:55Z",
          "2012-10-09T19:00:55+01:00", "2023-02-24", [], [""], {}, {"A": 0}, False, True]  # fmt: skip
KINDS = {
    "IsNull": [None],
    "IsNumeric": [0, 0.0, 1, 1.1],
    "IsBoolean": [False, True],
    "IsString": [value for value in VALUES if isinstance(value, str)],
    "IsTimestamp": ["2012-10-09T19:00:55Z", "2012-10-09T19:00:55+01:00"],
}


@pytest.mark.parametrize("operator", KINDS)
def test_the_types_are_told_apart(operator: str) -> None:
    held = [value for value in VALUES if holds({"Variable": "$.v", operator: True}, {"v": value}, {})]
    denied = [value for value in VALUES if not holds({"Variable": "$.v", operator: False}, {"v": value}, {})]
    assert repr(held) == repr(denied) == repr(KINDS[operator])


# (operator, what is compared, with what, whether it holds)
COMPARED = [
    ("StringEquals", "Hello", "Hello", True), ("StringEquals", "\t\n", "\t\r\n", False),
    ("StringEquals", 0, "0", False),
    ("StringGreaterThan", "A", "A ", False), ("StringGreaterThan", "AB", "ABC", False),
    ("StringGreaterThan", "", "", False),
    ("StringGreaterThanEquals", "AB", "A", True), ("StringGreaterThanEquals", "", "", True),
    ("StringLessThan", "A", "AB", True), ("StringLessThanEquals", "AB", "A", False),
    ("StringLessThan", "\U0001f9e1", "\uffff", True),
    ("NumericEquals", 1, 1.0, True), ("NumericLessThan", "1", 2, False), ("NumericEquals", True, 1, False),
    ("BooleanEquals", True, True, True), ("BooleanEquals", 1, True, False),
    ("TimestampEquals", "2012-10-09T19:00:55Z", "2012-10-09T20:00:55+01:00", True),
    ("TimestampEquals", "2012-10-09 19:00:55", "2012-10-09T19:00:55Z", False),
    ("TimestampGreaterThan", "2012-10-09T19:00:56Z", "2012-10-09T19:00:55.9Z", True),
    ("TimestampLessThanEquals", "2012-10-09T19:00:55.1Z", "2012-10-09T19:00:55.10Z", True),
    ("TimestampLessThan", None, "2012-10-09T19:00:55Z", False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "value", "wanted", "held"), COMPARED)
def test_comparisons_with_a_value_and_with_a_path(operator: str, value: Any, wanted: Any, held: bool) -> None:
    data = {"v": value, "w": wanted}
    assert holds({"Variable": "$.v", operator: wanted}, data, {}) is held
    assert holds({"Variable": "$.v", f"{operator}Path": "$.w"}, data, {}) is held


def test_a_comparison_with_a_path_that_is_not_there_or_of_another_type() -> None:
    with pytest.raises(MissingVariable):
        holds({"Variable": "$.v", "StringEqualsPath": "$.w"}, {"v": "a"}, {})
    with pytest.raises(BadParameters, match="not known here"):
        holds({"Variable": "$.v", "StringEqualsPath": "$.w"}, {"v": "a", "w": 1}, {})


@pytest.mark.parametrize(
    ("pattern", "text", "held"),
    [("log-*.txt", "log-1.txt", True), ("a\\*b", "a*b", True), ("a\\*b", "axb", False), ("a\\\\*", "a\\x", True),
     ("*", "a\nb", True), ("a?[b]", "a?[b]", True), ("a?", "ab", False)],
)  # fmt: skip
def test_a_star_is_anything_unless_it_is_escaped(pattern: str, text: str, held: bool) -> None:
    assert holds({"Variable": "$.v", "StringMatches": pattern}, {"v": text}, {}) is held


def test_no_rule_decides_by_what_a_walk_makes_up() -> None:
    context = interpreter.context_of("any", {})
    for path in ("$$.State.EnteredTime", "$$.Execution.Id", "$$.Execution.RoleArn", "$$.StateMachine.Id"):
        with pytest.raises(BadParameters, match="makes that up"):
            holds({"Variable": path, "StringEquals": "x"}, {}, context)
    copied = one(Parameters={"at.$": "States.Format('at {}', $$.Execution.StartTime)"}, Next="Pick")
    del copied["States"]["Only"]["End"]
    copied["States"]["Pick"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.at", "StringMatches": "*2027*", "Next": "Only"}],
    }
    with pytest.raises(BadParameters, match=r"Pick: .*makes that up"):
        walked(copied)
    assert holds({"Variable": "$$.Execution.Name", "StringMatches": "a*"}, {}, context)
