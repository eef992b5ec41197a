"""Which functions a definition calls, by which version or alias, and what one answered."""

import json

import pytest

from lib.asl.functions import Called, answer_of, function_named, functions_of

ARN = "arn:aws-us-gov:lambda:us-gov-west-1:205930636302:function:F"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (ARN, "F"),
        (f"{ARN}:live", "F:live"),
        (f"{ARN}:7", "F:7"),
        (f"{ARN}:$LATEST", "F"),
        ("F", "F"),
        ("F:live", "F:live"),
        ("F:$LATEST", "F"),
        ("205930636302:function:F:live", "F:live"),
        ("function:F", "F"),
    ],
)
def test_a_function_is_known_by_any_of_its_names(reference, said):
    assert function_named(reference).said == said


@pytest.mark.parametrize("reference", ["", "arn:aws:states:::lambda:invoke", "{% $f %}", "a b"])
def test_what_names_no_function(reference):
    assert function_named(reference) is None


def task(resource, **more):
    return {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, "End": True, **more}}}


def invoke(field="Parameters", kind="", **given):
    return task(f"arn:aws:states:::{kind}lambda:invoke", **{field: given})


LIVE = [Called("F", "live")]
UNKNOWN = [None]


@pytest.mark.parametrize(
    ("definition", "found"),
    [
        (task(ARN), [Called("F")]),
        (task(f"{ARN}:live"), LIVE),
        (invoke(FunctionName=f"{ARN}:live"), LIVE),
        (invoke(FunctionName="F", Qualifier="live"), LIVE),
        (invoke(FunctionName="F", Qualifier="$LATEST"), [Called("F")]),
        (invoke("Arguments", FunctionName="F:live"), LIVE),
        (invoke(kind="aws-sdk:", FunctionName="F:live"), LIVE),
        (task("arn:aws:states:::lambda:invoke.waitForTaskToken", Parameters={"FunctionName": "F:live"}), LIVE),
        (invoke(**{"FunctionName.$": "$.f"}), UNKNOWN),
        (invoke(**{"FunctionName": "F", "Qualifier.$": "$.q"}), UNKNOWN),
        (invoke("Arguments", FunctionName="{% $f %}"), UNKNOWN),
        (task("arn:aws:states:::sns:publish"), []),
        ({"States": {"P": {"Type": "Parallel", "Branches": [task(f"{ARN}:live")]}}}, LIVE),
        ({"States": {"M": {"Type": "Map", "ItemProcessor": task(f"{ARN}:live")}}}, LIVE),
        ({"States": {"M": {"Type": "Map", "Iterator": task(f"{ARN}:live")}}}, LIVE),
    ],
)
def test_every_call_is_found_wherever_and_however_it_stands(definition, found):
    assert list(functions_of(definition)) == found


ANSWER = {"risk_score": 1}


@pytest.mark.parametrize(
    "output",
    [
        ANSWER,
        {"Payload": ANSWER, "StatusCode": 200},
        {"Payload": json.dumps(ANSWER)},
        {"Payload": json.dumps(json.dumps(ANSWER))},
        json.dumps({"Payload": json.dumps(ANSWER)}),
    ],
)
def test_an_answer_is_taken_out_of_its_envelope(output):
    assert answer_of(output) == ANSWER


@pytest.mark.parametrize("output", [None, 1, [ANSWER], "words", "[" * 4096, {"Payload": "words"}, {"Payload": None}])
def test_what_is_no_object_is_no_answer(output):
    assert answer_of(output) == {}
