"""What the change costs a month, from what was counted since, with the prices named and dated; and what a review costs.

Nothing here is a bill: prices are those of `lib/definitions/prices.json`, without the free tier. What was not counted
has no price, and says so. Read-only.
"""

from math import isnan
from typing import Any

from lib.aws import Live
from lib.definitions import loader
from lib.phases.review.reading import Reading
from lib.record.records import CALLS
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing.known_executions import if_known
from lib.routes import Route
from lib.telemetry import executions
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.alert_log import Way
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.streams.log_columns import UNNAMED
from lib.values.numbers import say_count, say_number

MONTH = 365.25 / 12  # days
LEAST = 1.0  # days: of less, no month can be made, since a day has its rhythm and a minute of drills has none
UNCOUNTED, SHORT = "not counted", "too short to say a month"


def rows(run: ConnectedRun, read: Reading) -> list[dict[str, Any]]:
    """Each part: what was counted since the change, how much of it a month, what that costs; their sum last."""
    price, whole_day = loader.template("prices.json"), read.days >= LEAST
    scale, period = (MONTH / read.days, "a month") if whole_day else (1.0, f"in this time, {SHORT}")
    dispatched = counts.total(
        read.deliveries.after, Thing.FUNCTION, Metric.INVOCATIONS, name=run.settings.dispatcher_function_name
    )
    log_bytes = counts.total(read.deliveries.after, Thing.LOG, Metric.LOG_BYTES)
    published = counts.total(read.deliveries.after, Thing.TOPIC, Metric.PUBLISHED)
    alerts = read.deliveries.alerts
    by_event = ~alerts["way"].isin([Way.DIRECT.value, Way.TOPIC.value]) & ~alerts["route"].isin(loader.UNROUTED)
    events = float(by_event.sum())
    parts = [
        (
            "state transitions, counted on one execution of each route",
            _transitions(run, read),
            price["stateTransition"],
        ),
        ("events of alerts", events, price["customEvent"]),
        ("messages to topics", published, price["snsPublish"]),
        ("invocations of the dispatcher, without their time", dispatched, price["lambdaRequest"]),
        ("gigabytes of the workflow's log", log_bytes / 1e9, price["logIngestedGigabyte"]),
    ]
    table = [
        _row(what, count, scale, f"{count * each * scale:,.4f} {price['currency']} {period}")
        for what, count, each in parts
    ]
    known = [count * each * scale for _, count, each in parts if not isnan(count)]
    lacking = sum(isnan(count) for _, count, _ in parts)
    more = f"; {lacking} of the parts above were not counted" if lacking else ""
    whole = f"{say_number(sum(known))} {price['currency']} {period}{more}"
    table.append(_said(f"together, at prices of {price['region']} as of {price['asOf']}", "", "", whole))
    return [*table, *_of_the_review(run, read, price)]


def _row(what: str, count: float, scale: float, cost: str) -> dict[str, str]:
    if isnan(count):
        return _said(what, UNCOUNTED, UNCOUNTED, UNCOUNTED)
    return _said(what, say_count(count), say_number(count * scale) if scale != 1 else SHORT, cost)


def _said(what: str, counted: str, a_month: str, costs: str) -> dict[str, str]:
    return {"what": what, "counted, drills too": counted, "a month": a_month, "costs": costs}


def _transitions(run: ConnectedRun, read: Reading) -> float:
    """Of each route, as many as one execution of it made, times those that took it; nan where none can be looked at."""
    counted, routes = 0.0, read.routes_since
    for route in Route:
        mine = routes[routes["route"] == route]
        named = mine[mine["execution"] != UNNAMED]
        if len(mine):
            path = _path(run.live, str(named["execution"].iloc[-1])) if len(named) else None
            counted += len(mine) * (float("nan") if path is None else len(path))
    return counted if len(routes) else float("nan")


def _path(live: Live, arn: str) -> list[str] | None:
    return if_known(lambda: executions.path(live, arn))


def _of_the_review(run: ConnectedRun, read: Reading, price: dict[str, Any]) -> list[dict[str, Any]]:
    """What looking costs: metrics that a review asks for, once; and how many calls the run has made in all."""
    asked = len(read.deliveries.counted.attrs["sources"]) * (1 if read.deliveries.before is None else 2)
    calls = sum(int(row.get("calls", 1)) for row in run.record.rows(CALLS))
    each = f"{asked * price['metricRequested']:,.4f} {price['currency']} each time"
    return [
        _said("metrics that a review asks CloudWatch for", f"{asked:,}", "", each),
        _said("calls to AWS of this run so far, by its record", f"{calls:,}", "", "most are free"),
    ]
