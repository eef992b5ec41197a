"""How sure a number of reviewed crises makes of the share that raises the crisis alert. Pure, no AWS.

One-sided exact limits (Clopper and Pearson), at 95 %. Where reviewed check-ins stand for unequally many, a crisis that
nobody saw may be among those that stand for most: so crises count in units of the largest weight of any review, also of
one that found none. Those of one person are not independent: they count as no more than so many people of equal weight.
With equal weights, and a crisis a person, that is their number.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from lib.values.numbers import say_count
from lib.values.reviewed import Outcome

ERROR = 0.05
USUAL = (0.95, 0.99, 0.999)


def lower_limit(caught: Any, of: float, effective: float) -> np.ndarray:  # noqa: ANN401 - what numpy takes
    """The share that is proven, 95 % sure: `caught` of `of` check-ins, known by `effective` reviews. 0 of none."""
    shares = np.clip(np.asarray(caught, dtype=float) / of, 0, 1) if of else np.zeros(np.shape(caught))
    hits = shares * effective
    with np.errstate(invalid="ignore"):
        limits = special.betaincinv(hits, effective - hits + 1, ERROR)
    return np.where(hits > 0, limits, 0.0)


def upper_limit(share: float, effective: float) -> float:
    """At most this share, 95 % sure, where so many reviews found `share`: none found is not none there.

    1 of no reviews, and where each found it.
    """
    others = (1 - share) * effective
    return float(special.betaincinv(share * effective + 1, others, 1 - ERROR)) if others > 0 else 1.0


def reviews_needed(floor: float, missed: int = 0) -> int:
    """The fewest reviewed crises that prove a share of `floor` where so many of them are missed."""
    low, high = missed, missed + 1
    while lower_limit(high - missed, high, high) < floor:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = lower_limit(middle - missed, middle, middle) >= floor
        low, high = (low, middle) if enough else (middle, high)
    return high


def effective_size(weights: pd.Series) -> float:
    """How many of equal weight would say as much of a share among themselves (Kish)."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def crises(checkins: pd.DataFrame) -> pd.Series:
    """The weight of each reviewed crisis."""
    return checkins.loc[checkins["outcome"] == Outcome.CRISIS, "weight"]


def proofs(checkins: pd.DataFrame) -> float:
    """As how many reviews of equal weight the reviewed crises count, for what is said of all crises.

    Twenty reviews of 2,000 check-ins that found no crisis leave some 300 possible: sixty crises found where every
    check-in was reviewed prove little beside them. And forty crises of one person prove what one does: a score that
    misses somebody misses them each time.
    """
    reviewed = checkins[checkins["outcome"] != ""]
    mine = reviewed[reviewed["outcome"] == Outcome.CRISIS]
    if mine.empty:
        return 0.0
    return independent(mine, reviewed["weight"].max())


def independent(reviewed: pd.DataFrame, largest: float) -> float:
    """As how many reviews of equal weight, of different people, these count, in units of the `largest` weight."""
    people = effective_size(reviewed.groupby("userId")["weight"].sum())
    return min(float(reviewed["weight"].sum() / largest), people)


def table(checkins: pd.DataFrame, floor: float) -> list[dict[str, Any]]:
    """What each floor needs, beside what there is; `checkins` with outcomes, `floor` that of the parameters."""
    there = proofs(checkins)
    said = say_count(round(there, 2))
    return [
        {
            "the crisis alert reaches at least": f"{share} of crises",
            "": "crisis_recall_floor" if share == floor else "",
            "reviewed crises needed, none missed": reviews_needed(share),
            "crises needed, one missed": reviews_needed(share, 1),
            "reviewed crises there are, of different people and in units of the largest weight": said,
            "enough": "yes" if there >= reviews_needed(share) else "NO",
        }
        for share in sorted({*USUAL, floor})
    ]
