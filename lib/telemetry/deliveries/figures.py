"""What was delivered in a window, and what lies in the dead-letter queues: read once, for a review and for a watch.

Read-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lib.aws import Live
from lib.telemetry.deliveries import counts, dead_letters
from lib.telemetry.deliveries.dead_letters import DeadLetters
from lib.telemetry.libraries import pandas as pd


@dataclass(frozen=True)
class DeliveryFigures:
    """What CloudWatch counted, of check-ins and drills together, and each dead-letter queue as it is now.

    `counted` is `counts.read`, `totals` its `counts.totals`: NaN is "no datapoint", and no 0.
    """

    counted: pd.DataFrame
    totals: pd.DataFrame
    dead_letters: tuple[DeadLetters, ...]


def of_window(live: Live, start: datetime, end: datetime, now: datetime) -> DeliveryFigures:
    """The figures from `start` to `end` (UTC); the dead-letter queues are read as they are now."""
    counted = counts.read(live, start, end, now)
    summed = counts.totals(counted)
    return DeliveryFigures(counted, summed, tuple(dead_letters.read(live, summed)))
