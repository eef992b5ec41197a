"""A subscription is found again however SNS shows its endpoint, and what only SNS knows is never made up."""

import pytest
from botocore.exceptions import ClientError
from theirs import Fake, live

from lib.aws import Identity, Live
from lib.errors import NotAsWanted
from lib.resources.resource_kinds import Subscription
from lib.resources.topics import FROM_PARAMETERS
from lib.settings import load

VALUE = {"dead_letter_queue": "", "raw": "false", "filter": ""}
HOOK = "https://events.example.org/integration/0123456789abcdef0123/enqueue"


class Topics:
    """An SNS client that lists these endpoints, all of them confirmed."""

    def __init__(self, protocol, *endpoints, refusal=""):
        self.protocol, self.endpoints, self.refusal, self.subscribed = protocol, list(endpoints), refusal, []

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        rows = [
            {"SubscriptionArn": f"arn:aws:sns:x:{at}", "Protocol": self.protocol, "Endpoint": endpoint}
            for at, endpoint in enumerate(self.endpoints)
        ]
        return [{"Subscriptions": rows}]

    def get_subscription_attributes(self, SubscriptionArn):  # noqa: N803 - AWS's own names
        return {"Attributes": {"FilterPolicy": f'{{"which": ["{SubscriptionArn}"]}}'}}

    def subscribe(self, **given):
        if self.refusal:
            raise ClientError({"Error": {"Code": "InvalidParameter", "Message": self.refusal}}, "Subscribe")
        self.subscribed.append(given["Endpoint"])


def subscription(sns, endpoint):
    given = {"ops_subscription_protocol": sns.protocol, "ops_subscription_endpoint": endpoint}
    settings, clients = load("local", given), {"sns": sns}
    identity = Identity(settings.account_id, settings.region, "arn:aws:iam::000000000000:user/u", "")
    live = Live(settings, identity, None, clients, single=clients)
    return Subscription(live, settings.ops_topic_name, sns.protocol, FROM_PARAMETERS)


@pytest.mark.parametrize(
    ("protocol", "ours", "shown"),
    [
        ("https", "https://user:****@example.org/hook", "https://****:****@example.org/hook"),
        ("email", "Jim@Example.org", "jim@example.org"),
        ("sms", "+1 (555) 010-0000", "+15550100000"),
        ("https", "https://example.org", "https://example.org/"),
    ],
)
def test_it_is_found_again_and_not_made_twice(protocol, ours, shown):
    sns = Topics(protocol, "somebody-else", shown)
    assert subscription(sns, ours).read()["filter"] == '{"which": ["arn:aws:sns:x:1"]}'


def test_of_two_that_mean_the_same_the_one_written_as_ours_is_found():
    sns = Topics("email", "jim@example.org", "Jim@example.org")
    assert "x:1" in subscription(sns, "Jim@example.org").read()["filter"]


@pytest.mark.parametrize("user", ["user:****", "****", "****:****"])
def test_a_hidden_password_is_never_subscribed(user):
    sns = Topics("https")
    with pytest.raises(NotAsWanted, match=r"its password is hidden.*subscribe the whole URL by hand"):
        subscription(sns, f"https://{user}@example.org/hook").write(VALUE)
    assert sns.subscribed == []


def test_a_phone_number_is_subscribed_as_sns_takes_it():
    sns = Topics("sms")
    subscription(sns, "+1 (555) 010-0000").write(VALUE)
    assert sns.subscribed == ["+15550100000"]


def test_what_aws_says_of_an_address_tells_no_key():
    sns = Topics("https", refusal=f"Invalid parameter: {HOOK} (path /integration/0123456789abcdef0123/enqueue)")
    with pytest.raises(NotAsWanted) as caught:
        subscription(sns, HOOK).write(VALUE)
    assert "0123456789abcdef0123" not in str(caught.value)
    assert "InvalidParameter" in str(caught.value)


@pytest.mark.parametrize("text", ["x", "[]", '"a"', "7"])
def test_a_redrive_policy_that_is_no_object_is_one_sentence(text):
    row = {"SubscriptionArn": "arn:aws:sns:x", "Protocol": "sqs", "Endpoint": "e"}
    sns = Fake(
        list_subscriptions_by_topic={"Subscriptions": [row]},
        get_subscription_attributes={"Attributes": {"RedrivePolicy": text}},
    )
    with pytest.raises(NotAsWanted, match="a subscription's RedrivePolicy is "):
        Subscription(live(sns=sns), "t", "sqs", "e").read()


def test_a_dead_letter_queue_is_taken_away_without_a_value_since_sns_refuses_an_empty_one():
    listed = {"SubscriptionArn": "arn:aws:sns:x:0", "Protocol": "sqs", "Endpoint": "arn:aws:sqs:x:1:inbox"}
    sns = Fake(
        list_subscriptions_by_topic={"Subscriptions": [listed]},
        get_subscription_attributes={"Attributes": {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:x:1:q"}'}},
    )
    Subscription(live(sns=sns), "t", "sqs", "arn:aws:sqs:x:1:inbox").write(VALUE)
    given = {"SubscriptionArn": "arn:aws:sns:x:0", "AttributeName": "RedrivePolicy"}
    assert sns.written == [("set_subscription_attributes", given)]
