"""Counts what the embedded account really carried and delivered, as metrics of AWS/Events, AWS/SNS, AWS/Lambda. No AWS.

Ministack publishes none of the first two, and of functions only what was invoked through its API. Each is counted where
it happens, in ministack's own process: an event that a rule took, a function that ran, a message that a topic took, and
a notification that lies in a queue or that a pager answered. An e-mail, which ministack only logs, counts as nothing.
What alarms watch (failures, errors, a rule's invocations) stays as ministack has it: an alarm would tell operations in
the middle of drills, whenever a datapoint is put.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch, eventbridge, lambda_svc, sns

INVOKE, FAN_OUT, TO_QUEUE, BY_HTTP, FILTER = (
    "_invoke_target", "_fanout", "_deliver_to_sqs", "_http_post_sync", "_matches_filter_policy",
)  # fmt: skip
RAN, INVOKED = "_emit_lambda_logs", "_emit_lambda_metrics"
NOTIFICATION = "Notification"
NEWEST = 50  # messages of a queue among which the one that was just put there is looked for; others come in between
Call = Callable[..., Any]


def count_deliveries() -> None:
    """Raises AttributeError where a version of ministack has none of a name."""
    setattr(eventbridge, INVOKE, _with_rules(getattr(eventbridge, INVOKE)))
    setattr(lambda_svc, RAN, _with_functions(getattr(lambda_svc, RAN)))
    setattr(lambda_svc, INVOKED, _without_invocations(getattr(lambda_svc, INVOKED)))
    setattr(sns, FAN_OUT, _with_messages(getattr(sns, FAN_OUT)))
    setattr(sns, TO_QUEUE, _with_queues(getattr(sns, TO_QUEUE)))
    setattr(sns, BY_HTTP, _with_answers(getattr(sns, BY_HTTP)))
    setattr(sns, FILTER, _with_filters(getattr(sns, FILTER)))


def _with_rules(invoke: Call) -> Call:
    def inner(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], *more: Any) -> Any:  # noqa: ANN401
        name, bus = rule["Name"], rule.get("EventBusName", "default")
        # A rule takes an event once, however many targets it calls.
        if eventbridge._targets.get(eventbridge._rule_key(name, bus), [None])[0] is target:
            _count("AWS/Events", "TriggeredRules", {"RuleName": name})
        return invoke(target, event, rule, *more)

    return inner


def _with_functions(emit: Call) -> Call:
    """Each attempt writes its log once, whoever invoked the function."""

    def inner(function: Mapping[str, Any], request: str, text: str, error: bool, took: int, **more: Any) -> None:  # noqa: ANN401
        emit(function, request, text, error, took, **more)
        name = {"FunctionName": (function.get("config") or function).get("FunctionName", "unknown")}
        _count("AWS/Lambda", "Invocations", name)
        cloudwatch.record_metric("AWS/Lambda", "Duration", took, "Milliseconds", name)

    return inner


def _without_invocations(_emit: Call) -> Call:
    """What is invoked through the API would count twice; its errors and throttles stay."""

    def inner(function: str, duration_ms: float, error: bool, throttle: bool) -> None:
        for metric, happened in (("Errors", error), ("Throttles", throttle)):
            cloudwatch.record_metric("AWS/Lambda", metric, int(happened), "Count", {"FunctionName": function})

    return inner


def _with_messages(fan_out: Call) -> Call:
    def inner(topic_arn: str, *more: Any, **others: Any) -> Any:  # noqa: ANN401
        _of_topic("NumberOfMessagesPublished", topic_arn)
        return fan_out(topic_arn, *more, **others)

    return inner


def _with_queues(deliver: Call) -> Call:
    def inner(endpoint: str, envelope: str, raw: bool, message: str, **others: Any) -> Any:  # noqa: ANN401
        answer = deliver(endpoint, envelope, raw, message, **others)
        queue = sns._sqs._queue_by_arn(endpoint)
        body = message if raw else envelope
        there = queue and any(held["body"] is body for held in queue["messages"][-NEWEST:])
        if there:
            _of_topic("NumberOfNotificationsDelivered", others["topic_arn"])
        return answer

    return inner


def _with_answers(post: Call) -> Call:
    def inner(endpoint: str, payload: str, kind: str) -> int:
        if kind != NOTIFICATION:
            return int(post(endpoint, payload, kind))
        status = int(post(endpoint, payload, kind))  # raises where nobody answers, or not well
        _of_topic("NumberOfNotificationsDelivered", str(json.loads(payload)["TopicArn"]))
        return status

    return inner


def _with_filters(matches: Call) -> Call:
    def inner(subscription: Mapping[str, Any], *more: Any) -> bool:  # noqa: ANN401
        taken = bool(matches(subscription, *more))
        if not taken:
            _of_topic("NumberOfNotificationsFilteredOut", subscription["topic_arn"])
        return taken

    return inner


def _of_topic(metric: str, topic_arn: str) -> None:
    _count("AWS/SNS", metric, {"TopicName": topic_arn.rsplit(":", 1)[-1]})


def _count(namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    cloudwatch.record_metric(namespace, metric, 1, "Count", dimensions)
