"""What carries an alert on after the workflow: functions and rules, subscribers, and queues of what was undeliverable.

Read-only: no message is taken out of a queue, and none is looked into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.changes.plans import same
from lib.checks import Check, Status
from lib.definitions import loader
from lib.errors import NotAsWanted
from lib.phases.watch.checkpoint import Reading, Span
from lib.phases.watch.drilled import errors_of_drills
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import names
from lib.resources.existing.subscriptions import FOREIGN, audience
from lib.resources.rules import NO_PATTERN, SENT, targets
from lib.routes import LOW_SENTIMENT_RULE
from lib.telemetry import metrics
from lib.telemetry.deliveries import counts, figures
from lib.telemetry.deliveries.dead_letters import DeadLetters
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.metrics import Query
from lib.values.check_registry import Id
from lib.values.exact_json import document
from lib.values.numbers import say_count, say_minute

LAMBDA, EVENTS = "AWS/Lambda", "AWS/Events"
# CloudWatch's names; each is an alert that is lost or late, so that the limit is 0.
BAD = ("Errors", "Throttles", "FailedInvocations")
INVOCATIONS = "Invocations"
PERIOD_SECONDS = 60
UNDELIVERED = (Metric.FAILED, Metric.TOPIC_DEAD, Metric.TOPIC_LOST)
NOTIFICATIONS = (Metric.PUBLISHED, Metric.DELIVERED, Metric.FILTERED, *UNDELIVERED)


def functions(run: ConnectedRun, span: Span) -> Reading:
    """Whether both functions are there and may run now, and what of them and of the rules failed in this time."""
    s = run.settings
    both = (s.processor_function_name, s.dispatcher_function_name)
    rules = [LOW_SENTIMENT_RULE, *(rule["name"] for rule in loader.rules())]
    counted = _counted(run.live, both, rules, span)
    dispatcher, unknown = _dispatcher(run.live)
    drilled = 0
    if counted.get((s.processor_function_name, "Errors")):
        drilled = errors_of_drills(run.live, span.counted_since, span.until)
    checks = [
        _function(s.processor_function_name, _stopped(run.live, s.processor_function_name), counted, span, drilled),
        _function(s.dispatcher_function_name, _stopped(run.live, s.dispatcher_function_name), counted, span),
        *(_rule(name, _off(run.live, name, dispatcher), unknown, counted, span) for name in rules),
    ]
    return Reading(checks, {f"{metric} of {name}": int(value) for (name, metric), value in counted.items()})


def _counted(live: Live, called: tuple[str, ...], rules: list[str], span: Span) -> dict[tuple[str, str], float]:
    """Sums by (name, metric); what has no datapoint is not there."""
    asked = [Query(f"{name} {metric}", LAMBDA, metric, "Sum", (("FunctionName", name),))
             for name in called for metric in (INVOCATIONS, "Errors", "Throttles")]  # fmt: skip
    asked += [Query(f"{name} FailedInvocations", EVENTS, "FailedInvocations", "Sum", (("RuleName", name),))
              for name in rules]  # fmt: skip
    points = metrics.series(live, asked, span.counted_since, span.until, PERIOD_SECONDS)
    sums: Mapping[str, float] = points.groupby("metric")["value"].sum().to_dict()
    return {(label.partition(" ")[0], label.partition(" ")[2]): value for label, value in sums.items()}


def _function(name: str, stopped: str, counted: Mapping[tuple[str, str], float], span: Span, drilled: int = 0) -> Check:
    """`drilled`: up to so many errors are known to be of drills, which make them on purpose."""
    seen = {metric: counted[name, metric] for metric in BAD if counted.get((name, metric))}
    own = [f"{say_count(seen.pop('Errors'))} Errors, each of a drill"] if 0 < seen.get("Errors", 0) <= drilled else []
    bad = [f"{say_count(value)} {metric}{_since(span)}" for metric, value in seen.items()]
    invoked = counted.get((name, INVOCATIONS))
    said = [
        stopped,
        *bad,
        *own,
        "no invocation has a datapoint" if invoked is None else f"{say_count(invoked)} invocations",
    ]
    status = Status.FAILED if stopped or bad else Status.CANNOT_TELL if invoked is None else Status.PASSED
    expected = "active, and no error or throttle"
    return Check(Id.WATCH_FUNCTION, f"watch: function {name}", status, "; ".join(filter(None, said)), expected, name)


def _stopped(live: Live, name: str) -> str:
    """Why a function cannot run now, "" where it can."""
    client = live.client("lambda")
    with readable(f"reading function {name}"), absent_is_none("ResourceNotFoundException"):
        state = str(client.get_function_configuration(FunctionName=name).get("State", "Active"))
        reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        if state not in ("Active", "Inactive"):  # an inactive one wakes up when it is called
            return f"it is {state}"
        return "it may not run: its concurrency is 0" if reserved == 0 else ""
    return "there is no such function"


def _rule(name: str, off: str, unknown: str, counted: Mapping[tuple[str, str], float], span: Span) -> Check:
    failed = counted.get((name, "FailedInvocations"), 0)  # AWS publishes this one only when it is not 0
    said = [off or unknown, f"{say_count(failed)} FailedInvocations{_since(span)}" if failed else ""]
    found = "; ".join(filter(None, said)) or "enabled, to the dispatcher; no failed invocation has a datapoint"
    status = Status.FAILED if off or failed else Status.CANNOT_TELL if unknown else Status.PASSED
    expected = "enabled, to the dispatcher, and every invocation carried on"
    return Check(Id.WATCH_RULE, f"watch: rule {name}", status, found, expected, name)


def _dispatcher(live: Live) -> tuple[str, str]:
    """The ARN by which rules call the dispatcher, and why nobody can tell it, "" where somebody can."""
    try:
        return names.function_arn(live, names.dispatcher(live)), ""
    except NotAsWanted as error:
        return "", str(error)


def _off(live: Live, name: str, dispatcher: str) -> str:
    """Why a rule carries nothing to the dispatcher now, "" where it does. Of a `dispatcher` "", any target will do."""
    with readable(f"reading rule {name}"), absent_is_none("ResourceNotFoundException"):
        rule = live.client("events").describe_rule(Name=name)
        if not (state := str(rule["State"])).startswith("ENABLED"):
            return f"it is {state}"
        called, behind = dispatcher.partition(":function:")[2], targets(live, name).values()
        if not behind:
            return "it has no target"
        mine = [target for target in behind if dispatcher in (str(target["Arn"]), "")]
        if not mine:
            return f"none of its {len(behind)} targets is {called}, the dispatcher"
        return _unlike(name, rule, mine)
    return "there is no such rule"


def _unlike(name: str, rule: Mapping[str, Any], behind: Sequence[Mapping[str, Any]]) -> str:
    """Why one of the plan's rules takes no alert of its own, or sends the dispatcher another text in its place.

    What the existing rule takes and sends is whoever's who made it.
    """
    pattern = next((one["pattern"] for one in loader.rules() if one["name"] == name), None)
    if pattern is None:
        return ""
    if not same(pattern, document(rule.get("EventPattern") or NO_PATTERN, f"the pattern of rule {name}")):
        return "it takes other events than the plan's rule"
    instead = {key for target in behind for key in (*SENT, "InputPath") if target.get(key)}
    return f"the dispatcher is not sent the event itself: {', '.join(sorted(instead))}" if instead else ""


def subscribers(run: ConnectedRun, span: Span) -> Reading:
    """Whether each topic tells as many as when this watch began: confirmed, and not behind a filter.

    A filter may let nothing through, so that whoever has one is not counted on.
    """
    s, checks, firsts = run.settings, list[Check](), dict[str, int]()
    for topic, needed in ((s.ops_topic_name, True), (s.alert_topic_name, False)):
        with readable(f"listing the subscribers of {topic}"):
            counted = audience(run.live, topic)
        first = next((one[topic] for one in span.earlier if topic in one), counted["confirmed"])
        said = ", ".join(f"{count} {word}" for word, count in counted.items())
        muted = counted["confirmed"] < first or (needed and not counted["confirmed"] and FOREIGN not in counted)
        # The dispatcher reaches a contact by SMS as well, so that a topic without subscribers is for a person to judge.
        quiet = Status.CANNOT_TELL if FOREIGN in counted else Status.WAITING
        status = Status.FAILED if muted else Status.PASSED if counted["confirmed"] else quiet
        as_then, one = f"{first} confirmed, as when the watch began", needed and FOREIGN not in counted
        expected = f"{as_then if first or not one else 'at least one confirmed'}, without a filter"
        checks.append(Check(Id.WATCH_SUBSCRIBERS, f"watch: subscribers of {topic}", status, said, expected, topic))
        firsts[topic] = first
    return Reading(checks, firsts)


def deliveries(run: ConnectedRun, span: Span) -> Reading:
    """What subscribers did not get of the topics' notifications, and what lies in the dead-letter queues now.

    Of each topic SNS counts drills and this watch's own messages as well.
    """
    s = run.settings
    seen = figures.of_window(run.live, span.counted_since, span.until, span.until)
    topics = [_topic(seen.totals, name, span) for name in (s.ops_topic_name, s.alert_topic_name)]
    lengths = {one.queue: one.count for one in seen.dead_letters if one.count is not None}
    return Reading([*topics, *map(_queue, seen.dead_letters)], lengths)


def _topic(summed: pd.DataFrame, name: str, span: Span) -> Check:
    values = {metric: counts.total(summed, Thing.TOPIC, metric, name=name) for metric in NOTIFICATIONS}
    counted = {metric: value for metric, value in values.items() if not isnan(value)}
    lost = any(counted.get(metric) for metric in UNDELIVERED)
    said = ", ".join(f"{say_count(value)} {metric}" for metric, value in counted.items())
    said = f"{said}{_since(span)}" if said else "no notification has a datapoint"
    # Of failures AWS publishes nothing until there is one: what tells that a topic delivers is a delivery.
    status = Status.FAILED if lost else Status.PASSED if counted.get(Metric.DELIVERED) else Status.CANNOT_TELL
    expected = "each notification is delivered"
    return Check(Id.WATCH_TOPIC, f"watch: notifications of {name}", status, said, expected, name)


def _since(span: Span) -> str:
    return f" since {say_minute(span.counted_since)} UTC"


def _queue(one: DeadLetters) -> Check:
    """Whether a dead-letter queue is there and empty: each message in it is something that reached nobody."""
    said = "there is no such queue, so nothing is kept" if one.count is None else f"{one.count} messages"
    status = Status.PASSED if one.count == 0 else Status.FAILED
    return Check(Id.WATCH_QUEUE, f"watch: queue {one.queue}", status, said, "0 messages", one.queue)
