"""A line of datapoints with its gaps: none is drawn across one, and a point without a neighbour is marked. No AWS.

A line stands only between two points of which one's period follows the other's. A point that no line goes to would be
nothing at all on the chart, so that it has its mark among however many others.
"""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from lib.display.charts.thinning import MANY


def draw_line(axes: Axes, rows: pd.Series, step: timedelta | None, marker: str, **look: Any) -> None:  # noqa: ANN401
    """Values by time, in order, each of a period of `step`; without one each is of a moment, and nothing joins them.

    Up to MANY points all are marked, and of more those without a neighbour.
    """
    gapped = _with_gaps(rows, step) if step else rows
    known = gapped.notna()
    alone = known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)
    marked = range(len(gapped)) if len(rows) <= MANY or step is None else np.flatnonzero(alone).tolist()
    line = look if step else {**look, "linestyle": "none"}
    axes.plot(gapped.index, gapped, marker=marker, markevery=[*marked], **line)


def _with_gaps(rows: pd.Series, step: timedelta) -> pd.Series:
    """The series with a NaN in every hole wider than one period."""
    holes = rows.index[:-1][(rows.index[1:] - rows.index[:-1]) > step * 1.5] + step
    return pd.concat([rows, pd.Series(float("nan"), index=holes)]).sort_index(kind="stable")
