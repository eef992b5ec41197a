"""What phase 03's backtest said of each route against what real check-ins did since: shares with intervals. No AWS.

The difference's interval is Newcombe's (Statist. Med. 17, 1998), out of the two Wilson intervals. Check-ins of one
person are not independent, so it is narrower than the truth. That a forecast did not hold is said of all routes, so
that it is 95 % sure of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot, isnan

from lib.checks import Check, Status
from lib.record.records import Record
from lib.routes import BY_LEVEL
from lib.telemetry.exact_tests import Z_95, joint_z, wilson
from lib.telemetry.libraries import pandas as pd
from lib.values.check_registry import Id
from lib.values.numbers import say_number

MOVES, TOTALS = "evidence/backtest.csv", "evidence/backtest.json"
NAME = "each route is used as the backtest said"
TOGETHER = joint_z(len(BY_LEVEL))
ALIKE = 0.02  # where no difference is shown: so near the true share must lie to that of the forecast for a pass


@dataclass(frozen=True)
class Forecast:
    """How many past check-ins the new definition would have sent on each route, of so many in so many days."""

    counts: dict[str, int]
    of: int
    days: float
    recorded: int

    def share(self, route: str) -> float:
        return self.counts.get(route, 0) / self.of if self.of else float("nan")

    def a_day(self, route: str) -> float:
        """So many a day, as many check-ins as were recorded in that time."""
        return self.share(route) * self.recorded / self.days if self.days else float("nan")


def route_counts(record: Record) -> dict[str, int]:
    """How many of the recorded check-ins the newest backtest would have sent each way; empty without one."""
    kept = record.kept_as(MOVES)
    if not kept:
        return {}
    moves = pd.read_csv(record.folder / kept[-1], keep_default_na=False)
    return {str(route): int(count) for route, count in moves.groupby("to")["count"].sum().items()}


def of_run(record: Record) -> Forecast | None:
    """The forecast of this run's own backtest, the newest; None where it made none, or could route nothing."""
    totals, counts = record.latest(TOTALS), route_counts(record)
    if not isinstance(totals, dict) or not counts or not totals.get("routed"):
        return None
    # A bucket that is younger than the backtest's days says nothing of those before its first check-in.
    start, end = (datetime.fromisoformat(str(said)) for said in (totals.get("first") or totals["start"], totals["end"]))
    return Forecast(counts, int(totals["routed"]), (end - start) / timedelta(days=1), int(totals["recorded"]))


def _observed(routes: pd.DataFrame) -> pd.Series:
    return routes.loc[~routes["drill"].astype(bool), "route"]


def difference(seen: int, of: int, forecast: int, of_forecast: int, z: float = Z_95) -> tuple[float, float]:
    """The interval of the share seen, less the share forecast, of 95 % by itself; nan where either is of none."""
    share, low, high = seen / of if of else float("nan"), *wilson(seen, of, z)
    said, least, most = forecast / of_forecast if of_forecast else float("nan"), *wilson(forecast, of_forecast, z)
    gap = share - said
    return gap - hypot(share - low, most - said), gap + hypot(high - share, said - least)


def rows(forecast: Forecast | None, routes: pd.DataFrame, days: float) -> list[dict[str, object]]:
    """Each route: forecast and seen, shares and a day, and whether they differ. Of drills, none."""
    seen = _observed(routes)
    table = []
    for route in BY_LEVEL:
        count = int((seen == route).sum())
        low, high = wilson(count, len(seen))
        interval = "no check-in" if isnan(low) else f"{count / len(seen):.2%} ({low:.2%} to {high:.2%})"
        table.append(
            {
                "what": f"route {route}",
                "status": _state(forecast, str(route), count, len(seen)),
                "check-ins": count,
                "share, 95 % sure": interval,
                "share forecast": "no forecast" if forecast is None else f"{forecast.share(route):.2%}",
                "a day": say_number(count / days) if days >= 1 else "less than a day",
                "a day, forecast": "no forecast" if forecast is None else say_number(forecast.a_day(route)),
            }
        )
    return table


def _state(forecast: Forecast | None, route: str, count: int, of: int) -> Status:
    """Of all routes together 95 % sure that it differs, or of each that it is alike: six by themselves differ often."""
    if forecast is None or not of:
        return Status.CANNOT_TELL
    taken = forecast.counts.get(route, 0)
    low, high = difference(count, of, taken, forecast.of, TOGETHER)
    if low > 0 or high < 0:  # however small: of a rare route, twice as many are a small difference
        return Status.WAITING
    low, high = difference(count, of, taken, forecast.of)
    return Status.PASSED if low > -ALIKE and high < ALIKE else Status.CANNOT_TELL


def check(forecast: Forecast | None, routes: pd.DataFrame, gaps: str = "") -> Check:
    """Whether the forecast held: shown to be alike, shown to differ (for people to look at), or not enough to tell."""
    seen, expected = _observed(routes), f"no difference, and shown to be less than {ALIKE:.0%} either way"
    if forecast is None or seen.empty:
        why = "this run made no forecast" if forecast is None else "no check-in took a route since the change"
        return Check(Id.AS_FORECAST, NAME, Status.CANNOT_TELL, "; ".join(filter(None, [why, gaps])), expected)
    states = {str(route): _state(forecast, str(route), int((seen == route).sum()), len(seen)) for route in BY_LEVEL}
    off = [_said(forecast, seen, route) for route, state in states.items() if state == Status.WAITING]
    unsure = [route for route, state in states.items() if state == Status.CANNOT_TELL]
    said = f"{len(seen):,} check-ins against {forecast.of:,} of the backtest"
    if off:
        return Check(Id.AS_FORECAST, NAME, Status.WAITING, f"{said}; not as forecast: {'; '.join(off)}", expected)
    doubts = [*([f"too few to tell of {', '.join(unsure)}"] if unsure else []), *([gaps] if gaps else [])]
    return Check(
        Id.AS_FORECAST, NAME, Status.CANNOT_TELL if doubts else Status.PASSED, "; ".join([said, *doubts]), expected
    )


def _said(forecast: Forecast, seen: Sequence[str] | pd.Series, route: str) -> str:
    return f"{route} {sum(one == route for one in seen) / len(seen):.2%} instead of {forecast.share(route):.2%}"
