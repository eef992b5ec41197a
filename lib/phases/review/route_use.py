"""How busy each route was over time, beside what phase 03's backtest lets expect of as many check-ins. No AWS.

Check-ins have their rhythm, so a part of the time is held against the forecast's share of the check-ins that came in
it, and not against a number a day. The band is 95 % of what chance makes of that share, as surely as the backtest
knows it (the beta-binomial prediction from Jeffreys' prior). Without a forecast there is none, and none is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.phases.review.forecast import Forecast
from lib.routes import BY_LEVEL
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.libraries import scipy
from lib.telemetry.streams import log_columns

MOST_PARTS = 48  # of the time in a chart: each is wide enough to be seen beside the next
WIDTHS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440, 7 * 1440, 28 * 1440, 91 * 1440))
TAIL = 0.025
COLUMNS = ["route", "time", "count", "of", "expected", "low", "high"]


@dataclass(frozen=True)
class RouteUse:
    """`parts`: a row a route and part of the time: COLUMNS; `expected`, `low` and `high` are NaN without a forecast.

    `width` is how long a part is, but for the last, which ends at `end`. `forecast` says in words what was forecast, or
    that nothing was; `unseen` what of the log could not be looked at, "" where it was whole.
    """

    parts: pd.DataFrame
    width: timedelta
    end: pd.Timestamp
    forecast: str
    unseen: str = ""


def of_window(routes: pd.DataFrame, forecast: Forecast | None, window: tuple[datetime, datetime]) -> RouteUse:
    """Of real check-ins alone. `routes` is `workflow_log.routes` of the time after the change, `window` that time."""
    first, last = (pd.Timestamp(moment) for moment in window)
    width = _width(window[1] - window[0])
    begins = pd.date_range(first, max(last - timedelta(microseconds=1), first), freq=width)
    real = routes[~routes["drill"].astype(bool)]
    at = ((real["time"] - first) // width).clip(0, len(begins) - 1)
    counted = pd.crosstab(at, real["route"]) if len(real) else pd.DataFrame()
    rows = []
    for route in BY_LEVEL:
        for part, begun in enumerate(begins):
            of = int(counted.loc[part].sum()) if part in counted.index else 0
            count = int(counted.loc[part].get(str(route), 0)) if of else 0
            rows.append((str(route), begun, count, of, *_expected(forecast, str(route), of)))
    unseen = log_columns.unseen(routes)
    parts = pd.DataFrame(rows, columns=COLUMNS)
    parts.attrs["note"] = unseen
    return RouteUse(parts, width, last, _in_words(forecast), unseen)


def _width(length: timedelta) -> timedelta:
    """The shortest of WIDTHS that makes no more than MOST_PARTS; of more than that, as long as it takes."""
    return next((one for one in WIDTHS if length <= one * MOST_PARTS), length / MOST_PARTS)


def _expected(forecast: Forecast | None, route: str, of: int) -> tuple[float, float, float]:
    if forecast is None or not forecast.of:
        return (float("nan"),) * 3
    taken = forecast.counts.get(route, 0)
    chance = scipy.stats.betabinom(of, taken + 0.5, forecast.of - taken + 0.5)
    return forecast.share(route) * of, float(chance.ppf(TAIL)), float(chance.ppf(1 - TAIL))


def _in_words(forecast: Forecast | None) -> str:
    return f"{forecast.of:,} check-ins of the backtest" if forecast else "phase 03 made no forecast in this run"


def outside(parts: pd.DataFrame) -> Sequence[str]:
    """The routes that lie outside their band in a part of the time, with in how many: one in twenty does by chance."""
    off = parts[(parts["count"] < parts["low"]) | (parts["count"] > parts["high"])]
    return [f"{route} in {count:,}" for route, count in off["route"].value_counts(sort=False).items()]
