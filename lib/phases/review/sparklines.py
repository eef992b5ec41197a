"""The eight small charts of the change at a glance, as plain data: a question, its points, before, after, a verdict.

No AWS. Missing stays missing: a time without a point is a gap, and "before" may be unknown.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from math import ceil

import pandas as pd

from lib.checks import Status

NOTHING = "nothing is known"
BUCKETS = 60  # points of a small chart, some 2 in wide
A_SECOND = timedelta(seconds=1)


def _no_points() -> pd.DataFrame:
    """A frame of time and value without a row."""
    return pd.DataFrame({"time": pd.to_datetime([], utc=True), "value": pd.Series([], dtype=float)})


@dataclass(frozen=True)
class Sparkline:
    """One of them. `points`: time (UTC) and value. `worry`: what would be bad; `limit`: the line that says so.

    `period` is how long a time a point stands for; None where it is a moment, which no line joins to another. `beside`:
    points of the time that it is compared with, put at these times, and `beside_is` says which. `apart`: times of what
    has no value and is no gap either, such as an alert that nobody accepted, and `apart_is` says what. `doubt` says of
    what nothing is known.
    """

    question: str
    unit: str
    points: pd.DataFrame
    before: str
    after: str
    verdict: Status
    worry: str
    limit: float | None = None
    period: timedelta | None = None
    beside: pd.DataFrame = field(default_factory=_no_points)
    beside_is: str = ""
    apart: tuple[pd.Timestamp, ...] = ()
    apart_is: str = ""
    doubt: str = ""


def parts(first: pd.Timestamp, last: pd.Timestamp, change: pd.Timestamp) -> list[pd.Timestamp]:
    """Where the some BUCKETS parts of this time begin and end; none of them lies on both sides of the change."""
    whole, edges = max(last - first, A_SECOND), [first]
    for end in dict.fromkeys((min(max(change, first), last), last)):
        begin = edges[-1]
        length = end - begin
        count = ceil(min(BUCKETS * (length / whole), length / A_SECOND))
        edges += [begin + length * (at + 1) / count for at in range(count)]
    return edges if len(edges) > 1 else [first, first + A_SECOND]


def longest(edges: list[pd.Timestamp]) -> timedelta:
    """How long a time a point of these parts stands for."""
    return max(after - begin for begin, after in pairwise(edges))


def in_parts(times: pd.Series, edges: list[pd.Timestamp], values: pd.Series | None = None) -> pd.DataFrame:
    """How many lie in each part, or the mean of their values, at the part's middle: time, value.

    What lies outside of all is left out. A count of none is a zero, for a log that is whole; a mean of none is no row.
    """
    inside = (times >= edges[0]) & (times <= edges[-1])
    begins = pd.DatetimeIndex(edges[:-1])
    at = pd.Series(begins.searchsorted(times[inside], side="right") - 1, index=times.index[inside])
    middles = begins + (pd.DatetimeIndex(edges[1:]) - begins) / 2
    if values is None:
        counted = at.value_counts().reindex(range(len(begins)), fill_value=0).astype(float)
    else:
        counted = values[inside].astype(float).groupby(at).mean()
    return pd.DataFrame({"time": middles[counted.index], "value": counted.to_numpy(dtype=float)})


def at_middles(times: pd.Series, period: timedelta, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """Where a period's value stands: in the middle of what of it lies between these."""
    begins, ends = times.clip(first, last), (times + period).clip(first, last)
    return begins + (ends - begins) / 2
