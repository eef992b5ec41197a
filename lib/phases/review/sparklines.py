"""The eight small charts of the change at a glance, as plain data: a question, its points, before, after, a verdict.

No AWS. Missing stays missing: a time without a point is a gap, and "before" may be unknown.
"""

from dataclasses import dataclass, field

import pandas as pd

from lib.checks import Status

NOTHING = "nothing is known"
BUCKETS = 60  # points of a small chart, some 2 in wide


@dataclass(frozen=True)
class Sparkline:
    """One of them. `points`: time (UTC) and value. `worry`: what would be bad; `limit`: the line that says so.

    `beside`: points of a week before, put at the times with which they are compared.
    """

    question: str
    unit: str
    points: pd.DataFrame
    before: str
    after: str
    verdict: Status
    worry: str
    limit: float | None = None
    beside: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"time": [], "value": []}))


def in_buckets(
    times: pd.Series, first: pd.Timestamp, last: pd.Timestamp, values: pd.Series | None = None
) -> pd.DataFrame:
    """How many fell into each of BUCKETS equal parts from `first` to `last`, or the mean of their values: time, value.

    Counts have every part, since nothing that happened is left out; a mean has only those in which something did.
    """
    width = max((last - first) / BUCKETS, pd.Timedelta(seconds=1))
    parts = ((times - first) / width).astype(float).clip(0, BUCKETS - 1).astype(int)
    begins = [first + width * at for at in range(BUCKETS)]
    if values is None:
        counts = parts.value_counts()
        return pd.DataFrame({"time": begins, "value": [float(counts.get(at, 0)) for at in range(BUCKETS)]})
    means = values.astype(float).groupby(parts).mean()
    return pd.DataFrame({"time": [begins[at] for at in means.index], "value": means.to_numpy(dtype=float)})
