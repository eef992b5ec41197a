"""The table of what breaks and which alarm goes off (docs/reliability.md): each row, by its cause or by its metric."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from test_rehearsal_bridge import checkin
from waiting import FOR_EVER

from lib.aws import connect
from lib.changes import engine
from lib.definitions import loader
from lib.definitions.alarm_lint import Missing
from lib.record.records import Record
from lib.resources import connected_run, desired
from lib.resources.resource_kinds import Topic
from lib.settings import ROOT, with_changes
from rehearsal.account import alarm_evaluation, bridge, traffic

TABLE = re.compile(r"^\| [^|]+ \| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
# Which test really breaks it, of each row that does not say that this is not exercised here.
BROKEN_BY = {
    "a real execution that fails": "test_an_execution_that_really_fails_sets_its_alarm_off_and_operations_are_told",
    "a real execution that is stopped": "test_an_execution_that_is_really_stopped_sets_its_alarm_off",
    "a real crisis, both topics and the event gone": "test_what_reaches_nobody_sets_its_alarm_off",
    "a real alert, both topics and the event gone": "test_what_reaches_nobody_sets_its_alarm_off",
    "a real check-in without a score": "test_a_checkin_without_a_score_sets_its_alarm_off",
    "its rule really disabled, and without a target": "test_what_fails_behind_an_accepted_event_silences_no_crisis",
    "the dispatcher really removed": "test_what_fails_behind_an_accepted_event_silences_no_crisis",
    "no datapoint": "test_silence_sets_off_what_watches_for_it",
    "no datapoint, and a crisis drill that passes": "test_silence_sets_off_what_watches_for_it",
}
# What the metric itself waits for, beside the alarm's own period.
GIVES_UP, UNUSED = ", once SNS gives up: up to 6 hours", "; of an unused queue up to 15 more"
LATER = {
    "alarms/topic-failed.json": GIVES_UP,
    "alarms/topic-redriven.json": GIVES_UP,
    "alarms/topic-redrive-failed.json": GIVES_UP,
    "alarms/queue-messages.json": UNUSED,
}


@pytest.fixture
def live(account, tmp_path):
    made = connect(with_changes(account, mode="apply"))
    Topic(made, made.settings.ops_topic_name).write({"DisplayName": "Operations"})
    wanted = [one for one in desired.event_rules(made) if one.resource.kind in ("log group", "metric filter", "alarm")]
    engine.carry_out(engine.plan("04", wanted), connected_run.of(made, Record(tmp_path, "run")))
    return made


def states(live):
    pages = live.client("cloudwatch").get_paginator("describe_alarms").paginate()
    prefix = f"{live.settings.state_machine_name}-"
    return {one["AlarmName"].removeprefix(prefix): one["StateValue"] for page in pages for one in page["MetricAlarms"]}


def in_alarm(live):
    return {name for name, state in states(live).items() if state == "ALARM"}


def put(live, metric, when=None):
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
    datum = {"MetricName": metric.metric, "Dimensions": dimensions, "Value": 1.0}
    datum |= {"Timestamp": when} if when else {}
    live.client("cloudwatch").put_metric_data(Namespace=metric.namespace, MetricData=[datum])


def test_the_table_has_a_row_for_each_alarm_says_how_soon_and_by_what_it_was_set_off():
    rows = {name: (soon, by) for name, soon, by in TABLE.findall((ROOT / "docs" / "reliability.md").read_text("utf-8"))}
    assert {f"alarms/{name}.json" for name in rows} == set(loader.alarms())
    here = "".join(
        (ROOT / "tests" / "functional" / n).read_text("utf-8") for n in ("test_silence.py", "test_alarms_go_off.py")
    )
    for file, template in loader.alarms().items():
        soon, by = rows[file.removeprefix("alarms/").removesuffix(".json")]
        whole = template["missing"] == Missing.BREACHING
        assert soon == (
            {"alarms/no-checkin.json": "`no_checkin_hours`", "alarms/no-drill.json": "7 days"}[file]
            if whole
            else f"{template['period'] * template['datapointsToAlarm'] // 60} min{LATER.get(file, '')}"
        )
        assert "the cause is `not exercised here`: " in by or f"def {BROKEN_BY[by]}" in here, by


def test_each_alarm_goes_off_by_its_own_metric_and_by_no_other(live):
    """What counts too much; what counts too little goes off by silence."""
    assert in_alarm(live) == set()
    expected = set()
    for alarm in desired.alarms(live):
        if alarm.definition.missing == Missing.BREACHING:
            continue
        put(live, alarm.definition.metrics[0])
        name = alarm.definition.suffix
        assert name in in_alarm(live), name
        expected |= {name}
    assert in_alarm(live) == expected


def test_an_alert_that_was_carried_is_not_lost(live):
    lost = next(one for one in desired.alarms(live) if one.definition.suffix.endswith("HighRiskRule-accepted-and-lost"))
    published, matched, carried = lost.definition.metrics
    put(live, matched)
    put(live, carried)
    put(live, published)
    assert lost.definition.suffix not in in_alarm(live)
    put(live, published)
    assert lost.definition.suffix in in_alarm(live)


@pytest.mark.parametrize("lacking", ["matched", "carried"])
def test_neither_a_second_target_nor_none_hides_an_alert_that_was_lost(live, lacking):
    """EventBridge counts an invocation for each target, and a match also where the rule has none."""
    lost = next(one for one in desired.alarms(live) if one.definition.suffix.endswith("HighRiskRule-accepted-and-lost"))
    published, *others = lost.definition.metrics
    for metric in (published, published, *(one for one in others for _ in range(1 if one.id == lacking else 2))):
        put(live, metric)
    assert lost.definition.suffix in in_alarm(live)


@pytest.mark.parametrize("suffix", ["no-checkin", "no-drill"])
def test_silence_sets_off_what_watches_for_it(live, suffix):
    alarm = next(one for one in desired.alarms(live) if one.definition.suffix == suffix)
    hours = alarm.definition.seconds / 3600
    (metric,) = alarm.definition.metrics
    assert alarm_evaluation.state(alarm.value, lambda *_: None, 0.0) == "ALARM"
    put(live, metric, datetime.now(UTC) - timedelta(hours=hours + 1))
    assert states(live)[suffix] == "ALARM"
    put(live, metric, datetime.now(UTC) - timedelta(hours=hours - 1))
    assert states(live)[suffix] == "OK"


def test_an_execution_that_really_fails_sets_its_alarm_off_and_operations_are_told(live, account, client, received):
    inbox = account.arn("sqs", "Rehearsal-OperationsInbox")
    client("sns").subscribe(TopicArn=account.ops_topic_arn, Protocol="sqs", Endpoint=inbox)
    published = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    states_of, machine = client("stepfunctions"), account.state_machine_arn
    failing = {"StartAt": "Out", "States": {"Out": {"Type": "Fail", "Error": "Made"}}}
    states_of.update_state_machine(stateMachineArn=machine, definition=json.dumps(failing))
    checkin(account)
    bridge.drain(published)
    assert "executions-failed" in in_alarm(live)
    notices = [json.loads(notice["Message"]) for notice in received("Rehearsal-OperationsInbox")]
    (told,) = [notice for notice in notices if notice["NewStateValue"] == "ALARM"]  # and no-checkin is well again
    assert told["AlarmName"] == f"{account.state_machine_name}-executions-failed"
    assert "WHAT TO DO: Open every execution that failed since" in told["AlarmDescription"]


def test_an_execution_that_is_really_stopped_sets_its_alarm_off(live, account, client):
    published = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    states_of, machine = client("stepfunctions"), account.state_machine_arn
    waiting = {"StartAt": "On", "States": {"On": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    states_of.update_state_machine(stateMachineArn=machine, definition=json.dumps(waiting))
    arn = states_of.start_execution(stateMachineArn=machine)["executionArn"]
    states_of.stop_execution(executionArn=arn)
    traffic._finished(account, arn, FOR_EVER)
    bridge.drain(published)
    assert "executions-aborted" in in_alarm(live)
