"""Who subscribes to a topic: what ends while it is read is nobody's, and hides nothing of the others."""

from collections.abc import Callable

import pytest
from machines import StepFunctions, connected, described, says

from lib.phases.proofs import encryption
from lib.resources.existing import subscriptions
from lib.resources.resource_kinds import Subscription
from lib.settings import load
from lib.telemetry.configuration import messaging
from lib.telemetry.configuration.facts import Sense

S = load("local")
TOPIC, QUEUE = S.ops_topic_name, S.ops_dead_letter_queue_name
SUBSCRIBED = {
    "arn:aws:sns:x:stays": {
        "RedrivePolicy": f'{{"deadLetterTargetArn": "{S.queue_arn(QUEUE)}"}}',
        "ConfirmationWasAuthenticated": "false",
    },
    "arn:aws:sns:x:filtered": {"FilterPolicy": '{"level": ["high"]}', "ConfirmationWasAuthenticated": "true"},
    "PendingConfirmation": {},
    "arn:aws:sns:x:ends": None,
}


class Topic:
    """A topic with these subscribers by mail, of which one ends after it was listed."""

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        rows = [{"SubscriptionArn": arn, "Protocol": "email", "Endpoint": f"{arn}@x.org"} for arn in SUBSCRIBED]
        return [{"Subscriptions": rows}]

    def get_subscription_attributes(self, SubscriptionArn):  # noqa: N803 - AWS's own names
        if SUBSCRIBED[SubscriptionArn] is None:
            raise says("NotFound")
        return {"Attributes": SUBSCRIBED[SubscriptionArn]}

    def get_topic_attributes(self, TopicArn):  # noqa: N803
        raise says("NotFound")


class NoQueues:
    """An SQS in which none is made yet."""

    def get_queue_url(self, **_):
        raise says("QueueDoesNotExist")


@pytest.fixture
def live(settings):
    machine = StepFunctions(S.state_machine_arn, {S.state_machine_arn: described("a workflow")})
    return connected(settings, sns=Topic(), sqs=NoQueues(), stepfunctions=machine)


READERS: dict[str, tuple[Callable, object]] = {
    "audience": (
        lambda live: subscriptions.audience(live, TOPIC),
        {"confirmed": 1, "filtered": 1, "waiting": 1},
    ),
    "dead letters": (lambda live: subscriptions.served_by(live, QUEUE), [f"a email subscription of {TOPIC}"]),
    "ended by a mail": (lambda live: subscriptions.ended_by_a_mail(live, TOPIC), 1),
    "configuration": (
        lambda live: len(next(one for one in messaging.topic(live, TOPIC) if one.sense == Sense.MEMBERS).read()),
        2,
    ),
    "queues of a topic": (
        lambda live: sum(QUEUE in check.name for check in encryption.operations(live)),
        1,
    ),
    "one of its own": (lambda live: Subscription(live, TOPIC, "email", "arn:aws:sns:x:ends@x.org").read(), None),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_subscription_that_ends_while_it_is_read_is_nobodys(live, reader):
    ask, expected = READERS[reader]
    assert ask(live) == expected
