"""Deliveries on the embedded account: what it really carried is what is counted, and what nobody counts is missing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan

import pytest
from waiting import until

from lib.aws import connect
from lib.routes import LOW_SENTIMENT_RULE
from lib.telemetry import execution_status, workflow_log
from lib.telemetry.deliveries import alarm_history, counts, dead_letters, figures, task_attempts
from lib.telemetry.deliveries.sources import Metric, Thing
from rehearsal.account import clients, workflow_logs


@pytest.fixture(scope="module")
def read(module_account):
    """Two of today's alerts, one message that a filter keeps back, and one for a queue that refuses it."""
    sns, events = (clients.client(module_account.endpoint_url, name) for name in ("sns", "events"))
    detail = {"userId": "u-1", "sentimentScore": -0.9, "textPreview": "", "timestamp": "2026-01-01T00:00:00Z"}
    entry = {"Source": "your6.checkin", "DetailType": "Low Sentiment Alert", "Detail": json.dumps(detail)}
    refused = module_account.queue_arn("Your6-CheckinDLQ")
    topic = module_account.alert_topic_arn
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=refused)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="A message of nobody.")
    only = {"FilterPolicy": json.dumps({"route": ["none of these"]})}
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=only["FilterPolicy"]
    )
    events.put_events(Entries=[entry, entry])
    live = connect(module_account)

    def look():
        now = datetime.now(UTC) + timedelta(minutes=1)
        return counts.read(live, now - timedelta(minutes=30), now, now)

    # A function is counted when it has ended, which is after what it published; an event before anything that it calls.
    def carried(frame):
        summed = counts.totals(frame)
        published = counts.total(summed, Thing.TOPIC, Metric.PUBLISHED)
        invoked = counts.total(summed, Thing.FUNCTION, Metric.INVOCATIONS, name=live.settings.dispatcher_function_name)
        kept_back = counts.total(summed, Thing.TOPIC, Metric.FILTERED)
        return published >= 3 and invoked >= 2 and kept_back >= 2

    until(lambda: carried(look()))
    return live, look()


def test_events_invocations_and_messages_are_counted_where_they_happened(read):
    live, frame = read
    summed = counts.totals(frame)
    assert counts.total(summed, Thing.RULE, Metric.TRIGGERED, name=LOW_SENTIMENT_RULE) == 2
    assert counts.total(summed, Thing.FUNCTION, Metric.INVOCATIONS, name=live.settings.dispatcher_function_name) == 2
    topic = live.settings.alert_topic_name
    assert counts.total(summed, Thing.TOPIC, Metric.PUBLISHED, name=topic) == 3
    assert counts.total(summed, Thing.TOPIC, Metric.DELIVERED, name=topic) >= 3
    assert counts.total(summed, Thing.TOPIC, Metric.FILTERED, name=topic) == 2


def test_what_nobody_counts_is_missing_and_not_zero(read):
    live, frame = read
    summed = counts.totals(frame)
    assert isnan(counts.total(summed, Thing.TOPIC, Metric.TOPIC_DEAD))
    assert isnan(counts.total(summed, Thing.LOG, Metric.LOG_BYTES))
    now = datetime.now(UTC)
    seen = figures.of_window(live, now - timedelta(minutes=30), now + timedelta(seconds=1), now)
    assert isnan(counts.total(seen.totals, Thing.TOPIC, Metric.TOPIC_LOST))
    assert isnan(counts.total(seen.totals, Thing.WORKFLOW, "ExecutionThrottled"))


def test_each_dead_letter_queue_says_what_lies_in_it_and_whose_it_would_be(read):
    live, frame = read
    letters = {one.queue: one for one in dead_letters.read(live, counts.totals(frame))}
    assert letters["Your6-EventAlertsDLQ"].count is None  # phase 04 makes it
    assert letters["Your6-CheckinDLQ"].count is not None
    assert letters["Your6-AlertDLQ"].sources == (f"function {live.settings.dispatcher_function_name}",)
    assert letters["Your6-AlertDLQ"].oldest_seconds is None


def test_an_alarm_that_went_off_and_came_back_is_in_its_history(read):
    live, _ = read
    (name, *_) = [one.name for one in alarm_history.desired.alarms(live)]
    cloudwatch = clients.client(live.settings.endpoint_url, "cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="AWS/SNS", MetricName="Nothing", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    for state in ("ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
    now = datetime.now(UTC)
    found = {one.name: one for one in alarm_history.read(live, now - timedelta(hours=1), now, now)}
    assert (found[name].state, len(found[name].spans)) == ("OK", 1)
    assert {one.state for other, one in found.items() if other != name} == {None}


def test_attempts_of_a_real_history_lead_to_their_state_also_where_one_was_caught(read):
    """The history is the embedded account's own, put into the log's form by what writes the log there."""
    live, _ = read
    sfn = clients.client(live.settings.endpoint_url, "stepfunctions")
    states = {
        "Send": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Gone",
            "Parameters": {"QueueUrl": f"{live.settings.endpoint_url}/000000000000/nobody", "MessageBody": "x"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Gone"}],
        },
        "Gone": {"Type": "Pass", "End": True},
    }  # fmt: skip
    machine = sfn.create_state_machine(
        name="attempts", roleArn=live.settings.arn("iam", "role/any"),
        definition=json.dumps({"StartAt": "Send", "States": states}),
    )["stateMachineArn"]  # fmt: skip
    arn = sfn.start_execution(stateMachineArn=machine, name="c1")["executionArn"]
    until(lambda: sfn.describe_execution(executionArn=arn)["status"] != "RUNNING")
    history = sfn.get_execution_history(executionArn=arn)["events"]
    lines = workflow_logs.log_events(history, arn, "ALL", with_data=False)
    here = replace(live, clients={"logs": Pages(lines)})
    now = datetime.now(UTC)
    frame = task_attempts.read(here, workflow_log.read(here, now - timedelta(hours=1), now))
    assert frame[["state", "again"]].values.tolist() == [["Send", True], ["Send", False]], lines
    assert set(frame["error"]) - {execution_status.UNNAMED}


class Pages:
    """The log as one page of these lines, whatever is asked."""

    def __init__(self, lines):
        self.lines = lines

    def get_paginator(self, _operation):
        return self

    def paginate(self, **_asked):
        return [{"events": self.lines}]
