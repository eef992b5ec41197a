"""What a review read of alerts' way to people, made up: five hours of it, in the first of which all was counted."""

from datetime import timedelta

import pandas as pd
from sent_alerts import HOUR, alerts

from lib.phases.review.delivered import Deliveries
from lib.settings import load
from lib.telemetry.deliveries import counts, reconciliation, sources
from lib.telemetry.deliveries.reconciliation import Place, Stage
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.review_window import Cutover, Window

NOW = HOUR + timedelta(hours=5)
WINDOW = Window(HOUR, NOW, Cutover(HOUR, HOUR, HOUR), HOUR)
CARRIED = {
    (Thing.RULE, Metric.TRIGGERED): 3.0, (Thing.FUNCTION, Metric.INVOCATIONS): 3.0,
    (Thing.TOPIC, Metric.DELIVERED): 3.0,
}  # fmt: skip
FAILURES = pd.DataFrame(columns=["kind", "drill", "count", "executions"])


def counted(values):
    """Each value at the hour, of the first thing of its kind."""
    asked, rows = sources.of(load("local"), ()), []
    for (thing, metric), value in values.items():
        one = next(one for one in asked if (one.thing, one.metric) == (thing, str(metric)))
        rows.append((pd.Timestamp(HOUR), thing.value, one.name, str(metric), one.statistic, value))
    frame = pd.DataFrame(rows, columns=counts.COLUMNS)
    frame.attrs["sources"] = asked
    return frame


def deliveries(sent=None, seen=None, values=CARRIED, letters=(), alarms=(), gaps=""):
    sent = alerts(10, 20, 30) if sent is None else sent
    stage = Stage(Place.RULE, "R", sent, {HOUR: float(len(sent))} if seen is None else seen)
    frame, compared = counted(values), reconciliation.compare([stage], NOW)
    return Deliveries(WINDOW, sent, FAILURES, frame, counts.totals(frame), None, list(letters), list(alarms), compared,
                      {"T": "1 sqs"}, gaps)  # fmt: skip
