"""The alarms of an environment, and the metric filter that some of them watch: our templates, each filled. No AWS.

A file of `lib/definitions/alarms/` is of the workflow, or of each rule, topic, dead-letter queue, function or alert: of
those that the table of routes and the parameters name, so that a new route has its alarms by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib import routes
from lib.definitions import alarm_lint, loader
from lib.definitions.alarm_lint import ENTERED, LONGEST_NAME, OURS, Definition
from lib.definitions.templates import Value, fill
from lib.errors import BadParameters
from lib.settings import Settings

LONGEST_PATTERN = 1024
EXPRESSED = "expressed"  # the id of what math gives; none of a metric's


class Each(StrEnum):
    """What a file is filled for."""

    WORKFLOW = "workflow"
    RULE = "rule"
    TOPIC = "topic"
    QUEUE = "queue"
    FUNCTION = "function"
    ALERT = "alert"


@dataclass(frozen=True)
class Subject:
    """One thing that alarms watch. `key`: what an alarm of it is named by. `operations`: whether the operations topic
    itself may be what is broken, so that it can tell nobody."""

    key: str
    name: str
    values: dict[str, Value]
    operations: bool = False


@dataclass(frozen=True)
class AlarmTemplate:
    """An alarm that is wanted: its name, the file it is from, and its value."""

    name: str
    file: str
    definition: Definition
    value: dict[str, Any]


def of(settings: Settings, other_queues: Sequence[str]) -> list[AlarmTemplate]:
    """Every alarm of an environment, in the order of their files. `other_queues`: dead-letter queues that exist.

    Raises BadParameters for what CloudWatch would not take, or what could never go off, before anything is written.
    """
    subjects = _subjects(settings, other_queues)
    alarms = [
        _filled(settings, file, template, subject)
        for file, template in loader.alarms().items()
        for subject in subjects[_each(file, template)]
    ]
    names = [alarm.name for alarm in alarms]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadParameters(f"lib/definitions/alarms: {', '.join(twice)} is named twice; expected one alarm of a name")
    return alarms


def metric_filter(settings: Settings, alarms: Sequence[AlarmTemplate]) -> tuple[str, dict[str, Any]]:
    """The metric filter's name and value: it counts the states that these alarms ask for, as they are entered."""
    metric = _entered_metric(settings)
    watched = [one for alarm in alarms for one in alarm.definition.metrics if one.metric == metric]
    states = sorted({one.dimensions["State"] for one in watched})
    pattern = " || ".join(f'($.details.name = "{state}")' for state in states)
    pattern = f'{{ ($.type = "*StateEntered") && ({pattern}) }}'
    if len(pattern) > LONGEST_PATTERN:
        raise BadParameters(
            f"the metric filter of {len(states)} states has {len(pattern)} characters; CloudWatch takes "
            f"{LONGEST_PATTERN}: watch fewer states in lib/definitions/alarms/"
        )
    transformed = {"metricName": metric, "metricNamespace": OURS, "metricValue": "1"}
    value = {
        "filterPattern": pattern,
        "metricTransformations": [{**transformed, "dimensions": {"State": "$.details.name"}}],
    }
    return f"{settings.state_machine_name}-states-entered", value


def _entered_metric(settings: Settings) -> str:
    """The metric that counts states: by the workflow's name, since two workflows may share an account."""
    return f"{ENTERED}-{settings.state_machine_name}"


def _each(file: str, template: dict[str, Any]) -> Each:
    try:
        return Each(template["each"])
    except (KeyError, ValueError) as error:
        words = ", ".join(Each)
        raise BadParameters(
            f"lib/definitions/{file}: each {template.get('each')!r}; expected one of {words}"
        ) from error


def _subjects(s: Settings, other_queues: Sequence[str]) -> dict[Each, list[Subject]]:
    alerts, rules = loader.publishing_states(), loader.rules_by_alert()
    queues = [s.ops_dead_letter_queue_name, s.events_dead_letter_queue_name, *other_queues]
    functions = {"processor": s.processor_function_name, "dispatcher": s.dispatcher_function_name}
    topics = {"contact": s.alert_topic_name, "operations": s.ops_topic_name}
    return {
        Each.WORKFLOW: [Subject("", s.state_machine_name, {})],
        Each.RULE: [Subject(rule, rule, {}) for rule in rules.values()],
        Each.TOPIC: [Subject(key, name, {}, name == s.ops_topic_name) for key, name in topics.items()],
        Each.QUEUE: [Subject(name, name, {}, name == s.ops_dead_letter_queue_name) for name in dict.fromkeys(queues)],
        Each.FUNCTION: [Subject(key, name, {}) for key, name in functions.items()],
        Each.ALERT: [
            Subject(rules[alert], rules[alert], {"State": alerts[alert], "Alert": alert.detail_type})
            for alert in routes.ALERTS
        ],
    }


def _filled(settings: Settings, file: str, template: dict[str, Any], subject: Subject) -> AlarmTemplate:
    values: dict[str, Value] = {
        "Name": subject.name,
        "Key": subject.key,
        "StateMachineArn": settings.state_machine_arn,
        "StatesEntered": _entered_metric(settings),
        "NoCheckinHours": settings.no_checkin_hours,
        **subject.values,
    }
    definition = alarm_lint.parse(fill(template, values, name=f"lib/definitions/{file}"), file)
    name = f"{settings.state_machine_name}-{definition.suffix}"
    if len(name) > LONGEST_NAME:
        raise BadParameters(f"alarm {name} has {len(name)} characters; CloudWatch takes {LONGEST_NAME} of a name")
    topic = settings.second_alarm_action if subject.operations else settings.ops_topic_arn
    return AlarmTemplate(name, file, definition, _value(definition, [topic] if topic else []))


def _value(one: Definition, actions: Sequence[str]) -> dict[str, Any]:
    """As CloudWatch takes it, and describes it."""
    value = {
        "ActionsEnabled": True,
        "AlarmDescription": one.description,
        "ComparisonOperator": str(one.comparison),
        "DatapointsToAlarm": one.datapointsToAlarm,
        "EvaluationPeriods": one.evaluationPeriods,
        "Threshold": float(one.threshold),
        "TreatMissingData": str(one.missing),
        **({"AlarmActions": list(actions), "OKActions": list(actions)} if actions else {}),
    }
    if one.expression:
        rows = [_row(one, number) for number in range(len(one.metrics))]
        math = {"Id": EXPRESSED, "Expression": one.expression, "Label": one.suffix, "ReturnData": True}
        return {**value, "Metrics": [*rows, math]}
    (metric,) = one.metrics
    return {
        **value,
        "Dimensions": _dimensions(metric.dimensions),
        "MetricName": metric.metric,
        "Namespace": metric.namespace,
        "Period": one.period,
        "Statistic": metric.statistic,
    }


def _row(one: Definition, number: int) -> dict[str, Any]:
    metric = one.metrics[number]
    named = {
        "Namespace": metric.namespace,
        "MetricName": metric.metric,
        "Dimensions": _dimensions(metric.dimensions),
    }
    stat = {"Metric": named, "Period": one.period, "Stat": metric.statistic}
    return {"Id": metric.id, "MetricStat": stat, "ReturnData": False}


def _dimensions(by_name: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": by_name[name]} for name in sorted(by_name)]
