"""The walk against a second interpreter, by small definitions that send nothing: where they end, and with what.

Known gaps of the interpreter: it drops a literal `null` from arguments, knows no escaped brace and no literal fraction,
and writes an output that is a text without quotes. The cases keep clear of them.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from workbench import ended

from lib.asl import interpreter
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import Whole
from lib.settings import Settings
from rehearsal.account import baseline
from rehearsal.account.clients import client

GIVEN: dict[str, Any] = {
    "n": 1.5,
    "low": -1.5,
    "lower": -1.49,
    "text": "a,b;c",
    "list": [3, 1, 3],
    "o": {"x": {"y": 1}},
    "p": {"x": 2, "z": None},
    "same": "a,b;c",
    "at": "2026-01-01T00:00:00Z",
    "yes": True,
    "a b": {"c-d": 1},
    "json": '{"k": [1, null]}',
}
FUNCTIONS = [
    "States.Format('{} {} {} {}', $.n, $.o, $.list, $.p)",
    "States.JsonMerge($.o, $.p, false)", "States.JsonToString($.p)", "States.StringToJson($.json)",
    "States.Array($.n, 'x', true)", "States.ArrayPartition($.list, 2)", "States.ArrayContains($.list, 3)",
    "States.ArrayRange(1, 7, 3)", "States.ArrayGetItem($.list, 1)", "States.ArrayLength($.list)",
    "States.ArrayUnique($.list)", "States.Base64Decode(States.Base64Encode($.text))", "States.Hash($.text, 'SHA-384')",
    "States.MathAdd($.n, 1)", "States.MathAdd($.low, $.lower)", "States.StringSplit($.text, ',;')",
    "$$.Execution.Input.list[0]", "$$.State.Name",
]  # fmt: skip
RULES = [
    {"Variable": "$.n", "NumericGreaterThanEquals": 1.5}, {"Variable": "$.text", "StringLessThan": "b"},
    {"Variable": "$.text", "StringEqualsPath": "$.same"}, {"Variable": "$.at", "IsTimestamp": True},
    {"Variable": "$.at", "TimestampLessThan": "2026-01-01T00:00:01Z"}, {"Variable": "$.yes", "BooleanEquals": True},
    {"Variable": "$.p.z", "IsNull": True}, {"Variable": "$.text", "StringMatches": "a*c"},
    {"Variable": "$.n", "NumericLessThanPath": "$.list[0]"}, {"Variable": "$.none", "IsPresent": False},
    {"Not": {"Variable": "$.n", "IsString": True}},
]  # fmt: skip
DONE = {"Type": "Pass", "End": True}


def only(**body: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True, **body}}}


def choosing(rule: dict[str, Any]) -> dict[str, Any]:
    picks = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    return {
        "StartAt": "Pick",
        "States": {"Pick": picks, "Yes": {**DONE, "Result": {"said": "yes"}}, "No": {**DONE, "Result": {"said": "no"}}},
    }


def failing(**fail: Any) -> dict[str, Any]:
    branch = {"StartAt": "In", "States": {"In": {"Type": "Fail", **fail}}}
    caught = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Told"}]
    both = {"Type": "Parallel", "Branches": [branch], "Catch": caught, "End": True}
    return {"StartAt": "Both", "States": {"Both": both, "Told": {**DONE, "OutputPath": "$.caught"}}}


CASES: dict[str, dict[str, Any]] = {
    **{f"function-{number}": only(Parameters={"is.$": text}) for number, text in enumerate(FUNCTIONS)},
    **{f"rule-{number}": choosing(rule) for number, rule in enumerate(RULES)},
    "seen-choice": {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Choice", "InputPath": "$.o", "OutputPath": "$.x", "Default": "B",
                "Choices": [{"Variable": "$.x.y", "NumericEquals": 1, "Next": "B"}],
            },
            "B": DONE,
        },
    },
    "seen-succeed": {"StartAt": "A", "States": {"A": {"Type": "Succeed", "InputPath": "$.o", "OutputPath": "$.x"}}},
    "put": only(InputPath="$.o.x", ResultPath="$.o.q"),
    "nothing": only(InputPath=None, OutputPath="$"),
    "cause": failing(Error="E", Cause="C"),
    "computed-cause": failing(ErrorPath="$.text", CausePath="States.Format('of {}', $.n)"),
    "no-cause": failing(Error="E"),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(module_account: Settings, moto: str) -> Iterator[dict[str, Any]]:
    """What moto's interpreter makes of each case."""
    states, role = client(moto, "stepfunctions", module_account.region), baseline.execution_role_arn(module_account)
    arns = {}
    for name, definition in CASES.items():
        made = states.create_state_machine(name=f"Language-{name}", definition=json.dumps(definition), roleArn=role)
        started = states.start_execution(stateMachineArn=made["stateMachineArn"], name=name, input=json.dumps(GIVEN))
        arns[name] = started["executionArn"]
    yield {name: _ended(states, arn) for name, arn in arns.items()}


def _ended(states: Any, arn: str) -> Any:
    found = ended(states, arn)
    return json.loads(found["output"]) if found["status"] == "SUCCEEDED" else found["status"]


@pytest.mark.parametrize("name", CASES)
def test_both_end_with_the_same(name: str, answers: dict[str, Any]) -> None:
    way = follow(CASES[name], GIVEN, interpreter.context_of(name, GIVEN), Whole())
    assert json.dumps(way.output, sort_keys=True) == json.dumps(answers[name], sort_keys=True)
