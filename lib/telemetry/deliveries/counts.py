"""What CloudWatch counted of an alert's way to people, as a DataFrame, and its sums. Read-only.

Missing stays missing: AWS publishes many of these only once they happen, and a sum without a datapoint is NaN, not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import nan

from lib.aws import Live
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.telemetry import metrics
from lib.telemetry.deliveries import sources
from lib.telemetry.deliveries.sources import SUM, Source, Thing
from lib.telemetry.libraries import pandas as pd

COLUMNS = ["time", "thing", "name", "metric", "statistic", "value"]
FINE = timedelta(days=3)  # so long a time is read by the minute: some 80 metrics of 1,440 points a day are 4 calls
MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600


def read(live: Live, start: datetime, end: datetime, now: datetime) -> pd.DataFrame:
    """Every source's datapoints from `start` to `end`: COLUMNS, oldest first; time is the begin of a period (UTC).

    The period is the shortest of minutes that is still kept for data of that age and makes a table that can be read:
    `attrs["period_seconds"]`. `attrs["sources"]` are all that were asked for, also those without a datapoint.
    """
    asked = sources.of(live.settings, DEAD_LETTER_QUEUES)
    period = _period(start, end, now)
    points = metrics.series(live, [one.query for one in asked], start, end, period)
    by_label = {one.query.label: one for one in asked}
    rows = [(point.time, *_named(by_label[point.metric]), point.value) for point in points.itertuples(index=False)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    frame["value"] = frame["value"].astype(float)
    frame.attrs.update({"period_seconds": points.attrs["period_seconds"], "sources": asked})
    return frame


def _period(start: datetime, end: datetime, now: datetime) -> int:
    return metrics.kept_period(start, now, MINUTE if end - start <= FINE else FIVE_MINUTES)


def end_of_period(start: datetime, moment: datetime, now: datetime) -> datetime:
    """When the period ends in which this moment is counted, of what is read since `start`; `now` where that is sooner.

    CloudWatch's periods begin where a reading does, rounded down to what it keeps of that age. One that lies across the
    end of what is asked for is answered whole, with what came later.
    """
    rounded = metrics.kept_period(start, now, MINUTE)
    first = start - timedelta(seconds=start.timestamp() % rounded)
    length = timedelta(seconds=_period(start, moment, now))
    return min(first - (first - moment) // length * length, now)


def _named(one: Source) -> tuple[str, str, str, str]:
    return one.thing.value, one.name, str(one.metric), one.statistic


def totals(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a source: thing, name, metric, statistic, value; sums are added, of the others it is the highest.

    Without a datapoint the value is NaN.
    """
    keys = ["thing", "name", "metric", "statistic"]
    added = frame.groupby(keys, sort=False)["value"].agg(["sum", "max"])
    rows = []
    for one in frame.attrs["sources"]:
        key = _named(one)
        value = float(added.loc[key, "sum" if one.statistic == SUM else "max"]) if key in added.index else nan
        rows.append((*key, value))
    return pd.DataFrame(rows, columns=[*keys, "value"])


def total(summed: pd.DataFrame, thing: Thing, metric: str, statistic: str = SUM, name: str = "") -> float:
    """The value of one metric in `totals`, of one thing or of all of the kind; NaN where none has a datapoint."""
    mine = summed[(summed["thing"] == thing) & (summed["metric"] == metric) & (summed["statistic"] == statistic)]
    known = (mine[mine["name"] == name] if name else mine)["value"].dropna()
    if known.empty:
        return nan
    return float(known.sum() if statistic == SUM else known.max())


def by_hour(frame: pd.DataFrame, thing: Thing, metric: str) -> pd.DataFrame:
    """The sums of one metric: name, hour (its begin, UTC), value. An hour without a datapoint has no row."""
    mine = frame[(frame["thing"] == thing) & (frame["metric"] == metric) & (frame["statistic"] == SUM)]
    hours = mine.assign(hour=mine["time"].dt.floor("h"))
    return hours.groupby(["name", "hour"], as_index=False)["value"].sum()


def has_any(frame: pd.DataFrame, thing: Thing, metrics_of_it: Sequence[str]) -> bool:
    """Whether anything of this kind has a datapoint of one of these: the service does publish here."""
    return bool(((frame["thing"] == thing) & frame["metric"].isin([str(one) for one in metrics_of_it])).any())
