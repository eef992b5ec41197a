"""Executions are listed until the time that is asked for."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from machines import connected, says

from lib import settings
from lib.errors import NotAsWanted
from lib.telemetry import executions

LOCAL = settings.load("local")


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
        assert [row["name"] for row in executions.list_executions(listing(*pages), since, 10).rows] == ["newest", "new"]
    assert executions.list_executions(listing({"executions": []}), since, 10).rows == []


def test_one_that_began_long_before_and_ended_or_was_redriven_since_ends_no_listing():
    """AWS sorts what ended by its end, and what runs by when it began or was redriven."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def row(name, began, ended=None, **more):
        stopped = {"stopDate": now - timedelta(hours=ended)} if ended is not None else {}
        started = now - timedelta(hours=began)
        return {"executionArn": name, "name": name, "status": "S", "startDate": started, **stopped, **more}

    rows = [
        row("hung", 200, 1), row("redriven", 100, redriveDate=now - timedelta(hours=2)), row("new", 4, 3),
        row("at its edge", 30, 20), row("mine", 23, 22), row("before", 26, 25), row("old", 99, 98),
    ]  # fmt: skip
    since = now - timedelta(days=1)
    listed = executions.list_executions(listing({"executions": rows}), since)
    assert ([one["name"] for one in listed.rows], listed.cut) == (["new", "mine"], "")
    walked = executions.Walk(listing({"executions": rows}), since)
    assert ([one["name"] for one in walked], walked.count, walked.cut) == (["new", "mine"], 2, "")


class Describing:
    """Step Functions that knows of an execution only at the look of this number, and asks to wait before where told."""

    def __init__(self, known, code="ExecutionDoesNotExist"):
        self.known, self.code, self.looks = known, code, 0

    def describe_execution(self, **_):
        self.looks += 1
        if self.looks < self.known:
            raise says(self.code)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return {"status": "RUNNING" if self.looks == self.known else "SUCCEEDED", "startDate": now, "stopDate": now}


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "ThrottlingException"])
def test_an_execution_that_aws_does_not_tell_of_yet_is_waited_for(code):
    aws, seen = Describing(3, code), []
    ended = executions.wait_until_ended(connected(LOCAL, stepfunctions=aws), "arn:e", 60, seen=seen.append)
    assert (ended.status, aws.looks, [one.status for one in seen]) == ("SUCCEEDED", 4, ["RUNNING", "SUCCEEDED"])


def test_one_that_aws_never_knows_of_is_said_when_the_time_is_up_and_another_refusal_at_once():
    live = connected(LOCAL, stepfunctions=Describing(10**6))
    with pytest.raises(NotAsWanted, match=r"reading execution e: .*ExecutionDoesNotExist"):
        executions.wait_until_ended(live, "arn:e", 5)
    assert live.clock() >= 5
    denied = Describing(10**6, "AccessDeniedException")
    with pytest.raises(NotAsWanted, match="AccessDeniedException"):
        executions.wait_until_ended(connected(LOCAL, stepfunctions=denied), "arn:e", 5)
    assert denied.looks == 1
