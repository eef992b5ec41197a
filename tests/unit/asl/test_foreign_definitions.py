"""Whatever definition somebody has live: it is followed, drawn and compared, or named in a sentence."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from foreign import DEFINITIONS, FUNCTION, machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from lib import settings as parameters
from lib.asl import failure_paths, interpreter, json_text, states
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import Whole
from lib.asl.payload_templates import FailsExecution
from lib.asl.router import Router, route_of
from lib.definitions import lint, mermaid, templates, thresholds
from lib.display.charts import style, workflow_picture
from lib.errors import BadParameters, RunbookError
from rehearsal.account.baseline import definition as baseline

LOCAL = parameters.load("local")
PLAIN = templates.definition(LOCAL)
SCORED = {"risk_score": 97, "score": -0.9, "trajectory": "declining", "text": "synthetic"}
DATA = {
    "userId": "somebody",
    "n": 2,
    "s": "abc",
    "a": "x",
    "b": "x",
    "at": "2025-01-01T00:00:00Z",
    "x": [1, 1.5],
    "text": "a,b",
    "role": "r",
    "e": "E",
    "c": {"k": [None]},
    "list": [{"x": 1}],
    "a b": {"detail-type": 1},
}


def walk_by(definition: Any) -> None:
    interpreter.require_known(definition)
    follow(definition, DATA, interpreter.context_of("any", DATA), Whole(SCORED))


def route_by(definition: Any) -> None:
    router = Router(definition)
    for checkin in (SCORED, None, [], {"risk_score": 10, "score": 0.1, "trajectory": "stable", "text": ""}):
        route_of(router.way(checkin))
        router.route(checkin)


READERS: dict[str, Callable[[Any], object]] = {
    "lint": lint.check,
    "walk": walk_by,
    "route": route_by,
    "states": lambda definition: [state.where for state in states.walk(definition)],
    "longest": states.longest,
    "diff": lambda definition: templates.diff(definition, PLAIN) + templates.diff(PLAIN, definition),
    "changes": lambda definition: (
        templates.state_changes(definition, PLAIN) + templates.state_changes(PLAIN, definition)
    ),
    "picture": workflow_picture.workflow,
    "flowchart": mermaid.mermaid,
    "thresholds": thresholds.thresholds_of,
    "failures": lambda definition: failure_paths.reach(
        definition, [failure_paths.Start({"userId": "somebody"}, SCORED)]
    ),
}


def read(definition: Any) -> dict[str, Any]:
    """What each reader says; an error of ours is an answer, any other comes through."""
    found = dict[str, Any]()
    for name, reader in READERS.items():
        try:
            found[name] = reader(definition)
        except RunbookError as error:
            found[name] = error
    return found


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_is_valid_is_walked_or_refused_by_name_and_always_drawn_and_compared(name: str) -> None:
    definition, refused = DEFINITIONS[name]
    found = read(definition)
    for reader in ("lint", "states", "longest", "diff", "changes", "picture", "flowchart"):
        assert not isinstance(found[reader], RunbookError), (reader, found[reader])
    style.png(found["picture"], 40)
    try:
        interpreter.require_known(definition)
    except BadParameters as error:
        assert refused and refused in str(error), error
        assert any(state.name in str(error) for state in states.walk(definition)) or "JSONata" in str(error)
    else:
        assert not refused
        assert (
            found["walk"] is None or "makes that up" in str(found["walk"]) or isinstance(found["walk"], FailsExecution)
        )
    assert isinstance(found["thresholds"], BadParameters)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_statelint_finds_nothing_in_what_is_valid(name: str) -> None:
    found = [str(one) for one in lint.check(DEFINITIONS[name][0]) if one.where == "statelint"]
    assert found == []


CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
MOST = 99_999_999
SOUND: dict[str, Any] = {
    "the longest times": {
        "TimeoutSeconds": MOST,
        **machine(
            "A", A={**CALL, "TimeoutSeconds": MOST, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": MOST}]}
        ),
    },
    "the longest wait": machine("A", A={"Type": "Wait", "Seconds": MOST, "End": True}),
    "sizes computed": {
        "QueryLanguage": "JSONata",
        **machine(
            "A",
            A={
                "Type": "Map", "End": True, "ItemProcessor": machine("B", B={"Type": "Pass", "End": True}),
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject", "Arguments": {"Bucket": "b", "Key": "{% $k %}"},
                    "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% 1 %}"},
                },
                "ItemBatcher": {"MaxItemsPerBatch": "{% 1 %}", "MaxInputBytesPerBatch": "{% 2 %}"},
            },
        ),
    },
    "a time with an offset": machine("A", A={"Type": "Wait", "Timestamp": "2026-01-01T00:00:00.5+01:00", "End": True}),
}  # fmt: skip
UNSOUND: dict[str, tuple[Any, str]] = {
    "a date for a time": (machine("A", A={"Type": "Wait", "Timestamp": "2026-01-01", "End": True}), "A: has Timestamp"),
    "JSONata where it is not spoken": (
        machine("A", A={"Type": "Wait", "Timestamp": "{% $t %}", "End": True}),
        "A: has Timestamp",
    ),
    "a variable of an end": (machine("A", A={"Type": "Succeed", "Assign": {"a": 1}}), "A: has Assign"),
    "a variable of a failure": (machine("A", A={"Type": "Fail", "Assign": {"a": 1}}), "A: has Assign"),
    "more attempts than AWS takes": (
        machine("A", A={**CALL, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": MOST + 1}]}),
        "MaxAttempts is 100000000",
    ),
    "a condition that is no expression": (
        {
            "QueryLanguage": "JSONata",
            **machine(
                "A",
                A={"Type": "Choice", "Choices": [{"Condition": "x", "Next": "B"}], "Default": "B"},
                B={"Type": "Succeed"},
            ),
        },
        "Condition is 'x'",
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_another_validator_takes_as_aws_does_is_taken(name: str) -> None:
    found = [str(one) for one in lint.check(SOUND[name])]
    assert not [line for line in found if line.startswith("statelint") or "AWS takes" in line or "RFC" in line]


@pytest.mark.parametrize("name", UNSOUND)
def test_what_another_validator_refuses_as_aws_does_is_refused(name: str) -> None:
    definition, said = UNSOUND[name]
    assert any(said in str(one) for one in lint.check(definition))


def jsonata(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **fields, **machine("A", A=state)}


MALFORMED: dict[str, Any] = {
    "no object": [],
    "null": None,
    "a number": 5,
    "empty": {},
    "States is a list": {"StartAt": "A", "States": []},
    "StartAt missing": {"States": {"A": {"Type": "Succeed"}}},
    "StartAt a number": {"StartAt": 1, "States": {"1": {"Type": "Succeed"}}},
    "a state is null": {"StartAt": "A", "States": {"A": None}},
    "a state is a text": {"StartAt": "A", "States": {"A": "Pass"}},
    "no Type": {"StartAt": "A", "States": {"A": {"End": True}}},
    "Type a list": {"StartAt": "A", "States": {"A": {"Type": ["Pass"], "End": True}}},
    "a Type nobody knows": {"StartAt": "A", "States": {"A": {"Type": "Loop", "End": True}}},
    "Next a number": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": 5}}},
    "Next nowhere": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
    "neither Next nor End": {"StartAt": "A", "States": {"A": {"Type": "Pass"}}},
    "Resource a number": {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": 5, "End": True}}},
    "Resource missing": {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True}}},
    "Choices no list": {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": {"Next": "A"}}}},
    "Choices missing": {"StartAt": "A", "States": {"A": {"Type": "Choice"}}},
    "a rule is null": {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [None]}}},
    "Variable missing": machine("A", A={"Type": "Choice", "Choices": [{"IsNull": True, "Next": "A"}]}),
    "Variable a number": machine("A", A={"Type": "Choice", "Choices": [{"Variable": 1, "IsNull": True, "Next": "A"}]}),
    "And no list": machine("A", A={"Type": "Choice", "Choices": [{"And": {"Variable": "$.a"}, "Next": "A"}]}),
    "two operators": machine(
        "A", A={"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "IsString": True, "Next": "A"}]}
    ),
    "a number too large": machine(
        "A", A={"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 10**400, "Next": "A"}]}
    ),
    "Retry no list": machine("A", A={"Type": "Task", "Resource": FUNCTION, "Retry": {}, "End": True}),
    "Catch of nothing": machine("A", A={"Type": "Task", "Resource": FUNCTION, "Catch": [None], "End": True}),
    "ErrorEquals a text": machine(
        "A", A={"Type": "Task", "Resource": FUNCTION, "Catch": [{"ErrorEquals": "X", "Next": "A"}], "End": True}
    ),
    "Branches a number": machine("A", A={"Type": "Parallel", "Branches": 3, "End": True}),
    "a branch is empty": machine("A", A={"Type": "Parallel", "Branches": [{}], "End": True}),
    "a processor is a text": machine("A", A={"Type": "Map", "ItemProcessor": "x", "End": True}),
    "TimeoutSeconds a text": {"TimeoutSeconds": "60", **machine("A", A={"Type": "Succeed"})},
    "a machine's TimeoutSeconds computed": jsonata({"Type": "Succeed"}, TimeoutSeconds="{% 1 %}"),
    "Retry computed": jsonata({**CALL, "Retry": "{% [] %}"}),
    "Catch computed": jsonata({**CALL, "Catch": "{% [] %}"}),
    "MaxAttempts computed": jsonata({**CALL, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": "{% 1 %}"}]}),
    "End computed": jsonata({**CALL, "End": "{% true %}"}),
    "Next computed": jsonata({"Type": "Pass", "Next": "{% 'A' %}"}),
    "Assign computed": jsonata({**CALL, "Assign": "{% {} %}"}),
    "Branches computed": jsonata({"Type": "Parallel", "Branches": "{% [] %}", "End": True}),
    "an expression that does not end": jsonata({**CALL, "TimeoutSeconds": "{% 1"}),
    "QueryLanguage a number": {"QueryLanguage": 5, **machine("A", A={"Type": "Succeed"})},
    "Parameters a text": machine("A", A={"Type": "Pass", "Parameters": "$", "Subject": 1, "End": True}),
    "a path is a number": machine("A", A={"Type": "Pass", "Parameters": {"a.$": 5, "b.$": ["$"]}, "End": True}),
    "entries of nothing": machine(
        "A",
        A={"Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Parameters": {"Entries": 1}, "End": True},
    ),
    "a text twice": '{"StartAt": "A", "StartAt": "B", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}',
    "no JSON at all": "{StartAt: A}",
    "JSON too deep": "[" * 5000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_a_sentence_for_a_walk_and_findings_for_the_linter(name: str) -> None:
    found = read(MALFORMED[name])
    assert isinstance(found["walk"], BadParameters)
    assert isinstance(found["route"], BadParameters)
    assert found["lint"] and all(str(finding) for finding in found["lint"])
    assert isinstance(found["diff"], str) and found["diff"]
    assert any(row["change"] != "same" for row in found["changes"])


@pytest.mark.parametrize("name", [name for name in MALFORMED if name.endswith("computed") or "expression" in name])
def test_an_expression_stands_for_no_part_of_the_machine(name: str) -> None:
    found = read(MALFORMED[name])
    assert isinstance(found["picture"], BadParameters)
    field = "Next" if name == "Next computed" else "TimeoutSeconds" if "not end" in name else name.split()[-2]
    assert any(field in str(one) or "leads to" in str(one) for one in found["lint"]), found["lint"]


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a definition, at any depth."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


ODD = some.sampled_from(
    [
        None,
        0,
        -1,
        1.5,
        10**400,
        True,
        "",
        "$",
        "$$",
        "States.Format('{}', 1, 2)",
        "Nowhere",
        [],
        [None],
        {},
        {"Type": "Pass"},
        [[]],
        {"a.$": 1},
        "$.a[*]",
        "{% 1 %}",
        {"": None},
    ]
)
BASES = {"ours": PLAIN, "before": baseline(LOCAL), **{name: one for name, (one, _) in DEFINITIONS.items()}}
WHERE = {name: list(places(one)) for name, one in BASES.items()}


@some.composite
def mutated(draw: some.DrawFn) -> Any:
    """A definition in which up to four things, anywhere, are gone, replaced, doubled or named otherwise."""
    name = draw(some.sampled_from([*BASES, *["ours", "before"] * 8]))
    definition = copy.deepcopy(BASES[name])
    for _ in range(draw(some.integers(1, 4))):
        *way, last = draw(some.sampled_from(WHERE[name]))
        holder = definition
        try:
            for key in way:
                holder = holder[key]
            value = holder[last]
        except (KeyError, IndexError, TypeError):  # an earlier change took it away
            continue
        if not isinstance(holder, dict | list):
            continue
        how = draw(some.sampled_from(["gone", "odd", "doubled", "renamed"]))
        if how == "gone":
            del holder[last]
        elif how == "odd":
            holder[last] = draw(ODD)
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(value))
        elif how == "doubled":
            holder[f"{last}2"] = copy.deepcopy(value)
        else:
            holder[draw(some.sampled_from(["Type", "Next", "Catch", "Output", "States", "Parameters"]))] = holder.pop(
                last
            )
    return definition


def test_a_rule_of_jsonata_with_a_field_too_many_is_a_finding_and_no_traceback():
    rule = {"Condition": "{% $n = 200 %}", "Next": "B", "Condition2": "{% $n = 200 %}"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "B"}
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": choice, "B": {"Type": "Succeed"}}}
    assert any("Condition2" in str(finding) for finding in lint.check(definition))


@given(mutated())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_change_of_any_definition_ends_in_a_traceback(definition: Any) -> None:
    found = read(definition)
    assert isinstance(found["lint"], list)
    if not isinstance(found["picture"], RunbookError) and len(found["states"]) < 8:
        style.png(found["picture"], 30)
    json.dumps([str(value) for value in found.values()])
    text = json_text.to_text(definition)
    assert json_text.to_text(json_text.preserve(text)) == text or json_text.preserve(text) == definition


VARIABLES: dict[str, Any] = {
    "Assign": machine("A", A={"Type": "Pass", "Assign": {"x.$": "$.n"}, "End": True}),
    "Choices.Assign": machine(
        "A", A={"Type": "Choice", "Choices": [{"Variable": "$.n", "IsPresent": True, "Assign": {"x": 1}, "Next": "B"}]},
        B={"Type": "Succeed"},
    ),
    "$x.a": machine("A", A={"Type": "Pass", "InputPath": "$x.a", "End": True}),
    "$x": machine("A", A={"Type": "Pass", "Parameters": {"a.$": "$x"}, "End": True}),
    "States.Format": machine("A", A={"Type": "Pass", "Parameters": {"a.$": "States.Format('{}', $x)"}, "End": True}),
    "$y": machine(
        "A", A={"Type": "Choice", "Choices": [{"Variable": "$.n", "StringEqualsPath": "$y", "Next": "B"}]},
        B={"Type": "Succeed"},
    ),
    "SecondsPath": machine("A", A={"Type": "Wait", "SecondsPath": "$x", "End": True}),
    "TimeoutSecondsPath": machine(
        "A",
        A={
            "Type": "Task", "Resource": FUNCTION, "TimeoutSecondsPath": "$x.a", "HeartbeatSecondsPath": "$$.n['b']",
            "End": True,
        },
    ),
    "ErrorPath": machine("A", A={"Type": "Fail", "ErrorPath": "$x.a", "CausePath": "States.Format('{}', $x)"}),
    "Map": machine(
        "A",
        A={
            "Type": "Map", "ItemsPath": "$x.items", "MaxConcurrencyPath": "$x.n", "ToleratedFailureCountPath": "$x[0]",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$x.b", "Key": "k"},
                "ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$x.n"},
            },
            "ItemBatcher": {
                "MaxItemsPerBatchPath": "$x.n", "MaxInputBytesPerBatchPath": "$['a b']", "BatchInput": {"a.$": "$x.a"},
            },
            "ItemProcessor": machine("B", B={"Type": "Pass", "End": True}), "End": True,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("named", VARIABLES)
def test_a_definition_with_variables_is_sound_and_refused_by_name_where_it_would_be_walked(named: str) -> None:
    found = read(VARIABLES[named])
    assert not [str(one) for one in found["lint"] if "AWS takes" in str(one) or one.where == "statelint"]
    for reader in ("walk", "route"):
        assert isinstance(found[reader], BadParameters)
        assert "A" in str(found[reader]) and (named in str(found[reader]) or named == "ErrorPath")
