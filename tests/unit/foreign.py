"""Definitions of the kinds that people have live: small ones, written for these tests, and what each is about."""

from typing import Any

Definition = dict[str, Any]
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:Score"
END: Definition = {"Type": "Pass", "End": True}


def machine(start: str, /, **states: Any) -> Definition:
    return {"StartAt": start, "States": states}


def task(resource: str, **fields: Any) -> Definition:
    return {"Type": "Task", "Resource": resource, **({} if "Next" in fields else {"End": True}), **fields}


def choice(*rules: Definition, otherwise: str = "No") -> Definition:
    picked = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"} for rule in rules], "Default": otherwise}
    return machine("Pick", Pick=picked, Yes={**END, "Result": {"said": "yes"}}, No={"Type": "Succeed"})


INNER = machine("Each", Each=task(FUNCTION))
CATCH = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Sorry"}]
RETRY = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 3}]

# name -> (definition, what a walk says: "" where it knows everything, else a word of the refusal)
DEFINITIONS: dict[str, tuple[Definition, str]] = {
    "hello world": (machine("Hello", Hello={"Type": "Pass", "Result": "Hello World!", "End": True}), ""),
    "one function": (machine("Score", Score=task(FUNCTION)), ""),
    "comments": (
        {"Comment": "why", "Version": "1.0", "TimeoutSeconds": 60, **machine("A", A={**END, "Comment": ""})},
        "",
    ),
    "request and response": (
        machine(
            "Call",
            Call=task(
                "arn:aws:states:::lambda:invoke",
                Parameters={"FunctionName": FUNCTION, "Payload.$": "$"},
                OutputPath="$.Payload",
            ),
        ),
        "",
    ),
    "wait": (
        machine(
            "W",
            W={"Type": "Wait", "Seconds": 5, "Next": "T"},
            T={"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "Next": "Done"},
            Done={"Type": "Succeed"},
        ),
        "",
    ),
    "wait by data": (machine("W", W={"Type": "Wait", "SecondsPath": "$.delay", "End": True}), "SecondsPath"),
    "retry and catch": (
        machine(
            "Try", Try=task(FUNCTION, Retry=RETRY, Catch=CATCH), Sorry={"Type": "Fail", "Error": "E", "Cause": "C"}
        ),
        "",
    ),
    "jitter": (
        machine("Try", Try=task(FUNCTION, Retry=[{**RETRY[0], "JitterStrategy": "FULL", "MaxDelaySeconds": 9}])),
        "",
    ),
    "parallel": (
        machine("Both", Both={"Type": "Parallel", "Branches": [machine("A", A=END), machine("B", B=END)], "End": True}),
        "",
    ),
    "nested parallel": (
        machine(
            "Out",
            Out={
                "Type": "Parallel",
                "End": True,
                "Branches": [
                    machine("In", In={"Type": "Parallel", "End": True, "Branches": [machine("Leaf", Leaf=END)]})
                ],
            },
        ),
        "",
    ),
    "choice": (choice({"Variable": "$.n", "NumericGreaterThan": 1}, {"Variable": "$.s", "StringMatches": "a*"}), ""),
    "choice of times": (choice({"Variable": "$.at", "TimestampLessThan": "2026-01-01T00:00:00Z"}), ""),
    "choice of paths": (choice({"Variable": "$.a", "StringEqualsPath": "$.b"}), ""),
    "choice of two numbers": (choice({"Variable": "$.a", "NumericLessThanPath": "$.b"}), "NumericLessThanPath"),
    "choice of all types": (
        choice(
            *(
                {"Variable": "$.a", f"Is{kind}": True}
                for kind in ("Present", "Null", "String", "Numeric", "Boolean", "Timestamp")
            )
        ),
        "",
    ),
    "choice by the clock": (
        choice({"Variable": "$$.State.EnteredTime", "TimestampLessThan": "2030-01-01T00:00:00Z"}),
        "",
    ),
    "inline map": (machine("M", M={"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": INNER, "End": True}), "Map"),
    "old map": (
        machine(
            "M",
            M={
                "Type": "Map",
                "Iterator": INNER,
                "MaxConcurrency": 0,
                "ResultPath": None,
                "End": True,
                "Parameters": {"item.$": "$$.Map.Item.Value"},
            },
        ),
        "Map",
    ),
    "distributed map": (
        machine(
            "M",
            M={
                "Type": "Map",
                "Label": "Lines",
                "MaxConcurrency": 10,
                "ToleratedFailurePercentage": 5,
                "End": True,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **INNER},
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "Parameters": {"Bucket": "b", "Key": "k"},
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 10},
                },
                "ItemSelector": {"line.$": "$$.Map.Item.Value"},
                "ItemBatcher": {"MaxItemsPerBatch": 10},
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": "b"},
                    "WriterConfig": {"OutputType": "JSON", "Transformation": "NONE"},
                },
            },
        ),
        "Map",
    ),
    "callback": (
        machine(
            "Ask",
            Ask=task(
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                HeartbeatSeconds=60,
                Parameters={"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
            ),
        ),
        "waitForTaskToken",
    ),
    "nested execution": (
        machine(
            "Run",
            Run=task(
                "arn:aws:states:::states:startExecution.sync:2",
                Parameters={
                    "StateMachineArn": "m",
                    "Input": {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"},
                },
            ),
        ),
        "startExecution",
    ),
    "any service": (
        machine("List", List=task("arn:aws:states:::aws-sdk:s3:listBuckets", Parameters={}, ResultPath="$.buckets")),
        "aws-sdk",
    ),
    "activity": (machine("Do", Do=task("arn:aws:states:us-east-1:000000000000:activity:by-hand")), "activity"),
    "times by data": (
        machine("Do", Do=task(FUNCTION, TimeoutSecondsPath="$.limit", HeartbeatSecondsPath="$.beat")),
        "TimeoutSecondsPath",
    ),
    "another role": (machine("Do", Do=task(FUNCTION, Credentials={"RoleArn.$": "$.role"})), ""),
    "error by data": (
        machine("F", F={"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"}),
        "",
    ),
    "variables": (machine("A", A={**END, "Assign": {"kept.$": "$.a"}}), "Assign"),
    "intrinsic functions": (
        machine(
            "A",
            A={
                **END,
                "Parameters": {
                    "a.$": "States.ArrayUnique(States.Array($.x, 1, 'two'))",
                    "b.$": "States.Hash($.text, 'SHA-256')",
                    "c.$": "States.StringSplit($.text, ',')",
                    "d.$": "States.MathAdd($.n, -1)",
                    "e.$": "States.Base64Decode(States.Base64Encode($.text))",
                    "f.$": "States.ArrayContains($.x, 1)",
                },
            },
        ),
        "",
    ),
    "by lot": (
        machine("A", A={**END, "Parameters": {"id.$": "States.UUID()", "n.$": "States.MathRandom(1, 9)"}}),
        "lots",
    ),
    "odd paths": (machine("A", A={**END, "Parameters": {"a.$": "$['a b'].detail-type", "b.$": "$.list[0].x"}}), ""),
    "paths of many": (
        machine("A", A={**END, "Parameters": {"a.$": "$.list[?(@.n > 1)].x", "b.$": "$..x"}}),
        "not known",
    ),
    "slices": (machine("A", A={**END, "InputPath": "$.list[0:2]"}), "not known"),
    "jsonata": (
        {
            "QueryLanguage": "JSONata",
            **machine(
                "A",
                A=task(
                    "arn:aws:states:::lambda:invoke",
                    Next="B",
                    TimeoutSeconds="{% $t %}",
                    Arguments={"FunctionName": FUNCTION, "Payload": "{% $states.input %}"},
                    Output="{% $states.result.Payload %}",
                    Assign={"n": "{% $states.result.StatusCode %}"},
                ),
                B={"Type": "Choice", "Choices": [{"Condition": "{% $n = 200 %}", "Next": "C"}], "Default": "C"},
                C={"Type": "Wait", "Seconds": "{% 1 %}", "Next": "D"},
                D={
                    "Type": "Map",
                    "Items": "{% $x %}",
                    "MaxConcurrency": "{% 2 %}",
                    "ItemProcessor": INNER,
                    "Next": "E",
                },
                E={"Type": "Fail", "Error": "{% 'E' %}", "Cause": "{% $string($n) %}"},
            ),
        },
        "JSONata",
    ),
    "jsonata in one state": (
        machine("A", A={**END, "QueryLanguage": "JSONata", "Output": {"a": "{% 1 + 1 %}"}}),
        "JSONata",
    ),
    "names with signs": (
        {
            "StartAt": 'Pay $5 or "$6"\n',
            "States": {'Pay $5 or "$6"\n': {"Type": "Pass", "Next": "Pay__5"}, "Pay__5": END},
        },
        "",
    ),
}
