"""Which alarms of the account go off by what a failure really did, as they stand there while the thing is broken.

What an execution entered, its history tells, and the account's own metric filter chooses of it. What a rule did with an
event follows from how it stands: whether it is enabled, which targets it has, and whether they are there. Read-only.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lib.definitions.alarm_lint import ENTERED, OURS
from rehearsal.account import alarm_evaluation
from rehearsal.account.alarm_evaluation import ALARM
from rehearsal.single_failures.catalogue import Failure
from rehearsal.single_failures.ground import Drill, Ground

EVENTS = "AWS/Events"
STATE = re.compile(r'\$\.details\.name = "([^"]+)"')
NOW = 1.0  # all of it within each alarm's last period
# (namespace, metric, the value of its one dimension) -> how often
Counts = dict[tuple[str, str, str], float]


def by_failure(ground: Ground, rules: Mapping[str, str]) -> Callable[[Failure, Drill], list[str]]:
    """What tells the names of the alarms that go off by a failure. `rules`: task that sends an event -> its rule."""

    def names(failure: Failure, drill: Drill) -> list[str]:
        counts = dict(_entered(ground, drill))
        if failure.task in rules:
            counts |= _carried(ground, rules[failure.task])
        return [
            alarm["AlarmName"]
            for alarm in _telling(ground)
            if _state(alarm, counts) == ALARM and _state(alarm, {}) != ALARM  # not for what is silent anyhow
        ]

    return names


def _telling(ground: Ground) -> list[dict[str, Any]]:
    """The account's alarms that tell a topic of the plan's; what else an action may be pages nobody."""
    topics = {ground.settings.ops_topic_arn, ground.settings.second_alarm_action} - {""}
    pages = ground.aws("cloudwatch").get_paginator("describe_alarms").paginate()
    every = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return [alarm for alarm in every if alarm["ActionsEnabled"] and topics & {*alarm.get("AlarmActions", ())}]


def _state(alarm: Mapping[str, Any], counts: Counts) -> str:
    def datapoint(
        namespace: str, metric: str, dimensions: Mapping[str, str], statistic: str, start: float, end: float
    ) -> float | None:
        (value,) = dimensions.values()
        return counts.get((namespace, metric, value)) if start < NOW <= end else None

    return alarm_evaluation.state(alarm, datapoint, NOW)


def _entered(ground: Ground, drill: Drill) -> Iterator[tuple[tuple[str, str, str], float]]:
    """The states of the execution that the account's metric filter counts, as the metric that it makes of them."""
    s = ground.settings
    (counting,) = ground.aws("logs").describe_metric_filters(logGroupName=s.log_group_name)["metricFilters"]
    (transformed,) = counting["metricTransformations"]
    assert transformed["metricName"].startswith(ENTERED) and transformed["metricNamespace"] == OURS
    entered = [event for event in drill.history if event["type"].endswith("StateEntered")]
    names = [event["stateEnteredEventDetails"]["name"] for event in entered]
    for state in STATE.findall(counting["filterPattern"]):
        if state in names:
            yield (OURS, transformed["metricName"], state), float(names.count(state))


def _carried(ground: Ground, rule: str) -> Counts:
    """What EventBridge counts of one event of this rule: a match, an invocation a target, and those that failed."""
    events = ground.aws("events")
    if events.describe_rule(Name=rule)["State"] != "ENABLED":
        return {}
    targets = [row["Arn"] for row in events.list_targets_by_rule(Rule=rule)["Targets"]]
    failed = sum(not _is_there(ground, arn) for arn in targets)
    counts = {"TriggeredRules": 1, "Invocations": len(targets), "FailedInvocations": failed}
    return {(EVENTS, name, rule): float(count) for name, count in counts.items() if count}


def _is_there(ground: Ground, arn: str) -> bool:
    functions = ground.aws("lambda")
    with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
        functions.get_function_configuration(FunctionName=arn)
        return True
    return False
