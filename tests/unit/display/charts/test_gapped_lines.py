"""What a line of datapoints draws: gaps stay gaps, and no point vanishes for want of a neighbour."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lib.display.charts.gapped_lines import draw_line
from lib.display.charts.review_charts import execution_time
from lib.display.charts.thinning import MANY

FIRST = pd.Timestamp(datetime(2026, 3, 1, tzinfo=UTC))
MINUTE = timedelta(minutes=1)


def drawn(minutes, step=MINUTE):
    """The line as it is drawn: its values, and how many of them have a mark."""
    axes = Figure().add_subplot()
    rows = pd.Series(1.0, index=pd.DatetimeIndex([FIRST + at * MINUTE for at in minutes]))
    draw_line(axes, rows, step, "o", color="black")
    (line,) = axes.lines
    return line, len(line.get_markevery())


def test_a_line_goes_only_from_a_period_to_the_next():
    line, marked = drawn([0, 1, 2, 60, 61])
    assert ([*np.isnan(line.get_ydata())], marked) == ([False] * 3 + [True] + [False] * 2, 6)
    line, _ = drawn([0, 60])
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]


@pytest.mark.parametrize("isolated", [1, 4, MANY + 50])
def test_among_many_points_one_without_a_neighbour_has_a_mark(isolated):
    dense = range(MANY + 10)
    _, marked = drawn([*dense, *(len(dense) + 20 * (at + 1) for at in range(isolated))])
    assert marked == isolated


def test_what_is_of_a_moment_is_joined_to_nothing_and_all_of_it_is_marked():
    line, marked = drawn(range(MANY + 10), None)
    assert (line.get_linestyle(), marked) == ("None", MANY + 10)


def test_a_chart_of_isolated_datapoints_is_not_blank():
    """A check-in every 20 minutes, of which CloudWatch has periods of 5."""
    times = [FIRST + 20 * at * MINUTE for at in range(MANY + 50)]
    frame = pd.DataFrame({"time": times, "metric": "p50", "value": 2000.0})
    frame.attrs["period_seconds"] = 300
    figure = execution_time(frame, None, 30_000)
    (line,) = [one for one in figure.axes[0].lines if one.get_label() == "p50"]
    assert (line.get_marker(), len(line.get_markevery())) == ("o", len(times))
