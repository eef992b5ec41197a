"""Which metrics tell of an alert's way to people, and of what things: the one table of them. No AWS.

SNS counts by topic and names no protocol; what goes straight to a phone it counts apart from every topic. Of a rule,
`TriggeredRules` counts an event once, and `Invocations` once for each target: more while a drill listens behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lib.definitions import loader
from lib.settings import Settings
from lib.telemetry.execution_status import Count
from lib.telemetry.metrics import STATES, THROTTLED, Query


class Thing(StrEnum):
    """What a metric is of."""

    RULE = "rule"
    FUNCTION = "function"
    TOPIC = "topic"
    PHONES = "phones"
    QUEUE = "queue"
    WORKFLOW = "workflow"
    LOG = "workflow log"


class Metric(StrEnum):
    """What code compares of them, by AWS's name."""

    TRIGGERED = "TriggeredRules"
    INVOCATIONS = "Invocations"
    FAILED_INVOCATIONS = "FailedInvocations"
    RULE_THROTTLED = "ThrottledRules"
    RULE_RETRIED = "RetryInvocationAttempts"
    RULE_DEAD = "InvocationsSentToDlq"
    RULE_LOST = "InvocationsFailedToBeSentToDlq"
    ERRORS = "Errors"
    THROTTLES = "Throttles"
    DURATION = "Duration"
    CONCURRENT = "ConcurrentExecutions"
    FUNCTION_LOST = "DeadLetterErrors"
    FUNCTION_DROPPED = "AsyncEventsDropped"
    PUBLISHED = "NumberOfMessagesPublished"
    DELIVERED = "NumberOfNotificationsDelivered"
    FAILED = "NumberOfNotificationsFailed"
    FILTERED = "NumberOfNotificationsFilteredOut"
    TOPIC_DEAD = "NumberOfNotificationsRedrivenToDlq"
    TOPIC_LOST = "NumberOfNotificationsFailedToRedriveToDlq"
    OLDEST = "ApproximateAgeOfOldestMessage"
    VISIBLE = "ApproximateNumberOfMessagesVisible"
    EXECUTION_TIME = "ExecutionTime"
    LOG_BYTES = "IncomingBytes"
    LOG_LINES = "IncomingLogEvents"


# Why a subscription's filter let a message go by; each beside the sum of them.
FILTERED_BY = tuple(
    f"{Metric.FILTERED}-{why}"
    for why in ("NoMessageAttributes", "InvalidAttributes", "MessageAttributes", "MessageBody", "InvalidMessageBody")
)
SUM, HIGHEST, MOST_OF_THEM = "Sum", "Maximum", "p95"
ON_PHONES = "PhoneNumberDirect"  # AWS's own word where an SMS goes to a number and to no topic
# Of each kind of thing: the namespace, the dimension that names it, and each metric with its statistics.
TABLE: dict[Thing, tuple[str, str, dict[str, tuple[str, ...]]]] = {
    Thing.RULE: ("AWS/Events", "RuleName", dict.fromkeys(
        (Metric.TRIGGERED, Metric.INVOCATIONS, Metric.FAILED_INVOCATIONS, Metric.RULE_THROTTLED, Metric.RULE_RETRIED,
         Metric.RULE_DEAD, Metric.RULE_LOST), (SUM,))),
    Thing.FUNCTION: ("AWS/Lambda", "FunctionName", {
        **dict.fromkeys((Metric.INVOCATIONS, Metric.ERRORS, Metric.THROTTLES, Metric.FUNCTION_LOST,
                         Metric.FUNCTION_DROPPED), (SUM,)),
        Metric.DURATION: (SUM, MOST_OF_THEM, HIGHEST), Metric.CONCURRENT: (HIGHEST,)}),
    Thing.TOPIC: ("AWS/SNS", "TopicName", dict.fromkeys(
        (Metric.PUBLISHED, Metric.DELIVERED, Metric.FAILED, Metric.FILTERED, *FILTERED_BY, Metric.TOPIC_DEAD,
         Metric.TOPIC_LOST), (SUM,))),
    Thing.PHONES: ("AWS/SNS", "PhoneNumber", dict.fromkeys((Metric.DELIVERED, Metric.FAILED), (SUM,))),
    Thing.QUEUE: ("AWS/SQS", "QueueName", dict.fromkeys((Metric.OLDEST, Metric.VISIBLE), (HIGHEST,))),
    Thing.WORKFLOW: (STATES, "StateMachineArn", {
        **dict.fromkeys((*(count.value for count in Count), THROTTLED), (SUM,)),
        Metric.EXECUTION_TIME: (MOST_OF_THEM,)}),
    Thing.LOG: ("AWS/Logs", "LogGroupName", dict.fromkeys((Metric.LOG_BYTES, Metric.LOG_LINES), (SUM,))),
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One metric of one thing with one statistic; `name` is as people say it, `query` what CloudWatch is asked."""

    thing: Thing
    name: str
    metric: str
    statistic: str
    query: Query

    def __deepcopy__(self, _memo: object) -> Source:
        """Itself, which nothing can change: pandas copies a frame's `attrs` at each step, and that took most of it."""
        return self


def of(settings: Settings, other_queues: Sequence[str]) -> list[Source]:
    """Every source of an environment. `other_queues`: dead-letter queues that are there besides the plan's own."""
    return [
        Source(thing, name, metric, statistic, _query(thing, known_as, metric, statistic))
        for thing, names in _things(settings, other_queues).items()
        for name, known_as in names.items()
        for metric, statistics in TABLE[thing][2].items()
        for statistic in statistics
    ]


def _query(thing: Thing, known_as: str, metric: str, statistic: str) -> Query:
    namespace, dimension, _ = TABLE[thing]
    label = " ".join((thing, known_as, metric, statistic))
    return Query(label, namespace, str(metric), statistic, ((dimension, known_as),))


def _things(s: Settings, other_queues: Sequence[str]) -> dict[Thing, dict[str, str]]:
    """The things of each kind: the name that people know, and the one by which CloudWatch does."""

    def alike(*names: str) -> dict[str, str]:
        return {name: name for name in names}

    return {
        Thing.RULE: alike(*loader.rules_by_alert().values()),
        Thing.FUNCTION: alike(s.processor_function_name, s.dispatcher_function_name),
        Thing.TOPIC: alike(s.alert_topic_name, s.ops_topic_name),
        Thing.PHONES: {"SMS straight to phones": ON_PHONES},
        Thing.QUEUE: alike(s.ops_dead_letter_queue_name, s.events_dead_letter_queue_name, *other_queues),
        Thing.WORKFLOW: {s.state_machine_name: s.state_machine_arn},
        Thing.LOG: alike(s.log_group_name),
    }
