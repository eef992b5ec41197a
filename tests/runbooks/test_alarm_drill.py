"""`runbook drill --alarms`: each alarm fired once as a test, told to a subscriber, and put back; by whom it is not."""

import re

import pytest
from accounts import differences, snapshot
from click.testing import CliRunner
from steps import carried_out, left_by_drills, runbook, words

from lib.aws import connect
from lib.cli import change_commands
from lib.drills import alarm_drill, subscribers
from lib.errors import NotAsWanted
from lib.resources import desired
from lib.resources.queues import Queue
from lib.settings import with_changes
from rehearsal.account import bridge


@pytest.fixture
def built(account):
    carried_out(account, "01", "02", "04")
    return account


def states(account, client):
    pages = client("cloudwatch").get_paginator("describe_alarms").paginate()
    return {row["AlarmName"]: row["StateValue"] for page in pages for row in page["MetricAlarms"]}


def rows(ended):
    return {row["subject"]: row for row in ended.record.latest("evidence/alarms.json")}


def test_each_alarm_is_fired_told_and_put_back(built, client):
    before, was = snapshot(built), states(built, client)
    ended = runbook(built, "drill", "--alarms")
    assert (ended.code, ended.complained) == (0, "")
    told = rows(ended)
    assert set(told) == set(was) == {one.name for one in desired.alarms(connect(built))}
    by_status = {
        status: [n for n, r in told.items() if r["status"] == status] for status in ("passed", "not exercised here")
    }
    assert (len(by_status["passed"]), len(by_status["not exercised here"])) == (33, 4)
    assert all("second_alarm_action is empty" in told[name]["found"] for name in by_status["not exercised here"])
    assert states(built, client) == was
    assert differences(before, snapshot(built)) - left_by_drills(built) == set()
    assert re.search(r"alarms fired as a test: 33 of 37 told", runbook(built, "status", ended.record.run_id).said)


def test_alarms_that_our_own_queue_alone_hears_are_no_pass(built, client):
    for row in client("sns").list_subscriptions_by_topic(TopicArn=built.ops_topic_arn)["Subscriptions"]:
        client("sns").unsubscribe(SubscriptionArn=row["SubscriptionArn"])
    ended = runbook(built, "drill", "--alarms")
    assert (ended.code, len(rows(ended))) == (1, 37)
    assert "A CRISIS PAGE REACHES NOBODY" in ended.complained


def test_an_alarm_that_tells_nobody_is_found_by_what_is_received_and_not_by_its_state(built, client):
    machine = built.state_machine_name
    client("cloudwatch").disable_alarm_actions(AlarmNames=[f"{machine}-unscored"])
    client("cloudwatch").delete_alarms(AlarmNames=[f"{machine}-executions-failed"])
    client("cloudwatch").set_alarm_state(AlarmName=f"{machine}-no-drill", StateValue="ALARM", StateReason="real")
    ended = runbook(built, "drill", "--alarms", alert_limit_seconds=2)
    assert ended.code == 1
    told = rows(ended)
    assert "fired, and nobody was told within 2 s" in told[f"{machine}-unscored"]["found"]
    assert told[f"{machine}-executions-failed"]["found"] == "there is no such alarm"
    assert told[f"{machine}-no-drill"]["status"] == "not exercised here"
    assert states(built, client)[f"{machine}-no-drill"] == "ALARM"


def test_that_cloudwatch_finds_it_well_again_before_the_drill_says_so_is_heard_as_well(built, client, monkeypatch):
    """On AWS an alarm returns to its own state within seconds; what the drill sets then changes nothing."""
    set_state = alarm_drill._set

    def set_and_evaluated(live, name, state, reason):
        set_state(live, name, state, reason)
        if state == "ALARM":
            client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="Threshold Crossed: no")

    monkeypatch.setattr(alarm_drill, "_set", set_and_evaluated)
    ended = runbook(built, "drill", "--alarms", alert_limit_seconds=2)
    assert (ended.code, ended.complained) == (0, "")


def test_the_second_action_is_listened_to_as_well(built, client):
    second = client("sns").create_topic(Name="Second")["TopicArn"]
    chosen = with_changes(built, second_alarm_action=second)
    carried_out(chosen, "04")
    ended = runbook(chosen, "drill", "--alarms")
    assert ended.code == 0
    found = rows(ended)[f"{built.state_machine_name}-topic-operations-failed"]["found"]
    assert found == "told by Second, also that it is over"
    left = client("sns").list_subscriptions_by_topic(TopicArn=second)["Subscriptions"]
    assert left == []
    assert subscribers.left_behind(connect(chosen)) == []


def test_who_was_told_is_not_lost_by_a_listener_that_could_not_be_removed(built, client, monkeypatch):
    def refuse(self, value, write=Queue.write):
        if value is None:
            raise NotAsWanted("AWS refused to remove it")
        return write(self, value)

    monkeypatch.setattr(Queue, "write", refuse)
    ended = runbook(built, "drill", "--alarms")
    assert ended.code == 1
    told = ended.record.latest("evidence/alarms.json")
    assert (told[-1]["name"], told[-1]["status"]) == ("listeners removed", "failed")
    assert "AWS refused to remove it" in told[-1]["found"]
    assert "alarms fired as a test: 33 of 37 told" in runbook(built, "status", ended.record.run_id).said


def test_an_alarm_whose_end_nobody_is_told_of_is_found(built, client):
    name = f"{built.state_machine_name}-unscored"
    (row,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    taken = client("cloudwatch").meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    mute = {key: value for key, value in row.items() if key in taken and key != "OKActions"}
    client("cloudwatch").put_metric_alarm(**mute)
    ended = runbook(built, "drill", "--alarms", alert_limit_seconds=2)
    assert ended.code == 1
    assert [row["found"] for row in rows(ended).values() if row["status"] == "failed"] == [
        f"told by {built.ops_topic_name} that it went off, and not within 2 s that it is over"
    ]


def test_alarms_and_a_scenario_are_two_drills(account):
    ended = CliRunner().invoke(change_commands.main, words(account, "drill", "--alarms", "--scenario", "high"))
    assert ended.exit_code == 2
    assert "--scenario high and --alarms are two drills" in ended.stderr
    assert not account.runs_folder.exists()


def test_without_alarms_nothing_is_fired(account):
    carried_out(account, "01")
    before = snapshot(account)
    ended = runbook(account, "drill", "--alarms")
    assert ended.code != 0
    assert "none of the plan's alarms is there; phase 04 makes them. Nothing was fired" in ended.complained
    assert differences(before, snapshot(account)) == set()


def test_a_crisis_drill_that_passed_lets_the_alarm_on_no_drill_be_quiet_and_no_other(built, client, tmp_path):
    def passed():
        return client("cloudwatch").list_metrics(Namespace="Your6/Workflow", MetricName="DrillPassed")["Metrics"]

    carried_out(built, "03")
    assert "does not count this drill: it waits for log of the workflow" in runbook(built, "drill").said
    with bridge.running_bridge(tmp_path, built):  # which writes the workflow's log
        assert "high is no crisis" in runbook(built, "drill", "--scenario", "high", listen_seconds=10).said
        assert passed() == []
        assert runbook(built, "drill", listen_seconds=10).code == 0
    machine = [{"Name": "StateMachineArn", "Value": built.state_machine_arn}]
    assert [row["Dimensions"] for row in passed()] == [machine]
    assert states(built, client)[f"{built.state_machine_name}-no-drill"] != "INSUFFICIENT_DATA"
