"""Who may not make an alarm, or one too many of them, is told so in one sentence that names the alarm."""

import boto3
import pytest
from botocore.exceptions import ClientError
from theirs import Fake, live

from lib.changes.plans import Change
from lib.errors import NotAsWanted
from lib.resources.resource_kinds import Alarm

VALUE = {"Threshold": 0.0, "ActionsEnabled": True}


def refusing(code, message):
    error = ClientError({"Error": {"Code": code, "Message": message}}, "PutMetricAlarm")
    return Fake(
        describe_alarms={"MetricAlarms": [], "CompositeAlarms": []}, put_metric_alarm=error, delete_alarms=error
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "User is not authorized to perform: cloudwatch:PutMetricAlarm"),
        ("LimitExceeded", "The maximum limit of 5000 alarms has been reached"),
        ("ValidationError", "Period must be 10, 30 or a multiple of 60"),
    ],
)
def test_what_cloudwatch_refuses_is_one_sentence_that_names_the_alarm(code, message):
    thing = Alarm(live(cloudwatch=refusing(code, message)), "Your6-CheckinWorkflow-no-drill")
    for value in (VALUE, None):
        with pytest.raises(NotAsWanted) as caught:
            thing.write(value)
        assert "writing alarm Your6-CheckinWorkflow-no-drill" in str(caught.value)
        assert code in str(caught.value)
        assert "\n" not in str(caught.value)


def test_nothing_is_written_where_a_composite_alarm_has_the_name():
    client = Fake(describe_alarms={"MetricAlarms": [], "CompositeAlarms": [{"AlarmName": "Both"}]})
    with pytest.raises(NotAsWanted, match="Both is a composite alarm that somebody made"):
        Alarm(live(cloudwatch=client), "Both").write(VALUE)
    assert client.written == []


def test_an_alarm_of_another_name_is_not_taken_for_it():
    client = Fake(describe_alarms={"MetricAlarms": [{"AlarmName": "Other"}], "CompositeAlarms": []})
    assert Alarm(live(cloudwatch=client), "Made").read() is None


def test_a_window_that_cloudwatch_names_for_every_alarm_is_no_difference():
    meta = boto3.Session(region_name="us-east-1").client("cloudwatch", aws_access_key_id="x", aws_secret_access_key="x")
    found = VALUE | {"AlarmName": "Made", "EvaluationWindow": {"SlidingWindow": {}}, "WarmUpConfiguration": {}}
    client = Fake(describe_alarms={"MetricAlarms": [found], "CompositeAlarms": []})
    client.meta = meta.meta
    assert Alarm(live(cloudwatch=client), "Made").read() == VALUE
    clock = {"WallClockWindow": {"AlignmentUnit": "HOUR"}}
    found["EvaluationWindow"] = clock
    assert Alarm(live(cloudwatch=client), "Made").read() == VALUE | {"EvaluationWindow": clock}


def test_a_threshold_that_cloudwatch_sends_as_a_whole_number_is_no_difference():
    meta = boto3.Session(region_name="us-east-1").client("cloudwatch", aws_access_key_id="x", aws_secret_access_key="x")
    client = Fake(
        describe_alarms={"MetricAlarms": [VALUE | {"AlarmName": "Made", "Threshold": 0}], "CompositeAlarms": []}
    )
    client.meta = meta.meta
    thing = Alarm(live(cloudwatch=client), "Made")
    assert Change(thing, thing.read(), VALUE).action == "none"
