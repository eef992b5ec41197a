"""Walking a definition: what a catch takes, what a branch does to the others, and which failures lead to a task."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from lib import settings
from lib.asl import failure_paths, interpreter
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import Step, Whole
from lib.checks import Check
from lib.definitions import templates
from lib.display import show
from lib.errors import BadParameters, NotAsWanted
from lib.phases.proofs import failure_tests
from lib.telemetry import executions
from lib.values.check_registry import Id

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)
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


def test_each_task_is_reached_after_as_few_failures_as_possible():
    found = failure_paths.reach(PLAIN, failure_tests.starts(LOCAL))
    before = {task: {way.before for way in ways} for task, ways in found.items()}
    assert len(found) == 19
    assert before["ProcessCheckin"] == before["SendStandardEvent"] == {frozenset()}
    assert before["CrisisProtocol / TellContactsInstead"] == {frozenset({"CrisisProtocol / TellOperations"})}
    assert before["TellContactsOfAlert"] == {
        frozenset({event}) for event in ("SendHighRiskEvent", "SendStandardEvent", "SendProactiveEvent")
    }
    (last,) = before["LastResortContacts"]
    assert len(last) == 4


def listing(*pages):
    """A connection whose listing of executions has these pages."""
    paginator = SimpleNamespace(paginate=lambda **_: iter(pages))
    return SimpleNamespace(settings=LOCAL, client=lambda _: SimpleNamespace(get_paginator=lambda _: paginator))


def test_executions_are_listed_until_the_time():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    days = {"newest": 1, "new": 89, "old": 100}
    rows = [
        {"executionArn": name, "name": name, "status": "SUCCEEDED", "startDate": now - timedelta(days=d)}
        for name, d in days.items()
    ]
    since = now - timedelta(days=90)
    for pages in ([{"executions": rows}], [{"executions": rows[:1]}, {"executions": rows[1:]}, {"executions": rows}]):
        assert [row["name"] for row in executions.latest_since(listing(*pages), since, 10)] == ["newest", "new"]
    assert executions.latest_since(listing({"executions": []}), since, 10) == []


def test_a_table_may_leave_out_what_passed_but_never_what_failed():
    good, bad = Check(Id.AS_WANTED, "a", "passed", "1", "1"), Check(Id.AS_WANTED, "b", "failed", "2", "1")
    show.checks([good], passed_too=False)
    with pytest.raises(NotAsWanted, match="b: found 2"):
        show.checks([good, bad], passed_too=False)
    with pytest.raises(NotAsWanted, match="no check ran"):
        show.checks([], passed_too=False)
