"""What was delivered in a window, in a few numbers: for whoever looks often, as a watch does. Read-only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import isnan

from lib.aws import Live
from lib.telemetry.deliveries import counts, dead_letters
from lib.telemetry.deliveries.dead_letters import DeadLetters
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.execution_status import Count
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.metrics import THROTTLED


@dataclass(frozen=True)
class DeliveryFigures:
    """What CloudWatch counted from `start` to `end` (UTC), of check-ins and drills together.

    None is "no datapoint": AWS publishes failures only once there are any, and everything minutes late. `lost` is what
    even a dead-letter queue did not take; `counted` is what all of it was made from (`counts.read`).
    """

    start: datetime
    end: datetime
    matched: float | None
    rule_failures: float | None
    function_errors: float | None
    function_throttles: float | None
    published: float | None
    delivered: float | None
    failed: float | None
    filtered: float | None
    lost: float | None
    timed_out: float | None
    aborted: float | None
    throttled: float | None
    dead_letters: tuple[DeadLetters, ...]
    counted: pd.DataFrame = field(repr=False, compare=False)


def of_window(live: Live, start: datetime, end: datetime, now: datetime) -> DeliveryFigures:
    """The figures of a window; the dead-letter queues are read as they are now."""
    counted = counts.read(live, start, end, now)
    return _figures((start, end), counted, tuple(dead_letters.read(live, counts.totals(counted))))


LOST = (
    (Thing.RULE, Metric.RULE_LOST), (Thing.FUNCTION, Metric.FUNCTION_LOST), (Thing.FUNCTION, Metric.FUNCTION_DROPPED),
    (Thing.TOPIC, Metric.TOPIC_LOST),
)  # fmt: skip


def _figures(
    window: tuple[datetime, datetime], counted: pd.DataFrame, letters: tuple[DeadLetters, ...]
) -> DeliveryFigures:
    summed = counts.totals(counted)

    def of(thing: Thing, metric: str) -> float | None:
        value = counts.total(summed, thing, metric)
        return None if isnan(value) else value

    gone = [value for one in LOST if (value := of(*one)) is not None]
    return DeliveryFigures(
        *window,
        matched=of(Thing.RULE, Metric.TRIGGERED),
        rule_failures=of(Thing.RULE, Metric.FAILED_INVOCATIONS),
        function_errors=of(Thing.FUNCTION, Metric.ERRORS),
        function_throttles=of(Thing.FUNCTION, Metric.THROTTLES),
        published=of(Thing.TOPIC, Metric.PUBLISHED),
        delivered=of(Thing.TOPIC, Metric.DELIVERED),
        failed=of(Thing.TOPIC, Metric.FAILED),
        filtered=of(Thing.TOPIC, Metric.FILTERED),
        lost=sum(gone) if gone else None,
        timed_out=of(Thing.WORKFLOW, Count.TIMED_OUT),
        aborted=of(Thing.WORKFLOW, Count.ABORTED),
        throttled=of(Thing.WORKFLOW, THROTTLED),
        dead_letters=letters,
        counted=counted,
    )
