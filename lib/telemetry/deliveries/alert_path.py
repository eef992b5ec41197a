"""The places that alerts must come by, with what CloudWatch counted at each: workflow, rule, dispatcher, topic. No AWS.

What a place has no datapoint of is none only where its service publishes at all in this window; else nobody can tell.
A topic to which nobody subscribes delivers nothing and loses nothing, whatever other topics deliver.

What else is counted at a place would stand for an alert that was lost. So what is known of it takes its own counts: the
messages of alarms, events that a rule took and the workflow did not send, and each subscriber's copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lib.definitions import loader
from lib.routes import ALERTING, Route, Unrouted
from lib.settings import Settings
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.alert_log import Way
from lib.telemetry.deliveries.count_matching import Alert, around
from lib.telemetry.deliveries.reconciliation import HOUR, Others, Place, Stage, surplus
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.libraries import pandas as pd
from lib.values.alerts import Told

BY_EVENT = (Way.EVENT, Way.NOT_SHOWN)
Hours = dict[datetime, float]


@dataclass(frozen=True)
class Beside:
    """What is known of the topics beside the workflow's alerts, by the name of each.

    `subscribers`: how many are confirmed now; of a topic that is not there, nobody knows. `messages`: when alarms told
    it, which is known since `since` alone (None: all of the time).
    """

    subscribers: Mapping[str, int] = field(default_factory=dict)
    messages: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    since: datetime | None = None


def stages(
    settings: Settings, alerts: pd.DataFrame, counted: pd.DataFrame, beside: Beside, begin: datetime | None = None
) -> list[Stage]:
    """Every place of `alerts` (`alert_log.alerts`) with its counts by hour (`counts.read`).

    The period that lies across `begin` holds counts of before it: no more of it are taken than were sent in it since.
    """
    routed = alerts[~alerts["route"].isin(loader.UNROUTED)]
    sent = routed[routed["way"].isin([way.value for way in BY_EVENT])]
    across = counted[counted["time"] < pd.Timestamp(begin)] if begin else counted.head(0)
    ended = across["time"].max() + pd.Timedelta(seconds=counted.attrs.get("period_seconds", 0))
    rules = [_since(ended, *both) for both in zip(_rules(sent, counted), _rules(sent, across), strict=True)]
    foreign = tuple(_foreign(rules))

    def behind(frame: pd.DataFrame) -> Iterator[Stage]:
        name, handled = settings.dispatcher_function_name, _handled(settings, frame)
        yield Stage(Place.DISPATCHER, name, sent, handled, own_only=False, others=Others(foreign))
        yield from _topic(settings.alert_topic_name, Told.CONTACT, alerts, frame, beside, foreign)
        yield from _topic(settings.ops_topic_name, Told.OPERATIONS, alerts, frame, beside)

    return [*rules, *(_since(ended, *both) for both in zip(behind(counted), behind(across), strict=True))]


def _since(ended: pd.Timestamp, stage: Stage, across: Stage) -> Stage:
    """A place without what of its first period, until `ended`, was surely counted before; `across` holds that alone."""
    if stage.counted is None or not across.counted:
        return stage
    known = int((stage.alerts["sent"] < ended).sum()) + sum(one.sent < ended for one in stage.others.messages)
    ((hour, count),) = across.counted.items()
    over = max(0.0, count - known * stage.others.copies)
    return replace(stage, counted={**stage.counted, hour: stage.counted[hour] - over})


def _foreign(rules: Sequence[Stage]) -> Iterator[Alert]:
    """Events that a rule took and that the workflow did not send; carried on in their hour or the next."""
    for hour, count in sum((Counter(surplus(rule)) for rule in rules), Counter[datetime]()).items():
        yield from [Alert(hour + HOUR / 2, hour, hour + HOUR)] * count


def _rules(sent: pd.DataFrame, counted: pd.DataFrame) -> Iterator[Stage]:
    alive = counts.has_any(counted, Thing.RULE, [Metric.TRIGGERED])
    for alert, rule in loader.rules_by_alert().items():
        mine = _of_routes(sent, [route for route in ALERTING if route.row.alert == alert])
        yield Stage(Place.RULE, rule, mine, _hours(counted, Thing.RULE, Metric.TRIGGERED, rule) if alive else None)


def _handled(settings: Settings, counted: pd.DataFrame) -> Hours | None:
    """Invocations of the dispatcher that ended well: Lambda counts each attempt, and tries one that failed again."""
    name = settings.dispatcher_function_name
    if not counts.has_any(counted, Thing.FUNCTION, [Metric.INVOCATIONS]):
        return None
    errors = _hours(counted, Thing.FUNCTION, Metric.ERRORS, name)
    tried = _hours(counted, Thing.FUNCTION, Metric.INVOCATIONS, name)
    return {hour: value - errors.get(hour, 0.0) for hour, value in tried.items()}


def _topic(
    name: str,
    audience: Told,
    alerts: pd.DataFrame,
    counted: pd.DataFrame,
    beside: Beside,
    foreign: Sequence[Alert] = (),
) -> Iterator[Stage]:
    """A topic carries what others publish, and one notification for each subscriber: at least one for each alert.

    That an alarm published its message its history says, so that what has no count then is an alert. Of what came by a
    rule, and of a copy that is missing, nobody can tell whose it was.
    """
    routes: list[Route | Unrouted] = [route for route in ALERTING if audience in route.row.told]
    mine = _of_routes(alerts, routes + (list(loader.UNROUTED) if audience is Told.OPERATIONS else []))
    mine = mine[mine["way"] != Way.OPEN]
    messages = (*foreign, *(around(at) for at in beside.messages.get(name, ())))
    copies, since = max(1, beside.subscribers.get(name, 1)), beside.since if audience is Told.OPERATIONS else None
    published = Others(messages, surely=not foreign, said=True, known_since=since)
    let_go = _hours(counted, Thing.TOPIC, Metric.FILTERED, name)
    delivered = Others(messages, copies=copies, filtered=let_go, known_since=since)
    for place, metric, others in (
        (Place.PUBLISHED, Metric.PUBLISHED, published),
        (Place.DELIVERED, Metric.DELIVERED, delivered),
    ):
        hours = _hours(counted, Thing.TOPIC, metric, name)
        nobody = place is Place.DELIVERED and beside.subscribers.get(name) == 0 and not hours
        alive = counts.has_any(counted, Thing.TOPIC, [metric]) and not nobody
        yield Stage(place, name, mine, hours if alive else None, own_only=False, others=others)


def _of_routes(alerts: pd.DataFrame, routes: Sequence[Route | Unrouted]) -> pd.DataFrame:
    return alerts[alerts["route"].isin([str(route) for route in routes])]


def _hours(counted: pd.DataFrame, thing: Thing, metric: Metric, name: str) -> Hours:
    hours = counts.by_hour(counted, thing, metric)
    mine = hours[hours["name"] == name]
    return {row.hour.to_pydatetime(): float(row.value) for row in mine.itertuples(index=False)}
