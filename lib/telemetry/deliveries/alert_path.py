"""The places that alerts must come by, with what CloudWatch counted at each: workflow, rule, dispatcher, topic. No AWS.

What a place has no datapoint of is none only where its service publishes at all in this window; else nobody can tell.
A topic to which nobody subscribes delivers nothing and loses nothing, whatever other topics deliver.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import datetime

from lib.definitions import loader
from lib.routes import ALERTING, Route
from lib.settings import Settings
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.alert_log import Way
from lib.telemetry.deliveries.reconciliation import Place, Stage
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.libraries import pandas as pd
from lib.values.alerts import Told

BY_EVENT = (Way.EVENT, Way.NOT_SHOWN)
Hours = dict[datetime, float]


def stages(
    settings: Settings, alerts: pd.DataFrame, counted: pd.DataFrame, unsubscribed: Container[str] = ()
) -> list[Stage]:
    """Every place of `alerts` (`alert_log.alerts`) with its counts by hour (`counts.read`).

    `unsubscribed`: the topics to which nobody subscribes.
    """
    sent = alerts[alerts["way"].isin([way.value for way in BY_EVENT])]
    return [
        *_rules(sent, counted),
        Stage(Place.DISPATCHER, settings.dispatcher_function_name, sent, _handled(settings, counted), own_only=False),
        *_topic(settings.alert_topic_name, Told.CONTACT, alerts, counted, unsubscribed),
        *_topic(settings.ops_topic_name, Told.OPERATIONS, alerts, counted, unsubscribed),
    ]


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
    name: str, audience: Told, alerts: pd.DataFrame, counted: pd.DataFrame, unsubscribed: Container[str]
) -> Iterator[Stage]:
    """A topic carries what others publish, and one notification for each subscriber: at least one for each alert."""
    mine = _of_routes(alerts, [route for route in ALERTING if audience in route.row.told])
    mine = mine[mine["way"] != Way.OPEN]
    for place, metric in ((Place.PUBLISHED, Metric.PUBLISHED), (Place.DELIVERED, Metric.DELIVERED)):
        hours = _hours(counted, Thing.TOPIC, metric, name)
        nobody = place is Place.DELIVERED and name in unsubscribed and not hours
        alive = counts.has_any(counted, Thing.TOPIC, [metric]) and not nobody
        yield Stage(place, name, mine, hours if alive else None, own_only=False)


def _of_routes(alerts: pd.DataFrame, routes: list[Route]) -> pd.DataFrame:
    return alerts[alerts["route"].isin([str(route) for route in routes])]


def _hours(counted: pd.DataFrame, thing: Thing, metric: Metric, name: str) -> Hours:
    hours = counts.by_hour(counted, thing, metric)
    mine = hours[hours["name"] == name]
    return {row.hour.to_pydatetime(): float(row.value) for row in mine.itertuples(index=False)}
