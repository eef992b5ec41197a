"""The account under a watch, as a review reads it: the same planted incidents with what they do to logs and counts.

Four hours since a change at START, and the two hours before it to compare with. What an alert of the log comes by is
counted where it comes by: a rule that is off, or a dispatcher that is gone, counts nothing since the incident.
"""

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents import INCIDENT
from simulated import START
from watched_account import FROM, MINUTE, WEEK, CheckIn, WatchedAccount

from lib.definitions import loader
from lib.routes import ALERTING, Route
from lib.telemetry.deliveries.sources import Metric
from lib.telemetry.execution_status import Count, ExecutionStatus
from lib.telemetry.review_window import Cutover, Window
from lib.values.alerts import Told

END = START + timedelta(hours=4)
WINDOW = Window(
    FROM, END, Cutover(START, START, START), START, (FROM, START), "the two hours before, of a stand-in account"
)
# The states in which an alert of a route is given to EventBridge and to SNS.
SENDING = {
    Route.CRISIS: ("SendCrisisEvent", "TellOperations"), Route.HIGH: ("SendHighRiskEvent",),
    Route.STANDARD: ("SendStandardEvent",), Route.PROACTIVE: ("SendProactiveEvent",),
}  # fmt: skip
USUALLY = (Count.STARTED, Count.SUCCEEDED, Metric.TRIGGERED, Metric.INVOCATIONS, Metric.PUBLISHED, Metric.DELIVERED)


@dataclass
class ReviewedAccount(WatchedAccount):
    """It also tells of each alert in the log, and counts it at every place that it comes by.

    `unmatched`: when alerts were sent that no rule took up.
    """

    unmatched: Set[datetime] = frozenset()

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        return {"events": [{"type": "ExecutionFailed", "executionFailedEventDetails": {"error": "Broken"}}]}

    def _events(self, one: CheckIn) -> Iterator[dict[str, Any]]:
        """As AWS writes them; one that failed never came to its route."""
        usual = list(super()._events(one))
        if one.status == ExecutionStatus.FAILED:
            yield from (line for line in usual if "PassStateEntered" not in line["message"])
            return
        yield from usual
        for number, state in enumerate(SENDING.get(one.route, ())):
            for leaves, kind, at in ((0, "TaskStateEntered", one.began), (1, "TaskStateExited", self.sent(one))):
                if at <= self.time.wall:
                    stamp = round(at.timestamp() * 1000)
                    event = {
                        "id": str(100 + 2 * number + leaves),
                        "type": kind,
                        "event_timestamp": stamp,
                        "details": {"name": state},
                    }
                    said = {**event, "execution_arn": self._row(one)["executionArn"]}
                    yield {"timestamp": stamp, "message": json.dumps(said)}

    def sent(self, one: CheckIn) -> datetime:
        """Just before it ends."""
        return one.ends - timedelta(seconds=0.5)

    def _points(self, metric: str, name: str) -> list[datetime]:
        planted = [at for at in self.counted.get((name, metric), ()) if at <= self.time.wall]
        return sorted([*self._usual(metric, name), *planted])

    def _usual(self, metric: str, name: str) -> list[datetime]:
        if metric not in USUALLY:
            return []
        s, came = self.settings, [one for one in self.check_ins() if one.ends <= self.time.wall]
        if metric == Count.STARTED:
            return [FROM - WEEK + number * MINUTE for number in range(round((self.time.wall - FROM) / MINUTE))]
        if metric == Count.SUCCEEDED:
            return [one.ends for one in came if one.status == ExecutionStatus.SUCCEEDED]
        alerts = [one for one in came if one.route in ALERTING and one.status == ExecutionStatus.SUCCEEDED]
        rules = loader.rules_by_alert()
        carried = [one for one in alerts if self._on(rules[one.route.row.alert], self.sent(one))]  # type: ignore[index]
        reached = [one for one in carried if s.dispatcher_function_name in self.functions or self.sent(one) < INCIDENT]
        if metric == Metric.TRIGGERED:
            return [self.sent(one) for one in carried if rules[one.route.row.alert] == name]  # type: ignore[index]
        if metric == Metric.INVOCATIONS:
            return [self.sent(one) for one in (reached if name == s.dispatcher_function_name else came)]
        if metric in (Metric.PUBLISHED, Metric.DELIVERED) and name in self.subscribers:
            paged = [one for one in alerts if Told.OPERATIONS in one.route.row.told]
            messages = {s.alert_topic_name: reached, s.ops_topic_name: paged}[name]
            copies = len(self.subscribers[name]) if metric == Metric.DELIVERED else 1  # one for each subscriber
            return [self.sent(one) for one in messages for _ in range(copies)]
        return []

    def _on(self, rule: str, at: datetime) -> bool:
        return at not in self.unmatched and (rule not in self.rules_off or at < INCIDENT)

    def _list_subscriptions_by_topic(self, TopicArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's own names
        rows = super()._list_subscriptions_by_topic(TopicArn)["Subscriptions"]
        return {"Subscriptions": [{**row, "SubscriptionArn": f"arn:{row['SubscriptionArn']}"} for row in rows]}

    def get_subscription_attributes(self, SubscriptionArn: str) -> dict[str, Any]:  # noqa: N803
        return super().get_subscription_attributes(SubscriptionArn.removeprefix("arn:"))

    def get_topic_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {}}
