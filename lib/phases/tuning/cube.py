"""Recorded check-ins as a cube of counts, in which every threshold of a grid is exact. Pure pandas, no AWS.

A bin ends at a threshold's own double: a score is compared with it as the workflow compares, and is never rounded. What
no rule can use has bins of its own. The size of the cube hangs on the grid and on the days, not on the check-ins.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import comb, nan
from typing import Any

import numpy as np
import pandas as pd

from lib import routes
from lib.asl.answer_fields import UNKNOWN_CELL
from lib.telemetry.checkin_frames import CELL, CONTRACT, number_in, value_in
from lib.values.alerts import Score

AXES = ["day", "risk", "sentiment", "declining", "outcome"]


@dataclass(frozen=True)
class Grid:
    """Every value that a threshold may take, ascending: of risk (0 to below 100), and of sentiment (within -1 to 1)."""

    risks: tuple[float, ...]
    sentiments: tuple[float, ...]

    @property
    def combinations(self) -> int:
        """How many settings there are of the five thresholds, those of risk each above the next."""
        return comb(len(self.risks), len(routes.RISKS)) * len(self.sentiments)


def grid_around(thresholds: Mapping[str, float]) -> Grid:
    """Whole risks, sentiments in hundredths, and the values of now; `thresholds`: placeholder -> value.

    A hundredth is the double nearest to its decimal text, as a parameters file says it.
    """
    risks, sentiments = (
        {float(value) for value in range(100)},
        {float(f"{value / 100:.2f}") for value in range(-99, 100)},
    )
    for threshold in routes.THRESHOLDS:
        own = risks if threshold.score is Score.RISK else sentiments
        own.add(float(thresholds[threshold.placeholder]))
    return Grid(
        tuple(sorted(value for value in risks if 0 <= value < routes.HIGHEST_RISK)),
        tuple(sorted(value for value in sentiments if -1 < value < 1)),
    )


@dataclass(frozen=True)
class Cube:
    """How many check-ins lie in each bin that holds any.

    `cells`: risk and sentiment (the number of a bin), declining, day (UTC), outcome ("" where nobody reviewed it),
    count (check-ins), weight (check-ins that the reviewed ones stand for). A risk in bin `n` lies above the first `n`
    of the grid, a sentiment in bin `n` at or above the first `n`; one bin more holds what no rule can use.
    """

    grid: Grid
    cells: pd.DataFrame

    @property
    def checkins(self) -> int:
        """How many lie in it."""
        return int(self.cells["count"].sum())


def which_known(checkins: pd.DataFrame) -> pd.Series:
    """Of which check-ins it is known what they held of each field: the others are in no bin, and counted apart."""
    return (checkins[[CELL + field for field in CONTRACT]] != UNKNOWN_CELL).all(axis=1)


def fill(checkins: pd.DataFrame, grid: Grid) -> Cube:
    """The cube of known check-ins as `checkins.history` gives them, with the columns that `reviews.join` adds."""
    scored, score, trajectory = (checkins[CELL + field] for field in CONTRACT)
    bins = pd.DataFrame({
        "risk": _each(scored, partial(_risk_bin, grid)),
        "sentiment": _each(score, partial(_sentiment_bin, grid)),
        "declining": _each(trajectory, lambda cell: value_in(cell) == routes.DECLINING),
        "day": checkins["time"].dt.floor("D"),
        "outcome": checkins["outcome"],
        "weight": checkins["weight"],
    })  # fmt: skip
    counted = bins.groupby(AXES, as_index=False, observed=True).agg(count=("weight", "size"), weight=("weight", "sum"))
    return Cube(grid, counted)


def _each(column: pd.Series, said: Callable[[str], Any]) -> pd.Series:
    """What a function says of every cell, asked once of each text that differs."""
    marks, texts = pd.factorize(column)
    return pd.Series(np.array([said(text) for text in texts])[marks] if len(texts) else [], index=column.index)


def _number(cell: str) -> float:
    """The number in a cell; nan of what is none to the workflow, such as null, a text or a truth value."""
    number = number_in(cell)
    return nan if number is None else number


def _risk_bin(grid: Grid, cell: str) -> int:
    """How many of the grid's risks it lies above; one bin more for what lies outside 0 to 100, or is no number."""
    risk = _number(cell)
    return bisect_left(grid.risks, risk) if 0 <= risk <= routes.HIGHEST_RISK else len(grid.risks) + 1


def _sentiment_bin(grid: Grid, cell: str) -> int:
    """How many of the grid's sentiments it is not below; one bin more for what is above 1, or is no number.

    One below -1 is below every threshold, and so raises the standard alert like any in the first bin.
    """
    sentiment = _number(cell)
    return bisect_right(grid.sentiments, sentiment) if sentiment <= 1 else len(grid.sentiments) + 1
