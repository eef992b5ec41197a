"""How often executions succeeded, before and after a moment, with how sure one can be. Pure arithmetic, no AWS."""

from __future__ import annotations

from datetime import datetime
from math import nan, sqrt

from lib.errors import BadParameters
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.words import Count, When

ENDINGS = (Count.SUCCEEDED, Count.FAILED, Count.TIMED_OUT, Count.ABORTED)
Z_95 = 1.959963984540054


def wilson(successes: float, total: float) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion; (nan, nan) when nothing was counted.

    It stays sensible where the textbook interval does not: 12 of 12 gives 0.76 to 1, not "exactly 1".
    """
    if not 0 <= successes <= total:
        raise BadParameters(f"{successes:g} successes of {total:g}; expected between 0 and the total")
    if total == 0:
        return nan, nan
    share, squared = successes / total, Z_95**2
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    half = Z_95 * sqrt(share * (1 - share) / total + squared / (4 * total**2)) / (1 + squared / total)
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == total else middle + half
    return low, high


def success_rate(frame: pd.DataFrame, change_at: datetime | None = None) -> pd.DataFrame:
    """Finished executions before and after the change: when, succeeded, finished, rate, low, high (95 %, 0..1).

    `frame` is what `metrics.executions` returns. A datapoint covers its whole period, so one that began before the
    change and ended after it belongs to neither side and gets its own row. Nothing finished: rate is NaN, not 0 or 1.
    """
    ended = frame[frame["metric"].isin(ENDINGS)]
    side = _side(ended["time"], change_at, float(frame.attrs.get("period_seconds", 0)))
    rows = []
    for when in [When.ALL] if change_at is None else [When.BEFORE, When.ACROSS, When.AFTER]:
        here = ended[side == when]
        if when == When.ACROSS and here.empty:
            continue
        finished = float(here["value"].sum())
        succeeded = float(here.loc[here["metric"] == Count.SUCCEEDED, "value"].sum())
        rate = succeeded / finished if finished else nan
        rows.append((when.value, succeeded, finished, rate, *wilson(succeeded, finished)))
    return pd.DataFrame(rows, columns=["when", "succeeded", "finished", "rate", "low", "high"])


def _side(times: pd.Series, change_at: datetime | None, period_seconds: float) -> pd.Series:
    times = pd.to_datetime(times, utc=True)  # an empty frame may hold any type
    side = pd.Series(When.ALL.value, index=times.index, dtype=object)
    if change_at is not None:
        side[:] = When.ACROSS.value
        side[times + pd.Timedelta(seconds=period_seconds) <= pd.Timestamp(change_at)] = When.BEFORE.value
        side[times >= pd.Timestamp(change_at)] = When.AFTER.value
    return side
