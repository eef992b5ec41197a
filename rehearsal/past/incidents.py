"""What is planted in the past of a rehearsal, for whoever looks whether it is seen. Plain data, no AWS.

- Ten days before the end, from 22:00 UTC on, two hours in which nobody could check in.
- Five days before, from 22:00 on, three hours in which two of three check-ins fail.
- Three days before, from 00:00 until 09:00, a night in which people were far worse than in others.

None lies at the time of day and the days (7, 14, 21 before) with which a review is compared.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from rehearsal.past.rhythm import Span

FAILING = 2 / 3  # of the check-ins in the burst
WORSE = 2.0  # how much more strain in the night, where 1 is about what people differ by


@dataclass(frozen=True)
class Incidents:
    """Each as its begin and its end (UTC)."""

    silence: Span
    failures: Span
    low_night: Span


def plant(until: datetime) -> Incidents:
    """The incidents of a past that ends then."""
    return Incidents(
        _span(until, 10, 22, timedelta(hours=2)),
        _span(until, 5, 22, timedelta(hours=3)),
        _span(until, 3, 0, timedelta(hours=9)),
    )


def _span(until: datetime, days: int, hour: int, length: timedelta) -> Span:
    first = datetime.combine((until - timedelta(days=days)).date(), time(hour), UTC)
    return first, first + length


def lies_in(moment: datetime, span: Span) -> bool:
    """Whether it is not before the begin, and before the end."""
    return span[0] <= moment < span[1]
