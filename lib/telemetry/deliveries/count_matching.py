"""Which counts stand for which alerts: each for one, of an hour in which that one may be counted. Pure, no AWS."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush

TURN = timedelta(minutes=5)  # so near to the turn of an hour it may be counted in the other: metrics are minutes late
REACH = timedelta(hours=3)  # two that are further apart may be counted in no same hour: each has two of them at most


@dataclass(frozen=True)
class Alert:
    """What decides of one: when it was sent, and in which hours it may be counted."""

    sent: datetime
    first: datetime
    last: datetime
    execution: str = ""


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def around(sent: datetime, execution: str = "") -> Alert:
    """One that was sent at this moment, in the hours in which it may be counted."""
    return Alert(sent, hour_of(sent - TURN), hour_of(sent + TURN), execution)


def match(alerts: Sequence[Alert], counted: Mapping[datetime, float]) -> tuple[list[Alert], dict[datetime, int]]:
    """Those alerts for which no count is left, and how many counts of each hour are left over.

    Counts are given to those first that have the fewest hours left, which leaves as few as possible without one.
    """
    waiting, alone, left = list[tuple[datetime, datetime, int]](), list[Alert](), dict[datetime, int]()
    coming = sorted(alerts, key=lambda a: a.first)
    hours = sorted({*counted, *(one.first for one in alerts), *(one.last for one in alerts)})
    at = 0
    for hour in hours:
        while at < len(coming) and coming[at].first <= hour:
            heappush(waiting, (coming[at].last, coming[at].sent, at))
            at += 1
        there = round(counted.get(hour, 0))
        left[hour] = there - min(there, len(waiting))
        for _ in range(there - left[hour]):
            heappop(waiting)
        while waiting and waiting[0][0] <= hour:
            alone.append(coming[heappop(waiting)[2]])
    return alone, left


def nearest(lacking: Sequence[Alert], mine: Sequence[Alert], most: int) -> list[Alert]:
    """Of these alerts so many as lack a count, each of the same hours as something that has none."""
    rest, taken = sorted(mine, key=_sent), list[Alert]()
    for one in lacking:
        if len(taken) >= most:
            break
        around_it = range(
            bisect_left(rest, one.sent - REACH, key=_sent), bisect_right(rest, one.sent + REACH, key=_sent)
        )
        near = [at for at in around_it if rest[at].first <= one.last and one.first <= rest[at].last]
        if near:
            taken.append(rest.pop(min(near, key=lambda at: abs(rest[at].sent - one.sent))))
    return taken


def _sent(one: Alert) -> datetime:
    return one.sent
