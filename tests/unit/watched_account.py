"""An account under a watch, by simulated time: check-ins that come and end, and whatever somebody plants. No AWS.

It answers as far as the questions of a checkpoint ask, with AWS's own names and shapes, and tells of nothing that has
not happened yet by its clock.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore.session import get_session
from machines import says
from simulated import START, Time

from lib.aws import Live
from lib.aws_answers import answer
from lib.definitions import loader
from lib.resources import desired
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.routes import Route
from lib.settings import Settings
from lib.telemetry.execution_status import Count

MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)
FROM = START - timedelta(hours=2)
COUNTED = ("Invocations", "NumberOfMessagesPublished", "NumberOfNotificationsDelivered")  # where all is well
# Of twenty check-ins in a row; the share that the forecast of `forecast` knows.
USUAL = (*[Route.NONE] * 15, Route.STANDARD, Route.NONE, Route.PROACTIVE, Route.NONE, Route.CRISIS)
FORECAST = "from,to,alert,count,share\n" + "".join(
    f"none,{route},same,{count},0\n"
    for route, count in (("none", 850), ("standard", 50), ("proactive", 50), ("crisis", 50))
)


@dataclass(frozen=True)
class CheckIn:
    """One execution: when it began, how long it takes, how it ends, which route it takes."""

    name: str
    began: datetime
    seconds: float = 2.0
    status: str = "SUCCEEDED"
    route: Route = Route.NONE

    @property
    def ends(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)


@dataclass
class WatchedAccount:
    """What happens in it. `changed` makes another check-in of a usual one, or none; the rest is as it stands now."""

    time: Time
    settings: Settings
    per_minute: int = 2
    changed: Callable[[CheckIn], CheckIn | None] = lambda one: one
    alarms: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # of an alarm's state
    edited: dict[str, dict[str, Any]] = field(default_factory=dict)  # what somebody made of an alarm
    filters: list[dict[str, Any]] = field(default_factory=list)  # on the workflow's log
    history: list[tuple[datetime, str, str, str]] = field(default_factory=list)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    counted: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)
    rules_off: dict[str, str] = field(default_factory=dict)
    subscribers: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)
    published: list[dict[str, str]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    log_until: datetime | None = None  # from then on the workflow's log is written no more
    attempts: Mapping[datetime, Sequence[str]] = field(default_factory=dict)  # whose attempt at a task failed, and when
    made: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        s = self.settings
        live = SimpleNamespace(settings=s)
        alarms = desired.alarms(live)  # type: ignore[arg-type]
        self.wanted = {one.name: one.value for one in alarms}
        self.alarms = dict.fromkeys(self.wanted, "OK")
        counting = desired.metric_filter(live, alarms)  # type: ignore[arg-type]
        self.filters = [{"filterName": counting.resource.filter, **counting.value}]  # type: ignore[attr-defined]
        self.meta = SimpleNamespace(service_model=SimpleNamespace(operation_model=operation_model))
        self.functions = {s.processor_function_name: {}, s.dispatcher_function_name: {}}
        self.subscribers = {s.ops_topic_name: [{}, {}], s.alert_topic_name: [{}]}
        names = (s.ops_dead_letter_queue_name, s.events_dead_letter_queue_name, *DEAD_LETTER_QUEUES)
        self.queues = dict.fromkeys(names, 0)

    def check_ins(self) -> list[CheckIn]:
        """All that began by now, oldest first; counted up once a moment."""
        if self.made[:2] == (self.time.wall, self.changed):
            return self.made[2]
        gap, number, came, began = MINUTE / self.per_minute, 0, list[CheckIn](), FROM
        while began <= self.time.wall:
            usual = CheckIn(f"checkin-{number}", began, route=USUAL[number % len(USUAL)])
            if one := self.changed(usual):
                came.append(one)
            number, began = number + 1, began + gap
        self.made = (self.time.wall, self.changed, came)
        return came

    def clients(self) -> dict[str, Any]:
        """Every client is this account."""
        return dict.fromkeys(("stepfunctions", "logs", "cloudwatch", "lambda", "events", "sns", "sqs"), self)

    def get_paginator(self, operation: str) -> SimpleNamespace:
        def pages(**asked: Any) -> Iterator[Any]:
            self._allow(operation)
            yield answer(getattr(self, f"_{operation}")(**asked), operation)

        return SimpleNamespace(paginate=pages)

    def _allow(self, operation: str) -> None:
        if operation in self.denied:
            raise says("AccessDeniedException")

    def _list_executions(self, statusFilter: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's own names
        rows = [self._row(one) for one in reversed(self.check_ins())]
        return {"executions": [row for row in rows if statusFilter in ("", row["status"])]}

    def _row(self, one: CheckIn) -> dict[str, Any]:
        over = one.ends <= self.time.wall
        arn = f"{self.settings.state_machine_arn.replace('stateMachine', 'execution')}:{one.name}"
        row = {"executionArn": arn, "name": one.name, "status": one.status if over else "RUNNING"}
        return {**row, "startDate": one.began, **({"stopDate": one.ends} if over else {})}

    def _filter_log_events(self, startTime: int, endTime: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        events = [event for one in self.check_ins() for event in self._events(one)]
        events += [event for at, names in self.attempts.items() for event in self._failed_attempts(at, names)]
        last = min(endTime, self.log_until.timestamp() * 1000 - 1) if self.log_until else endTime
        within = [event for event in events if startTime <= event["timestamp"] <= last]
        return {"events": sorted(within, key=lambda event: event["timestamp"])}

    def _events(self, one: CheckIn) -> Iterator[dict[str, Any]]:
        arn, words = self._row(one)["executionArn"], one.status.replace("_", " ").title().replace(" ", "")
        told = [(one.began, "ExecutionStarted", ""), (one.began, "PassStateEntered", one.route.state)]
        for number, (at, kind, state) in enumerate([*told, (one.ends, f"Execution{words}", "")]):
            if at <= self.time.wall:
                stamp = round(at.timestamp() * 1000)
                event = {"id": number, "type": kind, "execution_arn": arn, "event_timestamp": stamp}
                yield {"timestamp": stamp, "message": json.dumps({**event, "details": {"name": state}})}

    def _failed_attempts(self, at: datetime, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        machine, stamp = (
            self.settings.state_machine_arn.replace("stateMachine", "execution"),
            round(at.timestamp() * 1000),
        )
        for name in names:
            event = {"id": 90, "type": "TaskFailed", "execution_arn": f"{machine}:{name}", "event_timestamp": stamp}
            yield {"timestamp": stamp, "message": json.dumps(event)}

    def _describe_log_groups(self, **_: Any) -> dict[str, Any]:
        return {"logGroups": [{"logGroupName": self.settings.log_group_name}]}

    def _get_metric_data(self, MetricDataQueries: list[Any], StartTime: datetime, EndTime: datetime) -> Any:  # noqa: N803
        results = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            names = [dimension["Value"] for dimension in metric["Dimensions"]]
            points = self._points(metric["MetricName"], names[0] if len(names) == 1 else "")
            # As CloudWatch: by the minute, and from the minute on in which what is asked for begins.
            first, minutes = _minute(StartTime), map(_minute, points)
            times = [at for at in minutes if first <= at < EndTime]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": [1.0] * len(times)})
        return {"MetricDataResults": results}

    def _points(self, metric: str, name: str) -> list[datetime]:
        """One a minute of check-ins a week ago and of what is usual, and what is planted."""
        minutes = round((self.time.wall - FROM) / MINUTE)
        if metric == Count.STARTED:
            return [FROM - WEEK + number * MINUTE for number in range(minutes)]
        usual = [FROM + number * MINUTE for number in range(minutes)] if metric in COUNTED else []
        return [*usual, *(at for at in self.counted.get((name, metric), ()) if at <= self.time.wall)]

    def _describe_metric_filters(self, **_: Any) -> dict[str, Any]:
        return {"metricFilters": self.filters}

    def _describe_alarms(self, **_: Any) -> dict[str, Any]:
        rows = [
            {
                "AlarmName": name,
                "StateValue": state,
                **self.wanted[name],
                **self.edited.get(name, {}),
                "StateUpdatedTimestamp": START,
                "StateReason": self.reasons.get(name, ""),
            }
            for name, state in self.alarms.items()
        ]
        return {"MetricAlarms": rows}

    def _describe_alarm_history(self, StartDate: datetime, EndDate: datetime, **_: Any) -> dict[str, Any]:  # noqa: N803
        items = [
            {"AlarmName": name, "Timestamp": at, "HistoryItemType": "StateUpdate",
             "HistoryData": json.dumps({"newState": {"stateValue": state, "stateReason": reason}})}
            for at, name, state, reason in self.history if StartDate <= at <= EndDate
        ]  # fmt: skip
        return {"AlarmHistoryItems": items}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        if FunctionName not in self.functions:
            raise says("ResourceNotFoundException")
        return self.functions[FunctionName]

    def get_function_concurrency(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        return self.functions[FunctionName]

    def describe_rule(self, Name: str) -> dict[str, Any]:  # noqa: N803
        off = self.rules_off.get(Name)
        pattern = next((rule["pattern"] for rule in loader.rules() if rule["name"] == Name), {})
        taken = {**pattern, "detail-type": ["Theirs"]} if off == "another pattern" else pattern
        state = "DISABLED" if off == "disabled" else "ENABLED"
        return answer({"State": state, "EventPattern": json.dumps(taken)}, "DescribeRule")

    def _list_targets_by_rule(self, Rule: str) -> dict[str, Any]:  # noqa: N803
        off, functions = self.rules_off.get(Rule, ""), self.settings.arn("lambda", "function:")
        called = {
            "no target": [],
            "another target": ["Theirs"],
            "an alias": ["Dispatcher:live"],
            "two aliases": ["Dispatcher:live", "Dispatcher:next"],
        }
        names = called.get(off, ["Dispatcher"])
        arns = [functions + one.replace("Dispatcher", self.settings.dispatcher_function_name) for one in names]
        sent = {"Input": "{}"} if off == "another text" else {}
        return {"Targets": [{"Id": str(at), "Arn": arn, **sent} for at, arn in enumerate(arns)]}

    def _list_subscriptions_by_topic(self, TopicArn: str) -> dict[str, Any]:  # noqa: N803
        topic = TopicArn.rpartition(":")[2]
        rows = [{"SubscriptionArn": f"{topic}/{at}", "Endpoint": "e", "Protocol": "email"}
                for at, _ in enumerate(self.subscribers[topic])]  # fmt: skip
        return {"Subscriptions": rows}

    def get_subscription_attributes(self, SubscriptionArn: str) -> dict[str, Any]:  # noqa: N803
        topic, _, at = SubscriptionArn.partition("/")
        return {"Attributes": self.subscribers[topic][int(at)]}

    def get_queue_url(self, QueueName: str) -> dict[str, Any]:  # noqa: N803
        if QueueName not in self.queues:
            raise says("QueueDoesNotExist")
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        return {
            "Attributes": {name: str(self.queues[QueueUrl] if at == 0 else 0) for at, name in enumerate(AttributeNames)}
        }

    def publish(self, **given: str) -> dict[str, Any]:
        self._allow("publish")
        self.published.append(given)
        return {"MessageId": f"m{len(self.published)}"}


@cache
def operation_model(operation: str) -> Any:
    """botocore's own model of a call of the services that are asked for one."""
    models = [get_session().get_service_model(service) for service in ("cloudwatch", "logs")]
    return next(one for one in models if operation in one.operation_names).operation_model(operation)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def live_of(account: WatchedAccount, connected: Callable[..., Live]) -> Live:
    """A connection to it."""
    return connected(account.settings, **account.clients())
