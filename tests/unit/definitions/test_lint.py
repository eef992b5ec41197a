"""Each rule of the linter, by a definition in which it is broken. No AWS."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from lib import settings
from lib.definitions import lint, templates

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)
Breaking = Callable[[dict[str, Any]], Any]


def findings(breaking: Breaking, numbers: dict[str, float] | None = None) -> list[str]:
    """What is found in a definition of which `breaking` changed the states."""
    definition = json.loads(json.dumps(PLAIN))
    breaking(definition["States"])
    return [str(finding) for finding in lint.check(definition, numbers)]


def branch(states: dict[str, Any], number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = states["CrisisProtocol"]["Branches"][number]["States"]
    return found


@pytest.mark.parametrize("environment", ["local", "staging", "prod"])
def test_our_definition_is_clean(environment: str) -> None:
    chosen = settings.load(environment)
    assert lint.check(templates.definition(chosen), chosen.thresholds) == []


def drop(name: str, field: str) -> Breaking:
    return lambda states: states[name].pop(field)


def put(name: str, field: str, value: object) -> Breaking:
    return lambda states: states[name].update({field: value})


def first(state: str, rule: dict[str, Any]) -> Breaking:
    """Put a rule before the others of a Choice."""
    return lambda states: states[state]["Choices"].insert(0, {**rule, "Next": states[state]["Default"]})


def subject(words: str) -> Breaking:
    text = f"States.Format('{{}}{words}', $.drill.label)"
    return lambda states: states["RouteHigh"]["Parameters"].update({"subject.$": text})


RISK = "$.checkin.risk_score"
PRESENT, NUMERIC = {"Variable": RISK, "IsPresent": True}, {"Variable": RISK, "IsNumeric": True}
ABOVE = {"Variable": RISK, "NumericGreaterThan": 1}
FIXED = [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "CheckinComplete"}]
TELL = "TellOperationsUnscored"


BROKEN: dict[str, tuple[Breaking, str]] = {
    "statelint": (put("MarkDrill", "Nonsense", 1), r"statelint: .*Nonsense"),
    "unguarded": (first("EvaluateRisk", ABOVE), r"EvaluateRisk: compares .* by NumericGreaterThan without IsPresent"),
    "not numeric": (first("EvaluateRisk", {"And": [PRESENT, ABOVE]}), r"without IsNumeric"),
    "guard after": (first("EvaluateRisk", {"And": [ABOVE, PRESENT, NUMERIC]}), r"without IsPresent"),
    "guard in Or": (first("EvaluateRisk", {"Or": [PRESENT, NUMERIC, ABOVE]}), r"without IsPresent"),
    "guard of another": (
        first("EvaluateRisk", {"And": [{"Variable": "$.other", "IsPresent": True}, NUMERIC, ABOVE]}),
        r"without IsPresent",
    ),
    "guard reversed": (
        first("EvaluateRisk", {"And": [{"Variable": RISK, "IsPresent": False}, NUMERIC, ABOVE]}), r"without IsPresent",
    ),
    "unguarded other side": (
        first("EvaluateRisk", {"And": [PRESENT, NUMERIC, {"Variable": RISK, "NumericGreaterThanPath": "$.b"}]}),
        r"compares \$\.b by NumericGreaterThanPath without IsPresent",
    ),
    "unguarded type test": (first("CheckText", {"Variable": "$.a", "IsString": True}), r"IsString without IsPresent"),
    "no Default": (drop("EvaluateRisk", "Default"), r"EvaluateRisk: has no Default"),
    "result replaces": (drop(TELL, "ResultPath"), r"has no ResultPath"),
    "error replaces": (lambda states: states[TELL]["Catch"][0].pop("ResultPath"), r"has a Catch without ResultPath"),
    "no timeout": (drop(TELL, "TimeoutSeconds"), r"has no TimeoutSeconds"),
    "no Retry": (drop(TELL, "Retry"), r"has no Retry"),
    "unbounded Retry": (lambda states: states[TELL]["Retry"][0].pop("MaxAttempts"), r"without MaxAttempts"),
    "no Catch": (drop(TELL, "Catch"), r"has no Catch"),
    "narrow Catch": (put(TELL, "Catch", [{"ErrorEquals": ["States.Timeout"], "Next": "CheckText"}]), r"States.ALL"),
    "in a branch": (lambda states: branch(states)["TellOperations"].pop("Catch"), r"CrisisProtocol / TellOperations"),
    "swallowed": (put(TELL, "Catch", FIXED), r"swallows its failure: the catch leads to CheckinComplete"),
    "swallowed by a Pass": (
        lambda states: states[TELL]["Catch"][0].update({"Next": "RouteNone"}), r"swallows its failure",
    ),
    "claimed in a branch": (
        lambda states: branch(states)["TellOperations"]["Catch"][0].update({"Next": "OperationsReached"}),
        r"swallows its failure: the catch leads to OperationsReached",
    ),
    "leads nowhere": (put("MarkDrill", "Next", "Nowhere"), r"leads to Nowhere"),
    "another end": (
        lambda states: states["RouteNone"].pop("Next") and states["RouteNone"].update({"End": True}),
        r"RouteNone: ends the execution",
    ),
    "a Succeed": (lambda states: states.update({"Quiet": {"Type": "Succeed"}}), r"Quiet: ends the execution"),
    "no end at all": (lambda states: states.pop("CheckinComplete"), r"has no CheckinComplete"),
    "no Next": (drop("MarkDrill", "Next"), r"MarkDrill: leads nowhere"),
    "branches uncaught": (drop("CrisisProtocol", "Catch"), r"CrisisProtocol: has no Catch"),
    "branch too slow": (
        lambda states: branch(states)["TellOperations"].update({"TimeoutSeconds": 20}), r"branch 2 may take 50 s",
    ),
    "branch with a Fail": (
        lambda states: branch(states).update({"OperationsNotReached": {"Type": "Fail", "Error": "No"}}),
        r"fails inside a Parallel",
    ),
    "a loop": (put("RouteNone", "Next", "EvaluateRisk"), r"may take inf s"),
    "too short": (put("ProcessCheckin", "TimeoutSeconds", 250), r"may take .* s, longer than TimeoutSeconds 600"),
    "placeholder": (put("MarkDrill", "Comment", "${Left}"), r"placeholder Left is not filled"),
    "text in a message": (
        lambda states: states[TELL]["Parameters"].update({"Message.$": "$.checkin.text"}),
        r"refers to \$\.checkin\.text",
    ),
    "all in a message": (
        lambda states: states[TELL]["Parameters"].update({"Message.$": "States.JsonToString($)"}), r"refers to \$$",
    ),
    "input in a message": (
        lambda states: states[TELL]["Parameters"].update({"Message.$": "$$.Execution.Input.text"}), r"refers to \$\$",
    ),
    "text in the facts": (
        lambda states: states["ComposeFacts"]["Parameters"]["facts"].update({"said.$": "$.checkin['text']"}),
        r"ComposeFacts: may let out",
    ),
    "check-in in the notice": (
        lambda states: states["RouteHigh"]["Parameters"]["notice"].update({"x.$": "$.checkin"}), r"RouteHigh: may let",
    ),
    "cause in the notice": (
        lambda states: states["NoteNotProcessed"]["Parameters"]["facts"].update({"why.$": "$.failure.Cause"}),
        r"refers to \$\.failure\.Cause",
    ),
    "error as a notice": (
        lambda states: states["ProcessCheckin"]["Catch"][0].update({"ResultPath": "$.notice"}),
        r"ProcessCheckin: may let",
    ),
    "text in the output": (
        lambda states: states["CheckinComplete"]["Parameters"].update({"text.$": "$.checkin.text"}),
        r"CheckinComplete: may",
    ),
    "text in a failure": (put("AlertUndelivered", "CausePath", "$.checkin.text"), r"AlertUndelivered: may let out"),
    "long subject": (subject(93 * "x"), r"a subject that SNS refuses"),
    "foreign subject": (subject("caf\u00e9"), r"a subject that SNS refuses"),
    "subject of the user": (
        lambda states: states["RouteHigh"]["Parameters"].update({"subject.$": "States.Format('{}', $.userId)"}),
        r"neither fixed nor a format",
    ),
    "two lines": (
        lambda states: states["NoteInvalidCheckin"]["Parameters"].update({"subject": "a\nb"}),
        r"a subject that SNS refuses",
    ),
    "empty subject": (lambda states: states[TELL]["Parameters"].update({"Subject": ""}), r"a subject that SNS refuses"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name: str) -> None:
    breaking, problem = BROKEN[name]
    found = findings(breaking)
    assert any(re.search(problem, line) for line in found), found


def test_a_workflow_without_a_timeout_is_found() -> None:
    found = lint.check({key: value for key, value in PLAIN.items() if key != "TimeoutSeconds"})
    assert [str(finding) for finding in found] == [
        "the workflow: has no TimeoutSeconds: an execution could hang for a year"
    ]


def test_guards_that_hold_are_accepted() -> None:
    absent = {"Variable": RISK, "IsPresent": False}
    for rule in (
        {"Or": [absent, {"And": [NUMERIC, ABOVE]}]},
        {"Or": [{"Not": PRESENT}, {"And": [NUMERIC, {"Not": ABOVE}]}]},
        {"And": [{"And": [PRESENT, NUMERIC]}, {"Or": [{"And": [ABOVE]}, ABOVE]}]},
        {"Variable": "$$.Execution.Name", "StringMatches": "drill-*"},
    ):
        assert findings(first("EvaluateRisk", rule)) == []


def test_other_numbers_than_the_parameters_are_found() -> None:
    assert findings(lambda states: None, {**LOCAL.thresholds, "CrisisRiskAbove": 90}) == [
        "EvaluateRisk: CrisisRiskAbove is 95; the parameters say 90"
    ]
    found = findings(lambda states: states["EvaluateRisk"]["Choices"].pop(), LOCAL.thresholds)
    assert any("is not that of" in line for line in found)


def test_the_baseline_definition_would_not_pass() -> None:
    old = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}}}
    assert any("has no Catch" in str(finding) for finding in lint.check(old))


@pytest.mark.parametrize(
    "path",
    [
        "$kept", "$kept.label", "$$", "$$.Execution", "$.*", "$..label", "$.drill.*", "$.drill..text", "$['checkin']",
        '$.drill["text"]', "$.checkin[*]", r"$.drill.te\xt", "$.drill.['text']", "$.drill[?(@['a'] == 1)]",
        "$.drill.a:b",
    ],
)  # fmt: skip
def test_no_message_refers_to_words_however_the_path_is_written(path: str) -> None:
    def refer(states: dict[str, Any]) -> None:
        states["TellOperationsUnscored"]["Parameters"] |= {"Note.$": f"States.Format('it\\'s {{}}', {path})"}

    assert any("may let out a check-in's words" in line and line.endswith(path) for line in findings(refer))
