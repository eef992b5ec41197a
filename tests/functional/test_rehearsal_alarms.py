"""Alarms of the embedded account: by their own dimensions and math, told by their topic."""

import json
from functools import partial

import pytest

from lib.aws import connect
from lib.changes import engine, undo_plan
from lib.changes.plans import Wanted
from lib.changes.resource import read_each
from lib.errors import NotAsWanted, Refused
from lib.record.records import LOG, Record
from lib.resources import connected_run, desired
from lib.resources.monitoring import alarm_listing
from lib.resources.resource_kinds import Alarm, Subscription, Topic, reopen
from lib.settings import with_changes
from rehearsal.account import baseline

OURS = [{"Name": "Of", "Value": "ours"}]
TOLD = {"ActionsEnabled": True, "AlarmDescription": "d", "ComparisonOperator": "GreaterThanThreshold"}
TOLD |= {"EvaluationPeriods": 1, "Threshold": 0.0, "TreatMissingData": "notBreaching", "Statistic": "Sum"}
METRIC = {"Namespace": "Made", "MetricName": "Made", "Dimensions": OURS, "Period": 60}


@pytest.fixture
def live(account):
    return connect(with_changes(account, mode="apply"))


def value(live, **other):
    return {**TOLD, **METRIC, "AlarmActions": [live.settings.ops_topic_arn], **other}


def put(client, *dimensions, metric="Made", number=1.0):
    datum = {"MetricName": metric, "Dimensions": list(dimensions), "Value": number}
    client("cloudwatch").put_metric_data(Namespace="Made", MetricData=[datum])


def state(client, name):
    (found,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["StateValue"]


def test_an_alarm_goes_off_by_its_own_dimensions_and_its_topic_tells(live, client, received):
    Topic(live, live.settings.ops_topic_name).write({"DisplayName": "d"})
    inbox = Subscription(live, live.settings.ops_topic_name, "sqs", live.settings.queue_arn(baseline.OPERATIONS_INBOX))
    inbox.write({"dead_letter_queue": "", "raw": "false", "filter": ""})
    Alarm(live, "Ours").write(value(live))
    put(client, {"Name": "Of", "Value": "theirs"})
    assert state(client, "Ours") == "INSUFFICIENT_DATA"
    put(client, *OURS)
    assert state(client, "Ours") == "ALARM"
    (notice,) = received(baseline.OPERATIONS_INBOX)
    told = json.loads(notice["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == ("Ours", "ALARM")


def test_many_are_read_by_as_few_calls_as_cloudwatch_takes_each_as_by_itself(account, live, monkeypatch):
    monkeypatch.setattr(alarm_listing, "NAMES_A_CALL", 3)
    for name in ("One", "Three", "Seven"):
        Alarm(live, name).write(value(live, AlarmDescription=name))
    calls = list[dict]()
    things = [
        Alarm(connect(account, calls.append), name) for name in ("One", "Two", "Three", "Four", "Five", "Six", "Seven")
    ]
    calls.clear()
    together = read_each(things)
    assert [row["operation"] for row in calls] == ["DescribeAlarms"] * 3
    assert together == [thing.read() for thing in things]
    assert [row and row["AlarmDescription"] for row in together] == ["One", None, "Three", *[None] * 3, "Seven"]


def test_one_of_many_that_is_a_composite_alarm_is_named(live, client):
    client("cloudwatch").put_composite_alarm(AlarmName="Both", AlarmRule="FALSE")
    with pytest.raises(NotAsWanted, match="Both is a composite alarm that somebody made"):
        read_each([Alarm(live, "One"), Alarm(live, "Both")])


def test_an_alarm_by_math_is_kept_whole_and_goes_off(live, client):
    rows = [
        {"Id": name, "MetricStat": {"Metric": {"Namespace": "Made", "MetricName": name}, "Period": 60, "Stat": "Sum"}}
        | {"ReturnData": False}
        for name in ("sent", "carried")
    ]
    told = {"Id": "lost", "Expression": "FILL(sent, 0) - FILL(carried, 0)", "Label": "lost", "ReturnData": True}
    plain = {key: TOLD[key] for key in TOLD if key != "Statistic"}
    Alarm(live, "Math").write({**plain, "Metrics": [*rows, told]})
    assert Alarm(live, "Math").read()["Metrics"] == [*rows, told]
    put(client, metric="sent")
    assert state(client, "Math") == "ALARM"
    put(client, metric="carried")
    assert state(client, "Math") == "OK"


def test_an_undo_leaves_the_state_and_the_tags_of_an_alarm_that_was_there(live, client):
    cloudwatch = client("cloudwatch")
    tags = [{"Key": "owner", "Value": "somebody"}]
    before = {**value(live), "AlarmDescription": "theirs", "Threshold": 7.5, "InsufficientDataActions": []}
    cloudwatch.put_metric_alarm(AlarmName="Theirs", **before, Tags=tags)
    (theirs,) = cloudwatch.describe_alarms(AlarmNames=["Theirs"])["MetricAlarms"]
    was = Alarm(live, "Theirs").read()
    Alarm(live, "Theirs").write(value(live))
    Alarm(live, "Theirs").write(was)
    (now,) = cloudwatch.describe_alarms(AlarmNames=["Theirs"])["MetricAlarms"]
    moment = "AlarmConfigurationUpdatedTimestamp"
    assert {**now, moment: 0} == {**theirs, moment: 0}
    assert cloudwatch.list_tags_for_resource(ResourceARN=now["AlarmArn"])["Tags"] == tags


def test_a_composite_alarm_of_the_name_is_left_alone(live, client):
    client("cloudwatch").put_composite_alarm(AlarmName="Both", AlarmRule="FALSE")
    for done in (Alarm(live, "Both").read, lambda: Alarm(live, "Both").write(value(live))):
        with pytest.raises(NotAsWanted, match="Both is a composite alarm that somebody made"):
            done()
    listed = client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [one["AlarmName"] for one in listed] == ["Both"]


def configuration(client):
    """Every alarm and metric filter, but for when it was made and how it is."""
    page = client("cloudwatch").describe_alarms(MaxRecords=100)
    moving = ("State", "AlarmConfigurationUpdated")
    alarms = [{key: row[key] for key in row if not key.startswith(moving)} for row in page["MetricAlarms"]]
    filters = client("logs").describe_metric_filters()["metricFilters"]
    return alarms, [{key: row[key] for key in row if key != "creationTime"} for row in filters]


def test_a_second_plan_changes_nothing_and_an_undo_gives_back_what_was_there(live, client, tmp_path):
    settings, name = with_changes(live.settings, may_replace=99), f"{live.settings.state_machine_name}-unscored"
    free = connect(settings)
    client("cloudwatch").put_metric_alarm(
        AlarmName=name, **value(free, AlarmDescription="theirs", ActionsEnabled=False)
    )
    client("cloudwatch").put_metric_alarm(AlarmName="Theirs", **value(free))
    before = configuration(client)
    record = Record(tmp_path, "run")
    run = connected_run.of(free, record)
    of_alarms = [
        one for one in desired.event_rules(free) if one.resource.kind in ("log group", "metric filter", "alarm")
    ]
    (tmp_path / "other").mkdir()
    careful = connected_run.of(live, Record(tmp_path / "other", "other"))
    with pytest.raises(Refused, match=name):
        engine.carry_out(engine.plan("04", of_alarms), careful)
    assert configuration(client) == before
    engine.carry_out(engine.plan("04", of_alarms), run)
    assert configuration(client) != before
    assert engine.plan("04", of_alarms).pending == ()
    engine.roll_back(undo_plan.plan(record.rows(LOG), partial(reopen, free)), run)
    assert configuration(client) == before


@pytest.mark.parametrize("differs", [{"Threshold": 9.0}, {"MetricName": "Theirs"}, {"ActionsEnabled": False}], ids=str)
def test_somebodys_alarm_of_the_name_is_not_replaced(live, client, tmp_path, differs):
    Alarm(live, "Theirs").write(value(live, **differs))
    before = Alarm(live, "Theirs").read()
    run = connected_run.of(live, Record(tmp_path, "run"))
    plan = engine.plan("04", [Wanted(Alarm(live, "Theirs"), value(live, AlarmDescription="ours"))])
    with pytest.raises(Refused, match=r"would replace .*alarm Theirs"):
        engine.carry_out(plan, run)
    assert Alarm(live, "Theirs").read() == before
