"""Each thing that would make an alarm tell nobody, really broken in the account, and the check that says so."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lib.aws import connect
from lib.changes import engine
from lib.checks import Status
from lib.phases.proofs import alarm_checks, alarm_outlook, alarm_states
from lib.record.records import Record
from lib.resources import connected_run, desired
from lib.resources.resource_kinds import Topic
from lib.settings import with_changes
from lib.values.check_registry import Id

SECOND = "arn:aws:sns:us-east-1:000000000000:Second"
DENIES = {
    "Effect": "Deny",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "*",
}
ALLOWS = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "*",
}


@pytest.fixture
def live(account):
    made = connect(with_changes(account, mode="apply"))
    Topic(made, made.settings.ops_topic_name).write({"DisplayName": "Operations"})
    return made


def asked(live, which):
    return [check for check in alarm_checks.obstacles(live) if check.id is which]


def one(live, which):
    (check,) = asked(live, which)
    return check


def with_policy(live, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    live.client("sns").set_topic_attributes(
        TopicArn=live.settings.ops_topic_arn, AttributeName="Policy", AttributeValue=text
    )


def made(live, tmp_path):
    """Every alarm, as phase 04 makes it."""
    wanted = [
        item for item in desired.event_rules(live) if item.resource.kind in ("log group", "metric filter", "alarm")
    ]
    engine.carry_out(engine.plan("04", wanted), connected_run.of(live, Record(tmp_path, "run")))
    return wanted


def test_a_topic_as_sns_makes_it_tells(live):
    assert one(live, Id.ALARM_TOPIC).status == Status.PASSED
    with_policy(live, ALLOWS)
    assert one(live, Id.ALARM_TOPIC).status == Status.PASSED


def test_a_topic_that_denies_cloudwatch_or_allows_nobody_is_said_before_applying(live):
    for statements in ([ALLOWS, DENIES], []):
        with_policy(live, *statements)
        check = one(live, Id.ALARM_TOPIC)
        assert (check.status, check.subject) == (Status.FAILED, live.settings.ops_topic_name)
        assert "does not let CloudWatch publish" in check.found


def test_a_topic_under_awss_own_key_is_said_before_applying(live):
    live.client("sns").set_topic_attributes(
        TopicArn=live.settings.ops_topic_arn, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )
    check = one(live, Id.ALARM_TOPIC)
    assert check.status == Status.FAILED
    assert "NO ALARM WOULD TELL ANYBODY" in check.found


def test_a_topic_that_is_not_there(account):
    assert one(connect(account), Id.ALARM_TOPIC).status == Status.NOT_APPLIED
    second = connect(with_changes(account, second_alarm_action=SECOND))
    by_topic = {check.subject: check.status for check in asked(second, Id.ALARM_TOPIC)}
    assert by_topic == {account.ops_topic_name: Status.NOT_APPLIED, "Second": Status.FAILED}


def test_an_empty_second_action_is_said_loudly(live, account):
    check = one(live, Id.ALARM_SECOND)
    assert check.status == Status.WAITING
    assert "4 ALARMS GO OFF AND TELL NOBODY" in check.found
    assert one(connect(with_changes(account, second_alarm_action=SECOND)), Id.ALARM_SECOND).status == Status.PASSED


def test_more_alarms_than_the_account_may_have(live, monkeypatch):
    assert one(live, Id.ALARM_QUOTA).status == Status.PASSED
    monkeypatch.setattr(alarm_checks, "MOST_ALARMS", 36)
    check = one(live, Id.ALARM_QUOTA)
    assert (check.status, check.found) == (Status.FAILED, "0 there, 37 afterwards")


def test_somebodys_alarm_of_a_name_one_that_is_disabled_and_a_composite_one(live, tmp_path):
    name = desired.alarms(live)[0].name
    assert one(live, Id.ALARM_FOREIGN).status == Status.PASSED
    made(live, tmp_path)
    assert one(live, Id.ALARM_FOREIGN).status == Status.PASSED
    cloudwatch = live.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert f"the actions of {name} are disabled" in one(live, Id.ALARM_FOREIGN).found
    assert name in alarm_states.checks(live)[0].found
    assert alarm_states.checks(live)[0].status == Status.FAILED
    theirs = {"MetricName": "M", "Namespace": "N", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    theirs |= {"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName=name, AlarmDescription="theirs", **theirs)
    check = one(live, Id.ALARM_FOREIGN)
    assert (check.status, check.found) == (Status.WAITING, f"{name} says something else")
    cloudwatch.delete_alarms(AlarmNames=[name])
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="FALSE")
    check = one(live, Id.ALARM_FOREIGN)
    assert (check.status, check.found) == (Status.FAILED, f"{name} is a composite alarm")


def test_a_composite_alarm_around_ours_that_another_suppresses(live, tmp_path):
    name = desired.alarms(live)[0].name
    made(live, tmp_path)
    rule = f'ALARM("{name}")'
    live.client("cloudwatch").put_composite_alarm(AlarmName="Around", AlarmRule=rule)
    assert one(live, Id.ALARM_SUPPRESSED).status == Status.PASSED
    suppressed = {"ActionsSuppressor": name, "ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60}
    live.client("cloudwatch").put_composite_alarm(AlarmName="Around", AlarmRule=rule, **suppressed)
    check = one(live, Id.ALARM_SUPPRESSED)
    assert (check.status, check.found) == (Status.WAITING, f"Around (suppressed by {name})")


def started(live, *hours_ago):
    now = datetime.now(UTC)
    machine = [{"Name": "StateMachineArn", "Value": live.settings.state_machine_arn}]
    data = [
        {
            "MetricName": "ExecutionsStarted",
            "Dimensions": machine,
            "Value": 1.0,
            "Timestamp": now - timedelta(hours=ago),
        }
        for ago in hours_ago
    ]
    live.client("cloudwatch").put_metric_data(Namespace="AWS/States", MetricData=data)


def test_the_longest_quiet_time_of_the_accounts_own_history(live):
    check = one(live, Id.ALARM_SILENCE)
    assert (check.status, check.found.split(" in ")[0]) == (Status.CANNOT_TELL, "no history")
    started(live, *range(1, 60, 5))
    check = one(live, Id.ALARM_SILENCE)
    assert (check.status, check.found.split(" within ")[0]) == (Status.PASSED, "4 h")
    started(live, 90)
    check = one(live, Id.ALARM_SILENCE)
    assert (check.status, check.found.split(" within ")[0]) == (Status.WAITING, "33 h")


def test_a_silence_that_lasts_until_now_is_the_longest(live):
    """Of a feed that has stopped, the gaps between check-ins before tell nothing."""
    started(live, *range(60, 120, 5))
    check = one(live, Id.ALARM_SILENCE)
    assert (check.status, check.found.split(" within ")[0]) == (Status.WAITING, "59 h")


def test_what_they_cost_with_the_date_of_the_prices(live):
    check = one(live, Id.ALARM_COST)
    assert check.status == Status.PASSED
    assert check.found.startswith("6.90 USD a month for 45 watched metrics and 8 of our own; the log 0.50 a gigabyte")
    assert check.expected == "prices of us-east-1 as of 2025-06-01"
    elsewhere = replace(live, settings=live.settings.model_copy(update={"region": "eu-west-1"}))
    assert alarm_outlook.cost(elsewhere, desired.alarms(live)).status == Status.CANNOT_TELL


def test_metrics_that_are_there_and_those_that_are_yet_to_come(live, tmp_path):
    assert alarm_states.checks(live)[0].status == Status.NOT_APPLIED
    made(live, tmp_path)
    started(live, 1)
    rows = {check.subject: check for check in alarm_states.checks(live) if check.id is Id.ALARM_METRIC}
    assert set(rows) == {"AWS/Events", "AWS/Lambda", "AWS/SNS", "AWS/SQS", "AWS/States", "Your6/Workflow"}
    assert rows["AWS/States"].found.startswith("1 of 5 seen; not yet: ExecutionThrottled, ")
    assert rows["AWS/States"].status == Status.CANNOT_TELL
    assert alarm_states.checks(live)[0].found == "37 of 37"


def test_an_alarm_without_data_for_long(live, tmp_path, monkeypatch):
    check = alarm_states.checks(live)[-1]
    assert (check.status, check.found) == (Status.NOT_APPLIED, "none of 0 that are there")
    made(live, tmp_path)
    check = alarm_states.checks(live)[-1]
    assert (check.status, "since less than a day" in check.found) == (Status.CANNOT_TELL, True)
    monkeypatch.setattr(alarm_states, "LONG", timedelta(hours=-1))
    check = alarm_states.checks(live)[-1]
    assert check.status == Status.WAITING
    assert "no-drill" in check.found
