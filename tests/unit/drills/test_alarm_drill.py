"""An alarm that is fired as a test while CloudWatch says something of it itself: who is told what. No AWS."""

import json
from types import SimpleNamespace

import pytest
from machines import connected, says
from subscribers import Queues

from lib.definitions.alarm_templates import AlarmTemplate
from lib.drills import alarm_drill
from lib.drills.alarm_drill import FIRED, OVER
from lib.settings import load

LOCAL = load("local", {"alert_limit_seconds": 2, "poll_seconds": 1})
NAME, OPS = "Your6-crisis-undelivered", LOCAL.ops_topic_arn
SECOND = LOCAL.arn("sns", "Second")
UNKNOWN = "INSUFFICIENT_DATA"
REAL = "Threshold Crossed: 1 datapoint"


class CloudWatch:
    """One alarm that tells its `actions` of each change of its state; `before` sees each call first."""

    def __init__(self, queues, state=OVER, reason="as it was", actions=(OPS,)):
        self.row = {"AlarmName": NAME, "StateValue": state, "StateReason": reason}
        self.queues, self.actions, self.written, self.before = queues, actions, [], lambda call, state: None

    def get_paginator(self, operation):
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, AlarmNames, **_):  # noqa: N803 - AWS's own names
        self.before("describe", self.row and self.row["StateValue"])
        return [{"MetricAlarms": [dict(self.row)] if self.row else []}]

    def set_alarm_state(self, AlarmName, StateValue, StateReason):  # noqa: N803
        self.before("set", StateValue)
        self.written.append(StateValue)
        self.becomes(StateValue, StateReason)

    def becomes(self, state, reason):
        before, self.row = self.row["StateValue"], {**self.row, "StateValue": state, "StateReason": reason}
        if state not in (before, UNKNOWN):
            said = {"AlarmName": NAME, "NewStateValue": state, "NewStateReason": reason, "OldStateValue": before}
            for topic in self.actions:
                self.queues.put("alarms", {"TopicArn": topic, "Message": json.dumps(said)})


@pytest.fixture
def fired(monkeypatch):
    """`fired(cloudwatch, wanted actions)`: the answer to one alarm."""

    def fire(cloudwatch, *actions, topics=(OPS, SECOND)):
        live = connected(LOCAL, cloudwatch=cloudwatch, sqs=cloudwatch.queues)
        cloudwatch.queues.clock = live.clock
        value = {"AlarmActions": list(actions or [OPS])}
        one = AlarmTemplate(NAME, "f", None, value)
        return alarm_drill._fire(alarm_drill._Heard(live, "x-alarms-abc"), one, topics)

    return fire


@pytest.fixture
def cloudwatch():
    return CloudWatch(Queues())


def once(call, state, act):
    """What CloudWatch does before the first such call."""
    left = [act]

    def before(called, to):
        if (called, to) == (call, state) and left:
            left.pop()()

    return before


def test_an_alarm_is_fired_told_and_set_back_to_what_it_was(fired, cloudwatch):
    assert fired(cloudwatch).status == "passed"
    assert cloudwatch.written == [FIRED, OVER]
    unknown = CloudWatch(Queues(), UNKNOWN)
    assert fired(unknown).status == "passed"
    assert unknown.written == [FIRED, OVER, UNKNOWN]


@pytest.mark.parametrize(
    ("reason", "said"), [(REAL, "for a reason of its own"), ("TEST by the runbook, x", "by a test that did not end")]
)
def test_one_that_went_off_since_the_drill_began_is_not_touched(reason, said, fired):
    cloudwatch = CloudWatch(Queues(), FIRED, reason)
    found = fired(cloudwatch)
    assert (found.status, cloudwatch.written) == ("not exercised here", [])
    assert said in found.found


def test_a_real_incident_meanwhile_is_never_said_to_be_over(fired, cloudwatch):
    cloudwatch.before = once("describe", FIRED, lambda: cloudwatch.becomes(FIRED, REAL))
    found = fired(cloudwatch)
    assert (found.status, cloudwatch.written, cloudwatch.row["StateReason"]) == ("not exercised here", [FIRED], REAL)
    assert found.found == "it went off for a reason of its own while it was fired, and is left so: see to that"


def test_nor_where_it_begins_once_the_end_was_told(fired):
    cloudwatch = CloudWatch(Queues(), UNKNOWN)
    cloudwatch.before = once("describe", OVER, lambda: cloudwatch.becomes(FIRED, REAL))
    assert "is left so" in fired(cloudwatch).found
    assert (cloudwatch.written, cloudwatch.row["StateValue"]) == ([FIRED, OVER], FIRED)


def test_where_cloudwatch_says_first_that_it_is_over_nothing_is_set(fired, cloudwatch):
    cloudwatch.before = once("describe", FIRED, lambda: cloudwatch.becomes(OVER, "Threshold Crossed: no"))
    assert fired(cloudwatch).status == "passed"
    assert cloudwatch.written == [FIRED]


def test_where_cloudwatch_knows_nothing_again_people_are_told_all_the_same_that_it_is_over(fired):
    cloudwatch = CloudWatch(Queues(), UNKNOWN)
    cloudwatch.before = once("describe", FIRED, lambda: cloudwatch.becomes(UNKNOWN, "no data"))
    assert fired(cloudwatch).status == "passed"
    assert cloudwatch.written == [FIRED, OVER, UNKNOWN]


@pytest.mark.parametrize("call", [("describe", FIRED), ("set", OVER)])
def test_where_nobody_can_tell_whether_it_was_set_back_that_is_said(call, fired, cloudwatch):
    def refuse():
        raise says("Throttling")

    cloudwatch.before = once(*call, refuse)
    found = fired(cloudwatch)
    assert found.status == "failed"
    assert found.found.startswith("fired, and nobody knows whether it was set back: look at it in CloudWatch (AWS")


@pytest.mark.parametrize(
    ("call", "written"), [(("describe", OVER), []), (("set", FIRED), []), (("receive", 1), [FIRED, OVER])]
)
def test_what_aws_refuses_of_one_alarm_is_its_own_answer_and_ends_no_other(call, written, fired, cloudwatch):
    def refuse():
        raise says("AccessDenied")

    cloudwatch.before = once(*call, refuse)
    receive, calls = cloudwatch.queues.receive_message, []

    def received(**asked):
        calls.append(asked)
        cloudwatch.before("receive", len(calls))
        return receive(**asked)

    cloudwatch.queues.receive_message = received
    found = fired(cloudwatch)
    assert (found.status, cloudwatch.written) == ("failed", written)
    assert "AWS refused while" in found.found and "AccessDenied" in found.found


def test_an_alarm_that_is_gone_by_then_is_said(fired, cloudwatch):
    cloudwatch.row = None
    assert fired(cloudwatch).found == "there is no such alarm"


def test_each_topic_that_it_tells_must_bring_its_own_message(fired, cloudwatch):
    assert fired(cloudwatch, OPS, SECOND).found == "fired, and not told within 2 s by Second"
    cloudwatch.actions = ()
    assert fired(cloudwatch).found == "fired, and nobody was told within 2 s"
    both = CloudWatch(Queues(), actions=(OPS, SECOND))
    assert fired(both, OPS, SECOND).status == "passed"
    both.before = once("set", OVER, lambda: setattr(both, "actions", (OPS,)))
    assert fired(both, OPS, SECOND).found.endswith("and not within 2 s that it is over by Second")


def test_a_topic_of_the_same_name_elsewhere_is_not_the_one_that_is_listened_to(fired, cloudwatch):
    theirs = OPS.replace(LOCAL.account_id, "111111111111")
    found = fired(cloudwatch, theirs)
    assert (found.status, cloudwatch.written) == ("not exercised here", [])
    assert found.found == f"{theirs} is another account's, where nobody listens for us"
