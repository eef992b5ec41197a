"""Which names AWS takes, kind by kind: those of ordinary accounts are taken, and what it refuses is refused here."""

import re

import pytest
from unguarded import elsewhere

from lib.errors import BadParameters
from lib.settings import load

REGIONS = ["us-gov-west-1", "ap-southeast-7", "mx-central-1", "us-iso-east-1", "us-isob-west-1", "eusc-de-east-1"]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(("region", region) for region in REGIONS),
        ("state_machine_name", "Prüfung+(live)=1"),
        ("state_machine_name", "_starts.with'odd!@" + "x" * 62),
        ("execution_role_name", "team=care,role+1@prod.x_y"),
        ("execution_role_name", "_r"),
        ("execution_policy_name", "p" * 128),
        ("processor_function_name", "_f-" + "x" * 61),
        ("table_name", "t" * 255),
        ("table_name", "_a.b-c"),
        ("checkin_bucket_name", "my.bucket.example"),
        ("checkin_bucket_name", "Made_In.2015"),
        ("alert_topic_name", "_" + "t" * 255),
        ("ops_dead_letter_queue_name", "-q" * 40),
        ("dashboard_name", "_d" + "x" * 253),
        ("log_group_name", "/aws/vendedlogs/states/a#b/c.d"),
        ("lock_name", "lock"),
        ("lock_name", "/a" * 15),
        ("lock_name", "/" + "x" * 960),
        *(("log_retention_days", days) for days in (0, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)),
    ],
)
def test_what_aws_takes_is_taken(key, name):
    assert getattr(elsewhere(**{key: name}), key) == name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("region", "US-EAST-1"),
        ("region", "us-east-1\n"),
        ("state_machine_name", "a:b"),
        ("state_machine_name", "a" * 81),
        ("state_machine_name", "a\x85b"),
        ("execution_role_name", "service-role/R"),
        ("execution_role_name", "r" * 65),
        ("execution_policy_name", "p" * 129),
        ("processor_function_name", "with.dot"),
        ("processor_function_name", "f" * 65),
        ("dispatcher_function_name", "Your6-AlertDispatcher:live"),
        ("table_name", "ab"),
        ("table_name", "t" * 256),
        ("checkin_bucket_name", "two..dots"),
        ("checkin_bucket_name", "192.168.5.4"),
        ("checkin_bucket_name", "ab"),
        ("alert_topic_name", "with.dot"),
        ("ops_topic_name", "t" * 257),
        ("events_dead_letter_queue_name", "q" * 81),
        ("dashboard_name", "with.dot"),
        ("log_group_name", "/aws/vendedlogs/states/" + "x" * 490),
        ("lock_name", "/aws/lock"),
        ("lock_name", "/SSM-lock"),
        ("lock_name", "a/b"),
        ("lock_name", "/a//b"),
        ("lock_name", "/a" * 16),
        ("lock_name", "/" + "x" * 1000),
        ("log_retention_days", 2191),
        ("log_retention_days", 4000),
    ],
)
def test_what_aws_refuses_is_refused_by_name(key, name):
    with pytest.raises(BadParameters, match=key):
        elsewhere(**{key: name})


def test_only_in_its_region_an_old_bucket_may_have_an_old_name():
    with pytest.raises(BadParameters, match=r"'Made_In_2015'; .* only old buckets of us-east-1"):
        elsewhere(region="eu-west-1", checkin_bucket_name="Made_In_2015")


@pytest.mark.parametrize("key", ["ops_topic_name", "alert_topic_name", "events_dead_letter_queue_name"])
def test_fifo_is_refused_with_why_it_cannot_serve(key):
    with pytest.raises(BadParameters, match=f"parameter {key}: found 'Your6.fifo', a FIFO .* expected a standard"):
        load("local", {key: "Your6.fifo"})


def test_an_account_elsewhere_may_own_the_queue_that_is_paged():
    arn = "arn:aws:sqs:eu-west-1:111122223333:Pager"
    assert load("local", {"ops_subscription_endpoint": arn}).ops_subscription_endpoint == arn


def test_a_fifo_queue_cannot_be_paged():
    with pytest.raises(BadParameters, match="expects the ARN of a standard queue"):
        load("local", {"ops_subscription_endpoint": "arn:aws:sqs:us-east-1:000000000000:Pager.fifo"})


LOST = "arn:aws:sqs:us-east-1:000000000000:Your6-"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"record_store": "s3://your6-checkins-000000000000"}, "record_store is in your6-checkins-000000000000, the"),
        ({"record_store": "s3://your6-checkins-000000000000/a/b"}, "would be taken for a check-in that somebody sent"),
        ({"checkin_bucket_name": "records", "record_store": "s3://records/runs"}, "record_store is in records, the"),
        ({"ops_topic_name": "Your6-TrustedContactAlerts"}, "alert_topic_name and ops_topic_name are both Your6-Trus"),
        (
            {"dispatcher_function_name": "Your6-CheckinProcessor"},
            "are both Your6-CheckinProcessor: one function cannot",
        ),
        ({"events_dead_letter_queue_name": "Q", "ops_dead_letter_queue_name": "Q"}, "queue_name are both Q: an event"),
        ({"ops_subscription_endpoint": f"{LOST}OperationsAlertsDLQ"}, "is ops_dead_letter_queue_name Your6-Operations"),
        ({"ops_subscription_endpoint": f"{LOST}EventAlertsDLQ"}, "is events_dead_letter_queue_name Your6-EventAlerts"),
    ],
)
def test_what_is_named_for_one_thing_is_named_for_no_other(given, said):
    with pytest.raises(BadParameters, match=re.escape(said)):
        load("local", given)


@pytest.mark.parametrize(
    "given",
    [
        {"record_store": "s3://your6-checkins-000000000000-records/your6-checkins-000000000000"},
        {"ops_subscription_endpoint": f"{LOST}EventAlertsDLQ".replace("000000000000", "111122223333")},
        {
            "dashboard_name": "Your6",
            "table_name": "Your6",
            "ops_topic_name": "Your6",
            "ops_dead_letter_queue_name": "Y6",
        },
        {"ops_topic_name": "Your6", "ops_dead_letter_queue_name": "Your6", "dispatcher_function_name": "Your6"},
    ],
)
def test_names_of_different_kinds_or_accounts_may_be_alike(given):
    assert load("local", given).model_dump().items() >= given.items()
