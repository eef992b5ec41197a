"""What AWS holds of rules, the event bus, topics and queues. Read-only.

What moves by itself (counts, dates) is left out, so that only what somebody did makes a difference. No address leaves
this module, and what listens to drills for a while is nobody.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none
from lib.changes.plans import Value
from lib.resources.existing.subscriptions import (
    LISTENING,
    NO_FILTER,
    NO_TOPIC,
    NOT_TOLD,
    PENDING,
    listens_to_drills,
    subscriptions,
    with_attributes,
)
from lib.resources.queues import NO_QUEUE
from lib.resources.rules import recordable_targets, targets
from lib.telemetry.configuration import callers
from lib.telemetry.configuration.facts import Sense
from lib.telemetry.configuration.readings import Reading, leave_out, only, parse_document, statements
from lib.values.subscriber_addresses import Protocol

# What decides whether a message arrives, and stays until somebody reads it.
OF_DELIVERY = (
    "KmsMasterKeyId", "SqsManagedSseEnabled", "MessageRetentionPeriod", "MaximumMessageSize", "DelaySeconds",
    "RedrivePolicy", "DeliveryPolicy", "EffectiveDeliveryPolicy", "FifoTopic", "FifoQueue",
)  # fmt: skip
# What begins so says how much and since when, or is a reading of its own.
ELSEWHERE = (
    *OF_DELIVERY, "Approximate", "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn", "Policy", "Subscriptions",
    "TopicArn", "Owner", "DisplayName",
)  # fmt: skip
OF_A_SUBSCRIPTION = ("RawMessageDelivery", "FilterPolicyScope", "DeliveryPolicy", "SubscriptionRoleArn", "ReplayPolicy")


def rule(live: Live, name: str) -> list[Reading]:
    """Pattern, state and targets, each target whole; without those that listen to drills."""

    def described() -> Value:
        with absent_is_none("ResourceNotFoundException"):
            answer = live.client("events").describe_rule(Name=name)
            kept = ("State", "Description", "ScheduleExpression", "RoleArn", "EventBusName")
            return {**only(answer, kept), "EventPattern": parse_document(answer.get("EventPattern"))}
        return None

    @cache
    def behind() -> dict[str, dict[str, Any]]:
        return recordable_targets(
            {key: row for key, row in targets(live, name).items() if not key.startswith(LISTENING)}
        )

    return [
        Reading("state and pattern", Sense.WHOLE, described),
        Reading("targets", Sense.MEMBERS, behind),
        Reading("targets that alerts pass", Sense.WHOLE, lambda: callers.alert_senders(live, behind())),
    ]


def event_bus(live: Live, name: str) -> list[Reading]:
    """Who may put events on it and who may not, the key that they lie under, and which rules of others take ours."""
    described = cache(lambda: live.client("events").describe_event_bus(Name=name))
    kept = ("KmsKeyIdentifier", "DeadLetterConfig")
    return [
        Reading("policy", Sense.STATEMENTS, lambda: statements(described().get("Policy"))),
        Reading("key", Sense.WHOLE, lambda: only(described(), kept)),
        *callers.of_the_bus(live),
    ]


def topic(live: Live, name: str) -> list[Reading]:
    """Policy, key and delivery, and its confirmed subscribers."""

    @cache
    def attributes() -> Mapping[str, Any]:
        with absent_is_none(*NO_TOPIC):
            answer = live.client("sns").get_topic_attributes(TopicArn=live.settings.arn("sns", name))
            return dict(answer["Attributes"])
        return {}

    subscribers = cache(lambda: _subscribers(live, name))
    return [
        Reading("policy", Sense.STATEMENTS, lambda: statements(attributes().get("Policy"))),
        *_attributes(attributes),
        Reading("display name", Sense.WHOLE, lambda: attributes().get("DisplayName"), criteria="1"),
        Reading("confirmed subscribers", Sense.MEMBERS, subscribers),
        Reading(
            "subscribers that alerts pass", Sense.WHOLE, lambda: callers.alert_senders(live, subscribers(), "Endpoint")
        ),
        Reading("waiting for confirmation", Sense.NOTE, lambda: _waiting(live, name)),
    ]


def _subscribers(live: Live, name: str) -> dict[str, Any]:
    """By protocol and a hash of the subscription's ARN, which no person can read; a listener is no subscriber."""
    subscribers = {}
    for row, attributes in with_attributes(live, name, lambda row: not listens_to_drills(row)):
        if row["SubscriptionArn"] not in PENDING:
            known = hashlib.sha256(row["SubscriptionArn"].encode()).hexdigest()[:12]
            subscribers[f"{row['Protocol']} {known}"] = _subscription(attributes, row)
    return subscribers


def _subscription(attributes: Mapping[str, Any], row: Mapping[str, str]) -> dict[str, Any]:
    policy = attributes.get("FilterPolicy")
    # Of a queue or a function the endpoint is nobody's address, and it is read as well.
    endpoint = {"Endpoint": row["Endpoint"]} if row["Protocol"] in (Protocol.SQS, "lambda") else {}
    if attributes is NOT_TOLD:  # but whose it is
        return {"Owner": row.get("Owner"), **endpoint}
    return {
        **only(attributes, OF_A_SUBSCRIPTION),
        "FilterPolicy": None if policy in NO_FILTER else parse_document(policy),
        "RedrivePolicy": parse_document(attributes.get("RedrivePolicy")),
        **endpoint,
    }


def _waiting(live: Live, name: str) -> int:
    return sum(row["SubscriptionArn"] in PENDING for row in subscriptions(live, name))


def queue(live: Live, name: str) -> list[Reading]:
    """Policy, key and delivery."""

    @cache
    def attributes() -> Mapping[str, Any]:
        with absent_is_none(*NO_QUEUE):
            url = live.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
            answer = live.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            return dict(answer.get("Attributes", {}))
        return {}

    return [
        Reading("policy", Sense.STATEMENTS, lambda: statements(attributes().get("Policy"))),
        *_attributes(attributes),
    ]


def _attributes(read: Callable[[], Mapping[str, Any]]) -> list[Reading]:
    """Of a topic or a queue: what decides about deliveries, its key among them, and the rest, which does not."""
    return [
        Reading("key and delivery", Sense.WHOLE, lambda: only(read(), OF_DELIVERY) if read() else None),
        Reading("other attributes", Sense.NOTE, lambda: leave_out(read(), ELSEWHERE)),
    ]
