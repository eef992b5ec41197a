"""What the risk score says of people, as far as reviews tell, and whether it still says the same. Pure, no AWS."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from lib import routes
from lib.definitions.thresholds import scale
from lib.phases.tuning import recall_floor
from lib.values.alerts import Score
from lib.values.reviewed import GRAVE, Outcome

POINT = {Score.RISK: 1.0, Score.SENTIMENT: 0.05}
COLUMN = {Score.RISK: "risk_score", Score.SENTIMENT: "score"}
BANDS = 10  # of the risk score
EXACT = 1e-9  # what a difference of two doubles may be off by: -0.65 lies 0.05 from -0.6, and a little more as doubles


def near_thresholds(checkins: pd.DataFrame, thresholds: Mapping[str, float]) -> list[dict[str, Any]]:
    """One row a threshold: how many check-ins lie within a point of it, and whether it lies among them at all.

    Another score, another route; and of a threshold outside the data no check-in tells anything.
    """
    rows = []
    for one in routes.THRESHOLDS:
        value, point = thresholds[one.placeholder], POINT[one.score]
        away = checkins[COLUMN[one.score]] - value
        near = away.abs() <= point * (1 + EXACT)
        beyond = near & ((away > 0) if one.score is Score.RISK else (away < 0))
        rows.append({
            "threshold": one.placeholder,
            "scale": scale(one.placeholder),
            "now": f"{value:g}",
            "within": f"{point:g} on either side",
            "check-ins just beyond it": int(beyond.sum()),
            "check-ins just not": int((near & ~beyond).sum()),
            "of check-ins": len(checkins),
            "where it lies": _place(checkins[COLUMN[one.score]], value),
        })  # fmt: skip
    return rows


def _place(scored: pd.Series, value: float) -> str:
    """Whether a threshold lies among the scores; an end of theirs is among them."""
    low, high = scored.min(), scored.max()
    if not low <= high:
        return "there are no scores"
    if low <= value <= high:
        return "among the scores"
    return f"OUTSIDE: the scores lie from {low:g} to {high:g}"


def by_week(checkins: pd.DataFrame) -> list[dict[str, Any]]:
    """One row a week (from Monday, UTC): how risks lie. Where a score drifts, old reviews speak of another one."""
    monday = checkins["time"].dt.floor("D") - pd.to_timedelta(checkins["time"].dt.day_of_week, unit="D")
    rows = []
    for week, part in checkins.groupby(monday):
        risks = part["risk_score"].dropna()
        low, middle, high = np.percentile(risks, [10, 50, 90]) if len(risks) else (np.nan,) * 3
        rows.append({
            "week from": f"{week:%Y-%m-%d}",
            "check-ins": len(part),
            "risk of the lowest tenth": _spoken(low),
            "risk of the middle": _spoken(middle),
            "risk of the highest tenth": _spoken(high),
            "check-ins without a usable score": len(part) - len(risks),
            "check-ins reviewed": int((part["outcome"] != "").sum()),
            "crises of them": int((part["outcome"] == Outcome.CRISIS).sum()),
        })  # fmt: skip
    return rows


def _spoken(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.3g}"


def calibration(checkins: pd.DataFrame) -> pd.DataFrame:
    """For each tenth of the risk score that somebody reviewed: how many check-ins were of people in grave danger.

    Columns: risk (middle of the band), share (0 to 1, by weight), low, high (95 %, exact), reviews.
    """
    said = checkins[(checkins["outcome"] != "") & checkins["risk_score"].notna()]
    width = routes.HIGHEST_RISK / BANDS
    band = np.minimum(said["risk_score"] // width, BANDS - 1)
    rows = []
    for at, part in said.groupby(band):
        size = recall_floor.independent(part, part["weight"].max())
        share = float(part.loc[part["outcome"].isin(GRAVE), "weight"].sum() / part["weight"].sum())
        hits = share * size
        low = special.betaincinv(hits, size - hits + 1, 0.025) if share > 0 else 0.0
        high = special.betaincinv(hits + 1, size - hits, 0.975) if share < 1 else 1.0
        rows.append(((float(at) + 0.5) * width, share, float(low), float(high), len(part)))
    return pd.DataFrame(rows, columns=["risk", "share", "low", "high", "reviews"])
