"""Where our linter knows the language better than statelint: what it takes that AWS takes, what it refuses. No AWS."""

import copy
import json
import re
from typing import Any

import pytest

from lib import settings
from lib.asl import json_text, router
from lib.asl.payload_templates import FailsExecution
from lib.definitions import lint, templates
from lib.errors import BadParameters
from rehearsal.account.baseline import definition as baseline

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)
TASK = "TellOperationsUnscored"


def findings(**states: dict[str, Any]) -> list[str]:
    """What is found in our definition with fields of its states changed, or with more states."""
    definition = copy.deepcopy(PLAIN)
    for name, fields in states.items():
        definition["States"].setdefault(name, {}).update(fields)
    return [str(finding) for finding in lint.check(definition)]


def with_retry(**fields: Any) -> dict[str, Any]:
    return {"Retry": [{**PLAIN["States"][TASK]["Retry"][0], **fields}]}


CAUGHT = PLAIN["States"][TASK]["Catch"][-1]
# As the language's specification and AWS's own pages have them.
PLACES = (
    "$['a b']", '$["a b"]', "$.a-b", "$.list[0]", "$[0]", "$.ledgers[0][22][315].foo", "$['store'][0]['book']",
    "$.abc.['def ghi']", r"$.store\.book", r"$.foo\@bar.baz\[\[.\?pretty", "$.&Ж中", "$['a]b,c']",
)  # fmt: skip
TAKEN: dict[str, dict[str, dict[str, Any]]] = {
    "a whole BackoffRate": {TASK: with_retry(BackoffRate=2)},
    "a BackoffRate of 1": {TASK: with_retry(BackoffRate=1)},
    "jitter": {TASK: with_retry(JitterStrategy="NONE", MaxDelaySeconds=5)},
    "an input of the context": {"CheckDrillResult": {"InputPath": "$$.Execution.Input"}},
    "no input": {"CheckDrillResult": {"InputPath": None}},
    "a path of many": {TASK: {"OutputPath": "$['a b'][*]"}},
    "a filter": {
        "MarkDrill": {"Parameters": {"a.$": "$.list[?(@.n > 1)].x", "b.$": "$['a b'].c-d", "c.$": "$.list.length()"}}
    },
    "functions": {"MarkDrill": {"Parameters": {"a.$": "States.ArrayLength($.list[*])", "b.$": "States.UUID()"}}},
    "a variable": {"MarkDrill": {"Assign": {"kept.$": "$.a"}}},
    "an input and an output of a variable": {TASK: {"InputPath": "$kept", "OutputPath": "$kept.a[0]"}},
    "a function of a variable": {
        "CheckDrillResult": {"Assign": {"n.$": "States.ArrayLength($kept.list[?(@.is == 'it')])", "again.$": "$kept"}}
    },
    "a filter by a text within a function": {"MarkDrill": {"Assign": {"n.$": "States.Array($.a[?(@.b == 'c')])"}}},
    "a variable of an error": {TASK: {"Catch": [{**CAUGHT, "Assign": {"error.$": "$.Error"}}]}},
    "a result in a place with a dash": {TASK: {"ResultPath": "$.error-info"}},
    "an error in a place with a dash": {TASK: {"Catch": [{**CAUGHT, "ResultPath": "$.error-info"}]}},
    **{f"a result at {place}": {TASK: {"ResultPath": place}} for place in PLACES},
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_aws_takes_is_taken(name: str) -> None:
    assert findings(**TAKEN[name]) == []


RULE = {"Next": "CheckText", "IsPresent": True}
REFUSED: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "a function as TimeoutSecondsPath": (
        {"ProcessCheckin": {"TimeoutSecondsPath": "States.MathAdd(1, 2)"}},
        "ProcessCheckin: has TimeoutSecondsPath",
    ),
    "a function as InputPath": ({"MarkDrill": {"InputPath": "States.Format('{}', $.a)"}}, "MarkDrill: has InputPath"),
    "a function as OutputPath": ({"MarkDrill": {"OutputPath": "States.UUID()"}}, "MarkDrill: has OutputPath"),
    "a function as ResultPath": ({"MarkDrill": {"ResultPath": "States.UUID()"}}, "MarkDrill: has ResultPath"),
    "a text as InputPath": ({"MarkDrill": {"InputPath": "userId"}}, "MarkDrill: has InputPath"),
    "a result into the context": ({"MarkDrill": {"ResultPath": "$$.Execution"}}, "MarkDrill: has ResultPath"),
    **{
        f"a result at {place}": ({"MarkDrill": {"ResultPath": place}}, "MarkDrill: has ResultPath")
        for place in (
            "$kept",
            "$kept.a",
            "$$",
            "$..a",
            "$.a[0:1]",
            "$.a[-1]",
            "$.a b",
            "$.",
            "$[]",
            "$['a','b']",
            "$.a:b",
        )
    },
    "a time in many places": ({TASK: {"TimeoutSecondsPath": "$.a[*]"}}, "has TimeoutSecondsPath.*to one place"),
    "a number as a variable": ({TASK: {"TimeoutSecondsPath": "$1"}}, "has TimeoutSecondsPath"),
    "AWS's own variable": ({"MarkDrill": {"Assign": {"states.$": "$.a"}}}, "assigns to the variable 'states'"),
    "a variable of a text": ({"MarkDrill": {"Assign": {"kept.$": "a"}}}, "MarkDrill: has kept.$ in its Assign"),
    "a field twice": ({"MarkDrill": {"Parameters": {"a": 1, "a.$": "$.b"}}}, "MarkDrill: has a twice in its Param"),
    "a text as CausePath": (
        {"CheckinNotProcessed": {"Type": "Fail", "CausePath": "because"}},
        "has CausePath 'because'; AWS takes a path or a call",
    ),
    "a result in many places": ({"MarkDrill": {"ResultPath": "$.a[*]"}}, "MarkDrill: has ResultPath"),
    "a function as ItemsPath": (
        {
            "Each": {
                "Type": "Map",
                "ItemsPath": "States.Array(1)",
                "Next": "MarkDrill",
                "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}},
            }
        },
        "Each: has ItemsPath",
    ),
    "a function as Variable": (
        {"CheckDrillResult": {"Choices": [{**RULE, "Variable": "States.Format('a')"}]}},
        "CheckDrillResult: has Variable",
    ),
    "a text to compare with": (
        {"CheckDrillResult": {"Choices": [{"Variable": "$.a", "StringEqualsPath": "b", "Next": "CheckText"}]}},
        "CheckDrillResult: has StringEqualsPath",
    ),
    "no Variable": ({"CheckDrillResult": {"Choices": [RULE]}}, "a rule of IsPresent has no Variable"),
    "no operator": (
        {"CheckDrillResult": {"Choices": [{"Variable": "$.a", "Next": "CheckText"}]}},
        "has nothing as its",
    ),
    "an unknown operator": (
        {"CheckDrillResult": {"Choices": [{"Variable": "$.a", "StringSounds": "b", "Next": "CheckText"}]}},
        "StringSounds",
    ),
    "no time": (
        {"CheckDrillResult": {"Choices": [{"Variable": "$.a", "TimestampEquals": "today", "Next": "CheckText"}]}},
        "no time of RFC 3339|should be an RFC3339",
    ),
    "a function that does not end": (
        {"MarkDrill": {"Parameters": {"a.$": "States.Format('{}', $.a) x)"}}},
        "MarkDrill: has a.$ in its Parameters",
    ),
    "a function without arguments": ({"MarkDrill": {"Parameters": {"a.$": "States.Hash()"}}}, "MarkDrill: has a.$"),
    "a function nobody knows": ({"MarkDrill": {"Parameters": {"a.$": "States.Reverse($.a)"}}}, "MarkDrill: has a.$"),
    "a BackoffRate below 1": ({TASK: with_retry(BackoffRate=0.5)}, "BackoffRate"),
    "a BackoffRate as text": ({TASK: with_retry(BackoffRate="2")}, "BackoffRate is '2'"),
    "an attempt and a half": ({TASK: with_retry(MaxAttempts=1.5)}, "MaxAttempts is 1.5"),
    "true for a number": ({TASK: {"TimeoutSeconds": True}}, "TimeoutSeconds is True"),
    "ALL before others": (
        {TASK: {"Retry": [with_retry(ErrorEquals=["States.ALL"])["Retry"][0], with_retry()["Retry"][0]]}},
        "States.ALL in a Retry",
    ),
    "ALL beside others": ({TASK: with_retry(ErrorEquals=["States.ALL", "X"])}, "States.ALL in a Retry"),
    "a beat too slow": ({TASK: {"HeartbeatSeconds": 60}}, "HeartbeatSeconds 60, not below"),
    "a name too long": ({"N" * 81: {"Type": "Pass", "Next": "MarkDrill"}}, "a name of 81 characters"),
    "a way to nowhere": ({"MarkDrill": {"Next": "Nowhere"}}, "leads to Nowhere"),
    "a state nothing reaches": (
        {"Alone": {"Type": "Pass", "Next": "MarkDrill"}},
        "No transition found to state .*Alone",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_aws_refuses_is_refused(name: str) -> None:
    states, problem = REFUSED[name]
    found = findings(**states)
    assert any(re.search(problem.replace(".$", r"\.\$"), line) for line in found), found


def test_a_way_to_nowhere_within_a_branch_is_found() -> None:
    definition = copy.deepcopy(PLAIN)
    branch = definition["States"]["CrisisProtocol"]["Branches"][0]
    branch["States"][branch["StartAt"]]["Next"] = "MarkDrill"  # a state, but outside the branch
    found = [str(finding) for finding in lint.check(definition)]
    assert any("CrisisProtocol" in line and "leads to MarkDrill, which is not there" in line for line in found)


TWICE = json.dumps(PLAIN).replace('"StartAt"', '"StartAt": "Elsewhere", "StartAt"', 1)


def test_a_key_that_is_there_twice_is_found_in_a_text_and_read_as_the_last() -> None:
    assert [str(finding) for finding in lint.check(TWICE)] == ["the workflow: the key 'StartAt' is there 2 times"]
    assert json_text.to_look_at(TWICE) == PLAIN
    with pytest.raises(BadParameters, match="'StartAt' is there 2 times"):
        router.Router(TWICE)
    assert "is there 2 times" in templates.diff(TWICE, PLAIN)


def changed(**fields: Any) -> dict[str, Any]:
    """The definition before, with other rules."""
    found = copy.deepcopy(baseline(LOCAL))
    found["States"]["CheckSentiment"].update(fields)
    return found


SCORE = "$.checkinResult.score"


def test_check_ins_share_a_walk_only_where_their_numbers_are_only_compared() -> None:
    of_two = {"Variable": SCORE, "NumericLessThanPath": "$.checkinResult.risk_score", "Next": "TriggerAlert"}
    with pytest.raises(BadParameters, match="CheckSentiment compares two numbers of the data"):
        router.Router(changed(Choices=[of_two]))
    computed = changed(Choices=[{"Variable": "$.sum.of", "NumericLessThan": 5, "Next": "TriggerAlert"}])
    computed["States"]["ProcessCheckin"]["Next"] = "Add"
    computed["States"]["Add"] = {
        "Type": "Pass", "Parameters": {"n.$": f"States.MathAdd({SCORE}, 1)"}, "ResultPath": "$.first", "Next": "Move",
    }  # fmt: skip
    computed["States"]["Move"] = {
        "Type": "Pass", "Parameters": {"of.$": "$.first.n"}, "ResultPath": "$.sum", "Next": "CheckSentiment",
    }  # fmt: skip
    with pytest.raises(BadParameters, match="CheckSentiment decides by of, which an intrinsic function makes"):
        router.Router(computed)
    del computed["States"]["Move"]["Parameters"]
    computed["States"]["Move"] |= {"InputPath": "$.first.n", "ResultPath": "$.sum.of"}
    with pytest.raises(BadParameters, match="which an intrinsic function makes"):
        router.Router(computed)
    given = changed()
    given["States"]["ProcessCheckin"]["Parameters"] = {"score.$": "States.MathAdd($.n, 1)"}
    router.Router(given)  # what a function is given is not what it answers
    pointed = changed()
    pointed["States"]["CheckinComplete"] |= {"Parameters": {"a.$": f"States.ArrayGetItem($.list, {SCORE})"}}
    with pytest.raises(BadParameters, match="takes its place in a list from the data"):
        router.Router(pointed)
    pointed["States"]["CheckinComplete"] |= {"Parameters": {"a.$": "States.ArrayGetItem($.list, 0)"}}
    router.Router(pointed)


def test_a_walk_that_fails_names_its_state() -> None:
    broken = changed(Choices=[{"Variable": "$.nothing", "NumericLessThan": 5, "Next": "TriggerAlert"}])
    with pytest.raises(FailsExecution, match=r"CheckSentiment: .*\$\.nothing"):
        router.Router(broken).route({"score": 1, "text": ""})


def test_a_field_that_is_null_is_not_the_same_as_none_and_true_not_as_one() -> None:
    for old, new in (({}, {"ResultPath": None}), ({"End": True}, {"End": 1}), ({"Result": 95}, {"Result": 95.0})):
        before, after = ({"StartAt": "A", "States": {"A": {"Type": "Pass", **one}}} for one in (old, new))
        (_, row) = templates.state_changes(before, after)
        assert (row["change"], row["what"]) == ("changed", next(iter(new)))


def test_where_a_branch_starts_and_a_name_that_is_there_twice_are_compared() -> None:
    def definition(start: str, result: int) -> dict[str, Any]:
        both = {"A": {"Type": "Pass", "End": True}, "B": {"Type": "Pass", "End": True}}
        branches = [
            {"StartAt": start, "States": both},
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": result}}},
        ]
        return {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}}}

    changed = {row["state"]: row["what"] for row in templates.state_changes(definition("A", 1), definition("B", 2))
               if row["change"] == "changed"}  # fmt: skip
    assert changed == {"P": "1.StartAt", "P / A (2)": "Result"}


def test_names_that_would_make_one_word_are_two_boxes_of_a_flowchart() -> None:
    states = {
        "A B": {"Type": "Pass", "Next": "A_B"},
        "A_B": {"Type": "Pass", "Next": 'A"B'},
        'A"B': {"Type": "Succeed"},
    }
    chart = templates.mermaid({"StartAt": "A B", "States": states})
    boxes = [line.split("[")[0].strip() for line in chart.splitlines() if '("A' in line or '["A' in line]
    assert len({box.split("(")[0] for box in boxes}) == 3
    assert '["A#34;B"]' in chart
