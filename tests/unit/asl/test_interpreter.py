"""Walking a definition: what a catch takes, what a branch does to the others, and which failures lead to a task."""

import pytest

from lib.asl import interpreter
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import Step, Whole
from lib.errors import BadParameters

PUBLISH = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "topic"}}


def walked(machine, given=None, step=None):
    return follow(machine, given or {}, interpreter.context_of("any", given), step or Whole())


@pytest.mark.parametrize(
    ("names", "error", "taken"),
    [
        (["States.ALL"], "SNS.NotFoundException", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.ALL"], "States.Runtime", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "SNS.NotFoundException", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.Timeout"], "SNS.NotFoundException", False),
    ],
)
def test_what_a_catch_takes(names, error, taken):
    assert interpreter.catches(names, error) is taken


def parallel(**fields):
    branches = [
        {"StartAt": "Tell", "States": {"Tell": {**PUBLISH, "End": True}}},
        {"StartAt": "Cut", "States": {"Cut": {"Type": "Fail", "Error": "Cut"}}},
    ]
    after = {"Type": "Pass", "End": True}
    return {
        "StartAt": "Both",
        "States": {"Both": {"Type": "Parallel", "Branches": branches, "Next": "After", **fields}, "After": after},
    }


def test_a_branch_that_fails_goes_to_the_catch_or_ends_everything():
    caught = walked(parallel(Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "After"}]))
    assert (caught.output["error"]["Error"], caught.states[-1], caught.error) == ("Cut", "After", "")
    ended = walked(parallel())
    assert (ended.error, ended.names("topic")) == ("Cut", ())  # nobody knows how far the other branch was


def test_a_parallel_puts_its_branches_together():
    machine = parallel(ResultSelector={"second.$": "$[1].word"}, ResultPath="$.made", OutputPath="$.made")
    machine["States"]["Both"]["Branches"][1] = {
        "StartAt": "Say",
        "States": {"Say": {"Type": "Pass", "Result": {"word": "said"}, "End": True}},
    }
    assert walked(machine).output == {"second": "said"}


def test_wait_succeed_and_paths():
    machine = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Take"},
            "Take": {"Type": "Pass", "InputPath": "$.a", "Parameters": {"b.$": "$.b"}, "Next": "Drop"},
            "Drop": {"Type": "Pass", "OutputPath": None, "Next": "Done"},
            "Done": {"Type": "Succeed"},
        },
    }
    way = walked(machine, {"a": {"b": 1}})
    assert (way.output, way.states) == ({}, ("Wait", "Take", "Drop", "Done"))
    machine["States"]["Wait"]["Next"] = "Nowhere"
    with pytest.raises(BadParameters, match="Nowhere is not there"):
        walked(machine, {"a": {"b": 1}})


def test_a_task_that_failed_has_sent_nothing():
    machine = {"StartAt": "Tell", "States": {"Tell": {**PUBLISH, "Next": "Done"}, "Done": {"Type": "Succeed"}}}
    assert walked(machine).names("topic") == ("topic",)
    fails = walked(machine, step=lambda *given: Step("Done" if given[0] == "Tell" else "", {}, caught="Broken"))
    assert fails.names("topic") == ()
