"""Incidents as somebody would plant them in an account, for the watch and for the review that must call each out."""

from dataclasses import replace
from datetime import timedelta

from simulated import START

from lib.phases.review import delivery_checks, forecast, glance
from lib.phases.validity import AS_VALIDATED
from lib.routes import LOW_SENTIMENT_RULE, Route
from lib.settings import ROOT, load
from lib.telemetry import continuity, pace

INCIDENT = START + timedelta(minutes=20)
HEADING = "## What breaks, and what a watch and the review say"
S = load("local")


def after(change):
    """The same check-ins, but for those that begin once the incident has begun."""
    return lambda one: change(one) if one.began >= INCIDENT else one


def failure_burst(aws):
    aws.changed = after(lambda one: replace(one, status="FAILED"))


def dead_dispatcher(aws):
    del aws.functions[S.dispatcher_function_name]


def failing_dispatcher(aws):
    aws.counted[S.dispatcher_function_name, "Errors"] = [INCIDENT + timedelta(minutes=2)]


def disabled_rule(aws):
    aws.rules_off[LOW_SENTIMENT_RULE] = "disabled"


def slow_crisis_path(aws):
    aws.changed = after(lambda one: replace(one, seconds=100.0) if one.route is Route.CRISIS else one)


def silence(aws):
    aws.changed = after(lambda one: None)


def silent_log(aws):
    aws.log_until = INCIDENT


def muted_subscriber(aws):
    aws.subscribers[S.ops_topic_name][0] = {"FilterPolicy": '{"nobody": ["sends this"]}'}


def filling_queue(aws):
    aws.queues[S.events_dead_letter_queue_name] = 3


def failed_notification(aws):
    aws.counted[S.ops_topic_name, "NumberOfNotificationsFailed"] = [INCIDENT + timedelta(minutes=2)]


def busy_route(aws):
    # From the beginning of the interval on: of two thirds of one, chance alone brings as much now and then.
    since = START + timedelta(minutes=15)
    busier = lambda one: replace(one, route=Route.PROACTIVE) if one.name.endswith("7") else one  # noqa: E731
    aws.changed = lambda one: busier(one) if one.began >= since else one


def alarm_in_alarm(aws):
    aws.alarms[ALARM] = "ALARM"


def alarm_for_a_while(aws):
    at = INCIDENT + timedelta(minutes=2)
    aws.history.append((at, ALARM, "ALARM", "Threshold Crossed"))


def deaf_alarms(aws):
    aws.filters.clear()


ALARM = f"{S.state_machine_name}-unscored"
DISPATCHER = S.dispatcher_function_name
# As the table calls it: how it is planted, the watch's criterion that breaks, and the review's answer that says so.
INCIDENTS = {
    "a burst of failures": (failure_burst, "watch: check-ins that fail", continuity.RATE),
    "the dispatcher is gone, or may not run": (
        dead_dispatcher, f"watch: function {DISPATCHER}", delivery_checks.RECONCILED,
    ),
    "the dispatcher fails": (failing_dispatcher, f"watch: function {DISPATCHER}", glance.FUNCTIONS),
    "a rule is disabled, or has no target": (
        disabled_rule, f"watch: rule {LOW_SENTIMENT_RULE}", delivery_checks.RECONCILED,
    ),
    "the crisis path is slow": (slow_crisis_path, "watch: real crises alert in time", delivery_checks.IN_TIME),
    "silence": (silence, "watch: check-ins come", pace.STILL_COME),
    "the workflow's log falls silent, or tells of errors alone": (
        silent_log, "watch: the workflow's log", delivery_checks.RECONCILED,
    ),
    "a subscriber is muted": (muted_subscriber, f"watch: subscribers of {S.ops_topic_name}", AS_VALIDATED),
    "a notification fails, or goes into a queue": (
        failed_notification, f"watch: notifications of {S.ops_topic_name}", delivery_checks.UNDELIVERED,
    ),
    "a dead-letter queue fills": (
        filling_queue, f"watch: queue {S.events_dead_letter_queue_name}", delivery_checks.UNDELIVERED,
    ),
    "a route is twice as busy as forecast": (busy_route, "watch: routes as busy as forecast", forecast.NAME),
    "an alarm is gone or tells nobody, or the filter on the log by which some count is gone": (
        deaf_alarms, "watch: alarms can go off", AS_VALIDATED,
    ),
    "an alarm is in alarm": (alarm_in_alarm, f"watch: alarm {ALARM}", f"alarm {ALARM}"),
    "an alarm went off and is quiet again": (alarm_for_a_while, f"watch: alarm {ALARM}", f"alarm {ALARM}"),
}  # fmt: skip


def documented():
    """The rows of the table: what breaks, the watch's criterion, within what, alarms, the review's answer."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]
